"""Of the forty: names, labels, rights, and validity in the oldest and the newest Kubernetes."""

from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.kubernetes.helm import (
    CHART,
    NEWEST,
    OLDEST,
    VALUES,
    Object,
    Rendering,
    key,
    render,
    rendered,
    with_values,
)
from tests.e2e.kubernetes.schemas import problem

each_rendering = pytest.mark.parametrize("rendering", [rendered(name) for name in VALUES], ids=list(VALUES))

CLUSTER_SCOPED = {"ClusterRole", "ClusterRoleBinding", "MutatingWebhookConfiguration"}


@each_rendering
def test_25_every_object_has_the_standard_labels_and_selectors_a_lasting_part(rendering: Rendering) -> None:
    lasting = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
    for one in rendering.objects:
        assert set(one["metadata"]["labels"]) >= lasting | {
            "helm.sh/chart",
            "app.kubernetes.io/version",
            "app.kubernetes.io/managed-by",
        }
    for deployment in rendering.of_kind("Deployment"):
        selected = deployment["spec"]["selector"]["matchLabels"]
        assert set(selected) == lasting
        assert selected.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def selectors(one: Object) -> Iterator[tuple[str, dict[str, str]]]:
    spec = one.get("spec", {})
    if one["kind"] == "Service":
        yield one["metadata"]["name"], spec["selector"]
    if one["kind"] == "PodDisruptionBudget":
        yield one["metadata"]["name"], spec["selector"]["matchLabels"]
    if one["kind"] == "NetworkPolicy":
        yield one["metadata"]["name"], spec["podSelector"]["matchLabels"]


@each_rendering
def test_25_every_selector_selects_the_pods_of_one_component(rendering: Rendering) -> None:
    for one in rendering.objects:
        for name, selector in selectors(one):
            selected = {
                template["metadata"]["labels"]["app.kubernetes.io/component"]
                for _, template in rendering.pods
                if selector.items() <= template["metadata"]["labels"].items()
            }
            assert selected == {one["metadata"]["labels"]["app.kubernetes.io/component"]}, name


@each_rendering
def test_26_every_namespaced_object_says_which(rendering: Rendering) -> None:
    for one in rendering.objects:
        expected = None if one["kind"] in CLUSTER_SCOPED else "identity"
        assert one["metadata"].get("namespace") == expected


def test_27_common_labels_and_annotations_reach_every_object() -> None:
    for one in rendered("everything").objects:
        assert one["metadata"]["labels"]["team"] == "identity"
        assert one["metadata"]["annotations"]["example.com/owner"] == "identity"


def test_27_no_label_of_the_users_replaces_one_of_the_charts() -> None:
    made = render(with_values("everything", commonLabels={"app.kubernetes.io/name": "other"}))

    assert {one["metadata"]["labels"]["app.kubernetes.io/name"] for one in made.objects} == {"sts-gateway"}


@pytest.mark.parametrize("name", list(VALUES))
def test_28_two_releases_do_not_clash(name: str) -> None:
    here, beside = render(VALUES[name], name="one"), render(VALUES[name], name="two")
    elsewhere = render(VALUES[name], name="one", namespace="other")

    assert not {key(one) for one in here.objects} & {key(one) for one in beside.objects}
    assert not {key(one) for one in here.objects} & {key(one) for one in elsewhere.objects}


@each_rendering
def test_29_rights_are_of_one_secret_and_hold_no_wildcard(rendering: Rendering) -> None:
    for role in rendering.of_kind("Role", "ClusterRole"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"]
            if "secrets" in rule["resources"]:
                assert role["kind"] == "Role"
                assert rule["verbs"] == ["get", "patch"]
                assert len(rule["resourceNames"]) == 1
    for role in rendering.of_kind("Role"):
        (secret,) = role["rules"][0]["resourceNames"]
        (mounted,) = {
            volume["secret"]["secretName"]
            for _, template in rendering.pods
            for volume in template["spec"].get("volumes", [])
            if volume["name"] == "keyring"
        }
        assert secret == mounted


@pytest.mark.parametrize("name", ["webhook", "everything", "existing"])
def test_30_the_webhook_may_get_service_accounts_and_nothing_else(name: str) -> None:
    assert rendered(name).one("ClusterRole")["rules"] == [
        {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}
    ]
    assert len(rendered(name).of_kind("ClusterRole", "ClusterRoleBinding")) == 2


@each_rendering
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_37_every_object_is_valid_strictly_in_the_oldest_and_the_newest_kubernetes(
    rendering: Rendering, version: str
) -> None:
    assert [told for one in rendering.objects if (told := problem(one, version))] == []


def test_37_the_chart_says_which_kubernetes_it_needs() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["kubeVersion"] == f">={OLDEST}.0-0"
    # What the oldest brings: 1.29 does not know how to sleep before the end.
    deployment = rendered("least").one("Deployment")
    assert problem(deployment, OLDEST) is None
    assert problem(deployment, "1.28") is not None


MONITORING = ("ServiceMonitor", "PrometheusRule")


def test_38_monitoring_is_rendered_when_asked_alone() -> None:
    assert rendered("webhook").of_kind(*MONITORING) == []
    assert len(rendered("everything").of_kind(*MONITORING)) == 3
    monitored = rendered("everything").component("ServiceMonitor", "gateway")["spec"]
    labelled = [
        service["metadata"]["name"]
        for service in rendered("everything").of_kind("Service")
        if monitored["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    ]
    assert labelled == ["sts-sts-gateway-internal"]
