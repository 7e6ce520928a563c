"""Of the forty: who reaches what, and what is never routed from outside."""

import pytest
import yaml

from tests.e2e.kubernetes.helm import (
    VALUES,
    Object,
    Rendering,
    render,
    rendered,
    with_values,
)

each_rendering = pytest.mark.parametrize("rendering", [rendered(name) for name in VALUES], ids=list(VALUES))


def ports(rules: list[Object]) -> list[set[int]]:
    return [{port["port"] for port in rule["ports"]} for rule in rules]


def test_14_traffic_is_let_in_by_port_and_let_out_by_what_is_switched_on() -> None:
    policy = rendered("webhook").component("NetworkPolicy", "gateway")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert ports(policy["ingress"]) == [{8080}]
    assert ports(policy["egress"]) == [{53}, {443, 6443}, {389, 636, 3268, 3269}, {6379, 26379}]

    narrow = render(
        with_values("least", networkPolicy={"egress": {"dns": False, "https": False, "ldap": False, "redis": False}})
    )
    assert narrow.component("NetworkPolicy", "gateway")["spec"]["egress"] in (None, [])

    open_to_monitoring = rendered("everything").component("NetworkPolicy", "gateway")["spec"]
    assert ports(open_to_monitoring["ingress"]) == [{8080}, {9090}]
    assert open_to_monitoring["ingress"][1]["from"] == VALUES["everything"]["networkPolicy"]["internalFrom"]
    assert ports(open_to_monitoring["egress"])[-1] == {4318}

    webhook = rendered("webhook").component("NetworkPolicy", "webhook")["spec"]
    assert (ports(webhook["ingress"]), ports(webhook["egress"])) == ([{9443}], [{443, 6443}])
    keyring = rendered("webhook").component("NetworkPolicy", "keyring")["spec"]
    assert (keyring.get("ingress"), ports(keyring["egress"])) == (None, [{443, 6443}])
    assert rendered("existing").of_kind("NetworkPolicy") == []


@each_rendering
def test_15_metrics_and_decisions_have_a_service_of_their_own_and_no_way_in(rendering: Rendering) -> None:
    internal = rendering.one("Service", "-internal")
    assert [(port["port"], port["targetPort"]) for port in internal["spec"]["ports"]] == [(9090, "internal")]
    assert internal["spec"]["type"] == "ClusterIP"
    public = rendering.one("Service", "sts-gateway")
    assert [port["targetPort"] for port in public["spec"]["ports"]] == ["http"]
    for ingress in rendering.of_kind("Ingress"):
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                assert path["backend"]["service"]["name"] == public["metadata"]["name"]


def routed(rendering: Rendering) -> set[tuple[str, str]]:
    """What an Ingress routes, or an HTTPRoute, in one spelling."""
    found = {
        (path["pathType"], path["path"])
        for ingress in rendering.of_kind("Ingress")
        for path in ingress["spec"]["rules"][0]["http"]["paths"]
    }
    for route in rendering.of_kind("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            found |= {(match["path"]["type"].removeprefix("Path"), match["path"]["value"]) for match in rule["matches"]}
    return found


@pytest.mark.parametrize("way", ["ingress", "gatewayApi"])
def test_16_resource_servers_are_routed_when_asked_and_decisions_never(way: str) -> None:
    more = {"parentRefs": [{"name": "public"}]} if way == "gatewayApi" else {}
    base = with_values("least", **{way: {"enabled": True, **more}})

    usual = routed(render(base))
    asked = routed(render(with_values("least", **{way: {"enabled": True, "resourceServers": True, **more}})))

    assert ("Exact", "/") in usual
    assert asked - usual == {("Prefix", "/v1")}
    assert [path for _, path in asked if path.startswith(("/authz", "/metrics", "/readyz", "/healthz"))] == []


def test_16_every_public_path_of_the_gateway_is_routed() -> None:
    from gateway.doors.identity_center import door as identity_center
    from gateway.doors.issuer import documents
    from gateway.doors.portal import door as portal

    async def nobody() -> None:
        """Routes are looked at, and never called."""

    url = "https://sts.example.com"
    paths = {
        *identity_center.routes(url, nobody),  # type: ignore[arg-type]
        *documents.routes(url, nobody),  # type: ignore[arg-type]
        *portal.routes(url, nobody, None),  # type: ignore[arg-type]
    }
    prefixes = [
        path for kind, path in routed(render(with_values("least", ingress={"enabled": True}))) if kind == "Prefix"
    ]

    assert [path for path in paths if not any(f"{path}/".startswith(f"{prefix}/") for prefix in prefixes)] == []


@pytest.mark.parametrize(("listen", "shown"), [("0.0.0.0", "0.0.0.0"), ("::", "[::]")])
def test_both_servers_listen_where_the_values_say(listen: str, shown: str) -> None:
    made = render(with_values("everything", listen=listen))
    files = {name: text for one in made.of_kind("ConfigMap") for name, text in one["data"].items()}
    (container,) = made.component("Deployment", "gateway")["spec"]["template"]["spec"]["containers"]

    assert container["args"][3:] == ["--host", listen, "--port", "8080"]
    assert yaml.safe_load(files["gateway.yaml"])["gateway"]["internal_listen"] == f"{shown}:9090"
    assert yaml.safe_load(files["webhook.yaml"])["listen"] == f"{shown}:9443"
