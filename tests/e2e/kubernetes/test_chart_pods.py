"""Of forty things that a chart should be, those of its pods. The numbers are kept, so that one is found again."""

from collections.abc import Iterator

import pytest

from gateway import __version__
from tests.e2e.kubernetes.helm import (
    VALUES,
    Object,
    Refused,
    Rendering,
    render,
    rendered,
    with_values,
)

each_rendering = pytest.mark.parametrize("rendering", [rendered(name) for name in VALUES], ids=list(VALUES))


def containers(rendering: Rendering) -> Iterator[Object]:
    return (container for _, container in rendering.containers)


@each_rendering
def test_01_every_container_is_hardened(rendering: Rendering) -> None:
    for container in containers(rendering):
        security = container["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["readOnlyRootFilesystem"] is True
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}


@each_rendering
def test_02_every_pod_is_nobodys_and_has_nothing_of_its_host(rendering: Rendering) -> None:
    for _, template in rendering.pods:
        spec = template["spec"]
        assert spec["securityContext"]["runAsUser"] >= 10_001
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
        # Else every Service of the namespace stands in its environment, beside what ${env:} reads.
        assert spec["enableServiceLinks"] is False
        assert not [volume for volume in spec.get("volumes", []) if "hostPath" in volume]


@pytest.mark.parametrize("name", VALUES)
def test_02_on_openshift_every_pod_is_whom_the_namespace_says(name: str) -> None:
    rendering = render(with_values(name, openshift=True))

    contexts = [template["spec"]["securityContext"] for _, template in rendering.pods]
    contexts += [container["securityContext"] for container in containers(rendering)]
    assert contexts
    for context in contexts:
        assert context["runAsNonRoot"] is True
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(context)


@pytest.mark.parametrize("openshift", [True, False])
def test_02_the_webhook_is_told_whose_its_sidecars_are(openshift: bool) -> None:
    rendering = render(with_values("everything", openshift=openshift))

    (arguments,) = (one["args"] for one in containers(rendering) if "webhook" in one.get("args", []))
    assert ("--openshift" in arguments) is openshift


@each_rendering
def test_03_only_who_asks_the_api_server_has_a_token_for_it(rendering: Rendering) -> None:
    mounted = {
        template["metadata"]["labels"]["app.kubernetes.io/component"]
        for _, template in rendering.pods
        if template["spec"]["automountServiceAccountToken"]
    }

    assert mounted <= {"webhook", "keyring"}
    assert {account["automountServiceAccountToken"] for account in rendering.of_kind("ServiceAccount")} <= {False}


def test_04_the_image_is_named_by_digest_or_by_the_charts_version_and_never_latest() -> None:
    images = {container["image"] for name in VALUES for container in containers(rendered(name))}

    digest = VALUES["everything"]["image"]["digest"]
    assert images == {f"sts-gateway:{__version__}", f"registry.example.com/sts-gateway@{digest}"}
    tagged = render(with_values("least", image={"tag": "1.2.3"}))
    assert {container["image"] for container in containers(tagged)} == {"sts-gateway:1.2.3"}
    with pytest.raises(Refused):
        render(with_values("least", image={"tag": "latest"}))


@each_rendering
def test_05_memory_is_bounded_and_the_processor_is_not(rendering: Rendering) -> None:
    for container in containers(rendering):
        resources = container["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}
        assert set(resources["limits"]) == {"memory"}


@each_rendering
def test_06_servers_have_three_probes_and_liveness_asks_nobody_else(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
        assert {"livenessProbe", "readinessProbe", "startupProbe"} <= set(container)


@each_rendering
def test_07_readiness_is_readyz(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@each_rendering
def test_08_a_pod_is_given_longer_than_its_drain_takes(rendering: Rendering) -> None:
    drains = {"gateway": 5 + 20, "webhook": 5 + 10}
    for deployment in rendering.of_kind("Deployment"):
        spec = deployment["spec"]["template"]["spec"]
        component = deployment["metadata"]["labels"]["app.kubernetes.io/component"]
        paused = spec["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert spec["terminationGracePeriodSeconds"] >= paused + drains[component] + 5


@each_rendering
def test_09_a_pod_serves_on_until_nobody_sends_to_it(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}


@each_rendering
def test_10_an_update_never_has_fewer_pods_than_there_should_be(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        assert deployment["spec"]["strategy"] == {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1},
        }


def test_11_the_autoscaler_alone_counts_replicas() -> None:
    scaled = rendered("everything")

    assert "replicas" not in scaled.component("Deployment", "gateway")["spec"]
    autoscaler = scaled.one("HorizontalPodAutoscaler")
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == scaled.component("Deployment", "gateway")["metadata"]["name"]
    assert rendered("webhook").component("Deployment", "gateway")["spec"]["replicas"] == 2
    assert rendered("webhook").of_kind("HorizontalPodAutoscaler") == []


@each_rendering
def test_12_a_disruption_takes_one_pod_and_no_broken_pod_holds_it_up(rendering: Rendering) -> None:
    for budget in rendering.of_kind("PodDisruptionBudget"):
        assert budget["spec"]["maxUnavailable"] == 1
        assert "minAvailable" not in budget["spec"]
        assert budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_12_one_replica_has_no_budget() -> None:
    assert rendered("least").of_kind("PodDisruptionBudget") == []
    assert len(rendered("webhook").of_kind("PodDisruptionBudget")) == 2
    single = render(with_values("webhook", webhook={"replicaCount": 1, "failurePolicy": "Ignore"}))
    assert len(single.of_kind("PodDisruptionBudget")) == 1


@each_rendering
def test_13_pods_are_spread_among_those_of_their_own_version(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        constraints = deployment["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert {one["topologyKey"] for one in constraints} == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
        for constraint in constraints:
            assert constraint["matchLabelKeys"] == ["pod-template-hash"]
            assert constraint["labelSelector"] == deployment["spec"]["selector"]


@each_rendering
def test_every_port_that_a_service_or_a_probe_names_is_one_of_the_pods(rendering: Rendering) -> None:
    for deployment in rendering.of_kind("Deployment"):
        spec = deployment["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        named = {port["name"] for port in container["ports"]}
        selector = deployment["spec"]["selector"]["matchLabels"]
        services = [one["spec"] for one in rendering.of_kind("Service") if one["spec"]["selector"] == selector]
        assert {port["targetPort"] for service in services for port in service["ports"]} == named
        probes = [container[name]["httpGet"]["port"] for name in container if name.endswith("Probe")]
        assert len(probes) == 3
        assert set(probes) <= named
