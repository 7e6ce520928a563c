"""What pods get: by the environment or by a sidecar, once, and nothing that is not asked for."""

import copy
from typing import Any

import pytest

from gateway.webhook.mutation import MOST_CONTAINERS
from gateway.webhook.settings import Mode
from tests.fakes.pods import SHAPES, container, pod
from tests.fakes.webhook_world import ANNOTATED, FOLDER, GATEWAY, ROLE, env, mounts, mutated, result, volumes

SIDECAR = ANNOTATED | {"eks.amazonaws.com/inject": "sidecar"}
AUTHORIZATION = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"


def test_a_pod_gets_the_environment_and_a_token_of_its_own() -> None:
    made = result(pod())

    assert env(made) == {
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": f"{FOLDER}/token",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_ENDPOINT_URL_STS": GATEWAY,
    }
    assert mounts(made) == {"aws-iam-token": FOLDER}
    assert made["spec"]["containers"][0]["volumeMounts"][0]["readOnly"] is True
    (source,) = volumes(made)["aws-iam-token"]["projected"]["sources"]
    assert source["serviceAccountToken"] == {
        "audience": "sts.amazonaws.com",
        "expirationSeconds": 86_400,
        "path": "token",
    }


def test_a_pod_gets_a_native_sidecar_before_all_others() -> None:
    made = result(SHAPES["with init containers"], SIDECAR)

    first, *rest = made["spec"]["initContainers"]
    assert [one["name"] for one in rest] == ["migrate", "wait"]
    assert (first["name"], first["restartPolicy"]) == ("sts-gateway-sidecar", "Always")
    assert first["image"] == "registry.example.com/sts-gateway:1"
    assert first["args"] == [
        "sidecar",
        f"--gateway={GATEWAY}",
        f"--role-arn={ROLE}",
        f"--token-file={FOLDER}/token",
        "--port=9911",
        "--probe-port=9912",
    ]
    assert env(made, first["name"], "initContainers") == {
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{AUTHORIZATION}/eks-pod-identity-token"
    }
    for kind, name in (("containers", "app"), ("initContainers", "migrate"), ("initContainers", "wait")):
        given = env(made, name, kind)
        assert given["AWS_CONTAINER_CREDENTIALS_FULL_URI"] == "http://127.0.0.1:9911/v1/credentials"
        assert given["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] == f"{AUTHORIZATION}/eks-pod-identity-token"
        assert given["AWS_ENDPOINT_URL_STS"] == GATEWAY
        assert "AWS_ROLE_ARN" not in given
        assert mounts(made, name, kind) == {"eks-pod-identity-token": AUTHORIZATION}


def test_only_the_sidecar_has_the_token_that_opens_the_role() -> None:
    made = result(pod(), SIDECAR)

    assert "aws-iam-token" not in mounts(made)
    assert mounts(made, "sts-gateway-sidecar", "initContainers") == {
        "aws-iam-token": FOLDER,
        "eks-pod-identity-token": AUTHORIZATION,
    }
    audiences = {
        name: volume["projected"]["sources"][0]["serviceAccountToken"]["audience"]
        for name, volume in volumes(made).items()
    }
    assert audiences == {"aws-iam-token": "sts.amazonaws.com", "eks-pod-identity-token": "sts-gateway-sidecar"}


def test_the_sidecar_takes_no_privilege_whatever_the_pod_has() -> None:
    made = result(pod(securityContext={"runAsUser": 0}), SIDECAR)

    assert made["spec"]["initContainers"][0]["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def test_on_openshift_the_sidecar_is_whom_the_namespace_says_and_takes_no_privilege_either() -> None:
    made = result(pod(), SIDECAR, sidecar_user=None)

    assert made["spec"]["initContainers"][0]["securityContext"] == {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_patch_is_applied_once_and_takes_nothing_away(shape: dict[str, Any], mode: Mode) -> None:
    before = copy.deepcopy(shape)

    made = result(shape, mode=mode)
    again = mutated(made, mode=mode)

    assert shape == before
    assert list(again.operations) == []
    assert again.warnings == mutated(shape, mode=mode).warnings
    assert {operation["op"] for operation in mutated(shape, mode=mode).operations} == {"add"}
    assert_holds(made, shape)


def assert_holds(made: Any, given: Any) -> None:
    """All of `given` is in `made`, lists in their order."""
    if isinstance(given, dict):
        for key, value in given.items():
            assert_holds(made[key], value)
    elif isinstance(given, list) and given:
        at = [next(i for i, one in enumerate(made) if is_like(one, wanted)) for wanted in given]
        assert at == sorted(at)
        for index, wanted in zip(at, given, strict=True):
            assert_holds(made[index], wanted)
    elif given not in (None, []):
        assert made == given


def is_like(one: Any, wanted: Any) -> bool:
    return one.get("name") == wanted.get("name") if isinstance(wanted, dict) and "name" in wanted else one == wanted


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_pod_of_an_account_that_asks_for_nothing_is_never_touched(shape: dict[str, Any], mode: Mode) -> None:
    made = mutated(shape, {"eks.amazonaws.com/audience": "x", "example.com/role-arn": ROLE}, mode=mode)

    assert (made.operations, made.warnings, made.wished) == ((), (), False)


def test_the_prefix_of_annotations_is_a_setting() -> None:
    assert mutated(pod(), {"sts.example.com/role-arn": ROLE}, annotation_prefix="sts.example.com").operations
    assert not mutated(pod(), ANNOTATED, annotation_prefix="sts.example.com").operations


def test_a_container_that_is_skipped_stays_as_it_is() -> None:
    shape = SHAPES["that skips a container"]

    made = result(shape)

    assert made["spec"]["containers"][1] == shape["spec"]["containers"][1]
    assert "AWS_ROLE_ARN" in env(made, "app")


@pytest.mark.parametrize("mode", Mode)
def test_a_pod_that_skips_all_of_its_containers_gets_no_volume(mode: Mode) -> None:
    shape = pod(metadata={"annotations": {"eks.amazonaws.com/skip-containers": "app"}})

    made = mutated(shape, mode=mode)

    assert (made.operations, made.warnings) == ((), [])


HALF = {
    Mode.ENVIRONMENT: ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"),
    Mode.SIDECAR: ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
}


@pytest.mark.parametrize(
    ("mode", "present", "absent"), [(mode, *pair) for mode, it in HALF.items() for pair in (it, it[::-1])]
)
def test_half_an_environment_is_left_alone_and_told(mode: Mode, present: str, absent: str) -> None:
    made = mutated(pod(container("app", env={present: "x"})), mode=mode)

    assert made.operations == ()
    assert made.warnings == [f"container app sets {present} without {absent} and is left alone: set both or neither"]


@pytest.mark.parametrize("mode", Mode)
def test_a_whole_environment_of_its_own_is_left_alone_and_told(mode: Mode) -> None:
    which, proof = HALF[mode]
    own = container("app", env={which: "x", proof: {"configMapKeyRef": {"name": "c", "key": "k"}}})

    made = mutated(pod(own, container("other")), mode=mode)

    assert env(result(pod(own, container("other")), mode=mode)) == {which: "x", proof: ""}
    assert made.warnings == [f"container app has its own {which} and {proof}, and is left alone"]


def test_a_container_may_choose_another_role_for_the_pods_token() -> None:
    other = "arn:aws:iam::111122223333:role/Other"
    own = container("app", env={"AWS_ROLE_ARN": other, "AWS_WEB_IDENTITY_TOKEN_FILE": f"{FOLDER}/token"})

    made = result(pod(own))

    assert env(made)["AWS_ROLE_ARN"] == other
    assert env(made)["AWS_ENDPOINT_URL_STS"] == GATEWAY
    assert mounts(made) == {"aws-iam-token": FOLDER}


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_of_the_containers_own_is_the_only_one(name: str) -> None:
    made = env(result(pod(container("app", env={name: "eu-west-1"}))))

    assert {key: value for key, value in made.items() if key.endswith("REGION")} == {name: "eu-west-1"}


def test_regional_endpoints_can_be_switched_off() -> None:
    made = env(result(pod(), ANNOTATED | {"eks.amazonaws.com/sts-regional-endpoints": "false"}))

    assert "AWS_STS_REGIONAL_ENDPOINTS" not in made


@pytest.mark.parametrize(
    ("mode", "name", "value", "told"),
    [
        (Mode.ENVIRONMENT, "AWS_ACCESS_KEY_ID", "AKIA", "which SDKs use before"),
        (Mode.SIDECAR, "AWS_ACCESS_KEY_ID", "AKIA", "which SDKs use before"),
        (Mode.SIDECAR, "AWS_WEB_IDENTITY_TOKEN_FILE", "/t", "which SDKs use before"),
        (Mode.SIDECAR, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x", "which SDKs use before"),
        (
            Mode.ENVIRONMENT,
            "AWS_ENDPOINT_URL_STS",
            "https://sts.amazonaws.com",
            "another address, which gets its tokens",
        ),
        (Mode.ENVIRONMENT, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true", "sends its tokens to AWS"),
    ],
)
def test_what_would_win_over_the_gateway_is_told(mode: Mode, name: str, value: str, told: str) -> None:
    made = mutated(pod(container("app", env={name: value})), mode=mode)

    (warning,) = made.warnings
    assert warning.startswith(f"container app sets {name}")
    assert told in warning
    assert made.operations


@pytest.mark.parametrize(
    ("mode", "name"), [(Mode.ENVIRONMENT, "aws-iam-token"), (Mode.SIDECAR, "eks-pod-identity-token")]
)
def test_a_volume_of_another_kind_by_our_name_is_told_and_not_used(mode: Mode, name: str) -> None:
    made = mutated(pod(volumes=[{"name": name, "emptyDir": {}}]), mode=mode)

    assert made.operations == ()
    assert made.warnings == [
        f"the pod has another volume named {name} and is left alone: give that volume another name"
    ]


def test_a_mount_of_something_else_at_our_path_is_told_and_the_container_left_alone() -> None:
    taken = container("app", volumeMounts=[{"name": "own", "mountPath": f"{FOLDER}/"}])

    made = mutated(pod(taken, volumes=[{"name": "own", "emptyDir": {}}]))

    assert made.operations == ()
    assert made.warnings == [f"container app mounts another volume at {FOLDER} and is left alone"]


def test_a_container_by_the_sidecars_name_is_told_and_the_pod_left_alone() -> None:
    made = mutated(pod(container("sts-gateway-sidecar"), container("app")), SIDECAR)

    assert made.operations == ()
    assert "container named sts-gateway-sidecar" in made.warnings[0]


@pytest.mark.parametrize(
    ("shape", "changed", "why"),
    [
        (SHAPES["in the host's network"], {}, "it is in the host's network"),
        (SHAPES["of Windows"], {}, "it runs on Windows"),
        (pod(), {"sidecar_image": None}, "the webhook has no sidecar_image"),
    ],
    ids=["host network", "Windows", "no image"],
)
def test_where_no_sidecar_can_be_the_environment_stands_in_and_that_is_told(
    shape: dict[str, Any], changed: dict[str, Any], why: str
) -> None:
    made = mutated(shape, SIDECAR, **changed)

    assert made.warnings == [f"the pod gets no sidecar, since {why}: it gets the environment"]
    assert "AWS_ROLE_ARN" in env(result(shape, SIDECAR, **changed))


@pytest.mark.parametrize("by", [{"os": {"name": "windows"}}, {"nodeSelector": {"kubernetes.io/os": "windows"}}])
def test_windows_finds_the_token_by_its_own_path(by: dict[str, Any]) -> None:
    made = result(pod(**by))

    assert env(made)["AWS_WEB_IDENTITY_TOKEN_FILE"] == (r"C:\var\run\secrets\eks.amazonaws.com\serviceaccount\token")
    assert mounts(made) == {"aws-iam-token": FOLDER}


def test_a_container_that_another_webhook_adds_later_is_wired_too() -> None:
    made = result(pod(), SIDECAR)
    made["spec"]["containers"].append(container("late"))

    again = result(made, SIDECAR)

    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in env(again, "late")
    assert [one["name"] for one in again["spec"]["initContainers"]] == ["sts-gateway-sidecar"]
    assert len(again["spec"]["volumes"]) == 2


def test_each_field_has_an_operation_of_its_own() -> None:
    shape = pod(container("app", env={"A": "1"}), volumes=[{"name": "data", "emptyDir": {}}])

    paths = [operation["path"] for operation in mutated(shape).operations]

    assert paths == ["/spec/containers/0/env/-"] * 6 + ["/spec/containers/0/volumeMounts", "/spec/volumes/-"]


@pytest.mark.parametrize("mode", list(Mode))
def test_a_pod_of_more_containers_than_anybody_has_is_left_alone_and_told(mode: Mode) -> None:
    """A small review would become a patch of many megabytes, made while all others wait."""
    most = [container(f"c{number}") for number in range(MOST_CONTAINERS)]
    assert mutated(pod(*most), mode=mode).operations

    made = mutated(pod(*most, initContainers=[container("one more")]), mode=mode)
    assert (made.operations, made.wished) == ((), True)
    assert made.warnings == ["the pod has more than 500 containers and is left alone"]


def test_an_arn_that_no_gateway_takes_is_told_and_goes_into_no_container() -> None:
    key, arn = "eks.amazonaws.com/role-arn", "arn:aws:iam::111122223333:role/"
    assert mutated(pod(), {key: arn.ljust(2_048, "x")}).operations

    made = mutated(pod(), {key: arn.ljust(2_049, "x")})
    assert (made.operations, made.wished) == ((), True)
    assert made.warnings == (f"{key} has more than 2048 characters: the pod is left alone",)
