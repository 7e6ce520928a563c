"""Pods through the rendered webhook, asked as the API server asks it, under the rights that the chart gives it."""

import copy
import itertools
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.kubernetes.cluster import Webhook
from tests.e2e.kubernetes.helm import NEWEST, OLDEST, rendered
from tests.e2e.kubernetes.schemas import problem
from tests.e2e.kubernetes.tools import jsonpatch
from tests.fakes.pods import SHAPES, container, pod
from tests.fakes.webhook_world import ROLE, env
from tests.servers.kubernetes_admission import Admission, AdmissionRefused
from tests.servers.kubernetes_api import KubernetesApiServer

PREFIX = "eks.amazonaws.com"


def matching(new: dict[str, Any]) -> dict[str, Any]:
    """A pod that the selectors of everything-values.yaml select."""
    made = copy.deepcopy(new)
    made["metadata"].setdefault("labels", {})["job"] = "x"
    return made


@pytest.fixture(autouse=True)
def accounts(api: KubernetesApiServer) -> Iterator[None]:
    api.put("serviceaccounts", "data", "etl", annotations={f"{PREFIX}/role-arn": ROLE})
    api.put(
        "serviceaccounts", "data", "beside", annotations={f"{PREFIX}/role-arn": ROLE, f"{PREFIX}/inject": "sidecar"}
    )
    api.put("serviceaccounts", "data", "plain")
    yield
    api.down, api.delay = False, 0.0


def created(new: dict[str, Any], version: str) -> dict[str, Any]:
    """The pod as the API server would store it, for the schema: with its kind, and no nulls."""
    without_nulls = {key: value for key, value in new["spec"].items() if value is not None}
    without_nulls["containers"] = [
        {key: value for key, value in one.items() if value is not None} for one in without_nulls["containers"]
    ]
    metadata = {key: value for key, value in new["metadata"].items() if key != "generateName"} | {"name": "p"}
    whole = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": without_nulls}
    assert problem(whole, version) is None, problem(whole, version)
    return whole


@pytest.mark.parametrize("account", ["etl", "beside"])
@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_a_pod_is_changed_validly_and_once(webhook: Webhook, shape: dict[str, Any], account: str) -> None:
    new = matching(shape)
    new["spec"]["serviceAccountName"] = account
    for version in (OLDEST, NEWEST):
        created(new, version)

    first = webhook.admission.create("data", new)
    again = webhook.admission.create("data", first.pod)

    assert first.failed_open == again.failed_open == []
    assert len(first.patches) == 1
    assert again.patches == []
    assert again.pod == first.pod
    for version in (OLDEST, NEWEST):
        created(first.pod, version)
    # Somebody else's implementation of RFC 6902 makes the same of it.
    assert jsonpatch.apply_patch(new, first.patches[0]) == first.pod


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_a_pod_of_an_account_without_a_role_is_never_touched(webhook: Webhook, shape: dict[str, Any]) -> None:
    new = matching(shape)
    new["spec"]["serviceAccountName"] = "plain"

    made = webhook.admission.create("data", new)

    assert (made.pod, made.patches, made.warnings, made.failed_open) == (new, [], [], [])


@pytest.mark.parametrize(
    ("namespace", "label"),
    [("kube-system", None), ("identity", None), ("other", None), ("data", f"{PREFIX}/skip-pod-identity-webhook")],
    ids=["of the cluster", "of the release", "not selected", "by its label"],
)
def test_what_the_selectors_leave_out_asks_nobody(
    webhook: Webhook, api: KubernetesApiServer, namespace: str, label: str | None
) -> None:
    new = matching(pod())
    if label:
        new["metadata"]["labels"][label] = "true"
    before = len(api.asked)

    made = webhook.admission.create(namespace, new)

    assert made.pod == new
    assert len(api.asked) == before


def test_a_role_that_is_annotated_now_is_in_the_next_pod(webhook: Webhook, api: KubernetesApiServer) -> None:
    """Service account and pod are often made in one breath (amazon-eks-pod-identity-webhook #83, #264)."""
    for number in range(20):
        name = f"fresh-{number}"
        api.put("serviceaccounts", "data", name, annotations={f"{PREFIX}/role-arn": ROLE})
        new = matching(pod(serviceAccountName=name))

        assert env(webhook.admission.create("data", new).pod)["AWS_ROLE_ARN"] == ROLE


def test_what_another_webhook_adds_is_wired_by_the_reinvocation(webhook: Webhook) -> None:
    def add(new: dict[str, Any]) -> bool:
        new["spec"]["containers"].append(container("mesh"))
        return True

    admission = Admission(**{**vars(webhook.admission), "others": add})

    made = admission.create("data", matching(pod(serviceAccountName="beside")))

    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in env(made.pod, "mesh")
    assert [one["name"] for one in made.pod["spec"]["initContainers"]] == ["sts-gateway-sidecar"]


def test_half_an_environment_is_told_to_whoever_creates_the_pod(webhook: Webhook) -> None:
    made = webhook.admission.create("data", matching(pod(container("app", env={"AWS_ROLE_ARN": "x"}))))

    assert made.patches == []
    (warning,) = made.warnings
    assert warning.startswith("sts-gateway: container app sets AWS_ROLE_ARN without AWS_WEB_IDENTITY_TOKEN_FILE ")


def reviews(webhook: Webhook, outcome: str) -> int:
    page = httpx.get(f"https://127.0.0.1:{webhook.port}/metrics", verify=untrusting()).text
    lines = [line for line in page.splitlines() if f'webhook_reviews_total{{outcome="{outcome}"}}' in line]
    return int(lines[0].split()[-1])


def untrusting() -> ssl.SSLContext:
    """As the kubelet asks."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("policy", ["Ignore", "Fail"])
@pytest.mark.parametrize("trouble", ["down", "slow", "forbidden"])
def test_where_the_account_cannot_be_read_the_operators_choice_counts_and_it_is_told(
    webhook: Webhook, api: KubernetesApiServer, policy: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reviews(webhook, "undecided")
    api.down = trouble == "down"
    api.delay = 3.0 if trouble == "slow" else 0.0
    if trouble == "forbidden":
        monkeypatch.setattr(api, "allowed", set())
    configuration = copy.deepcopy(webhook.admission.configuration)
    configuration["webhooks"][0]["failurePolicy"] = policy
    admission = Admission(**{**vars(webhook.admission), "configuration": configuration})
    began = time.monotonic()

    if policy == "Fail":
        with pytest.raises(AdmissionRefused, match="service account etl in data could not be read"):
            admission.create("data", matching(pod()))
    else:
        assert admission.create("data", matching(pod())).failed_open == ["pods.sts-gateway.svc"]

    assert time.monotonic() - began < configuration["webhooks"][0]["timeoutSeconds"]
    assert reviews(webhook, "undecided") == before + 1
    assert "the review is left undecided" in webhook.err


def test_an_account_that_is_not_there_is_told_and_counted(webhook: Webhook) -> None:
    before = reviews(webhook, "unknown_service_account")

    made = webhook.admission.create("data", matching(pod(serviceAccountName="gone")))

    assert made.warnings == ["sts-gateway: there is no service account gone in data: the pod stays as it is"]
    assert reviews(webhook, "unknown_service_account") == before + 1


def test_the_chart_gives_no_right_to_anything_else(webhook: Webhook, api: KubernetesApiServer) -> None:
    """What the webhook asked for is all that its role allows: the stand-in refuses the rest."""
    users = {user for user, *_ in api.allowed or ()}
    wanted = {one[1:] for one in api.allowed or () if one[0].endswith("-webhook")}

    assert wanted == {("get", "serviceaccounts", "*", "*")}
    assert len(users) == 2
    assert {verb for verb, _ in api.asked} == {"get"}
    assert webhook.alive


def test_probes_answer_as_the_kubelet_asks(webhook: Webhook) -> None:
    (deployed,) = rendered("everything").component("Deployment", "webhook")["spec"]["template"]["spec"]["containers"]
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = deployed[name]["httpGet"]
        url = f"{probe['scheme'].lower()}://127.0.0.1:{webhook.port}{probe['path']}"
        assert httpx.get(url, verify=untrusting()).status_code == 200


def test_a_review_takes_a_small_part_of_what_it_may(webhook: Webhook) -> None:
    """Its connection and its look-up included; the bound is for a busy machine."""
    new = matching(pod())
    times = []
    for _ in range(40):
        began = time.perf_counter()
        webhook.admission.create("data", new)
        times.append(time.perf_counter() - began)
    times.sort()
    median, most = times[20], times[-1]
    print(f"a review takes {median * 1000:.1f} ms in the middle, {most * 1000:.1f} ms at most")

    assert median < 1


def test_warnings_and_counts_name_no_token(webhook: Webhook, api: KubernetesApiServer) -> None:
    shown = webhook.err + webhook.out + httpx.get(f"https://127.0.0.1:{webhook.port}/metrics", verify=untrusting()).text

    assert [token for token in itertools.islice(api.tokens, 10) if token in shown] == []
