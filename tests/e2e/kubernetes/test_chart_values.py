"""Of the forty: what the values may say, what they are refused for, and what never leaves them."""

import re
from typing import Any

import pytest
import yaml

from tests.e2e.kubernetes.helm import (
    CHART,
    VALUES,
    Refused,
    Rendering,
    key,
    render,
    rendered,
    with_values,
)

each_rendering = pytest.mark.parametrize("rendering", [rendered(name) for name in VALUES], ids=list(VALUES))


def checksums(rendering: Rendering) -> list[str]:
    return [
        deployment["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for deployment in rendering.of_kind("Deployment")
    ]


@each_rendering
def test_17_pods_carry_the_checksum_of_their_configuration(rendering: Rendering) -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", checksum) for checksum in checksums(rendering))


def test_18_a_change_of_configuration_changes_the_checksum_and_nothing_changes_nothing() -> None:
    before = checksums(rendered("webhook"))
    gateway = checksums(render(with_values("webhook", config={"gateway": {"trusted_proxies": ["10.1.0.0/16"]}})))
    webhook = checksums(render(with_values("webhook", webhook={"audience": "other"})))

    assert [was == now for was, now in zip(before, gateway, strict=True)] == [False, True]
    assert [was == now for was, now in zip(before, webhook, strict=True)] == [True, False]


@pytest.mark.parametrize("name", [name for name in VALUES if name != "everything"])
def test_18_two_renderings_are_the_same_bytes(name: str) -> None:
    assert render(VALUES[name]).text == render(VALUES[name]).text


def test_18_only_a_certificate_that_is_made_at_install_differs() -> None:
    first, second = render(VALUES["everything"]), render(VALUES["everything"])

    differing = [one["kind"] for one, other in zip(first.objects, second.objects, strict=True) if one != other]
    assert differing == ["Secret", "MutatingWebhookConfiguration"]


@each_rendering
def test_19_no_secret_holds_what_was_given_by_reference(rendering: Rendering) -> None:
    for secret in rendering.of_kind("Secret"):
        assert secret["type"] == "kubernetes.io/tls" or "data" not in secret
        assert "stringData" not in secret
    (configuration,) = [
        one["data"]["gateway.yaml"] for one in rendering.of_kind("ConfigMap") if "gateway.yaml" in one["data"]
    ]
    for reference in re.findall(r"(?:client_secret|state): (\S+)", configuration):
        assert "password" not in reference.lower() or "${" in reference


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"providers": {"w": {"client_secret": "s3cr3t"}}}, "config.providers.w.client_secret"),
        ({"providers": {"w": {"bind_password": "s3cr3t"}}}, "config.providers.w.bind_password"),
        ({"providers": {"w": {"bind_password": 20261125}}}, "config.providers.w.bind_password"),
        (
            {"users": {"a/b": {"access_keys": [{"id": "AKIA", "secret": "s3cr3t"}]}}},
            "config.users.a/b.access_keys[0].secret",
        ),
        ({"services": {"s": {"proxy_token": "s3cr3t"}}}, "config.services.s.proxy_token"),
        (
            {"services": {"s": {"upstream": {"secret_access_key": "s3cr3t"}}}},
            "config.services.s.upstream.secret_access_key",
        ),
        *(
            ({"gateway": {"state": state}}, "give the password in config.gateway.state by reference")
            for state in (
                "rediss://:s3cr3t@redis",
                "rediss://:s3cr3t@redis?ca_file=${env:CA}",
                "redis+sentinel://one,two/master?tls=true&sentinel_password=s3cr3t",
                "redis+sentinel://:${env:REDIS_PASSWORD}@one,two/master?sentinel_password=s3cr3t",
            )
        ),
    ],
)
def test_20_a_secret_in_the_values_is_refused(config: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused) as refused:
        render(with_values("least", config=config))

    assert told in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_20_secrets_are_files_for_the_processs_group() -> None:
    (spec,) = [
        template["spec"]
        for one, template in rendered("everything").pods
        if one["metadata"]["name"] == "sts-sts-gateway" and one["kind"] == "Deployment"
    ]
    secrets = {volume["name"]: volume["secret"] for volume in spec["volumes"] if "secret" in volume}

    assert set(secrets) == {"keyring", "tls", "secret-oidc"}
    assert {secret["defaultMode"] for secret in secrets.values()} == {0o440}
    assert spec["securityContext"]["fsGroup"] == spec["securityContext"]["runAsGroup"]
    for one, template in rendered("everything").pods:
        for volume in template["spec"].get("volumes", []):
            for kind in ("secret", "projected"):
                assert volume.get(kind, {"defaultMode": 0o440})["defaultMode"] == 0o440, one["metadata"]["name"]


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 3},
        {"replicaCount": "three"},
        {"image": {"name": "x"}},
        {"webhook": {"failurePolicy": "Sometimes"}},
        {"webhook": {"timeoutSeconds": 30}},
        {"webhook": {"certificate": {"mode": "letsencrypt"}}},
        {"image": {"digest": "sha256:short"}},
        {"keyring": {"rotation": {"sealsAfter": "soon"}}},
        {"config": "gateway: {}"},
    ],
    ids=str,
)
def test_21_an_unknown_key_or_a_wrong_type_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        render(with_values("least", **values))


def test_22_our_own_sections_are_closed_and_kubernetes_own_open() -> None:
    import json

    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    passed_through = {"config", "resources", "affinity", "env", "namespaceSelector", "objectSelector", "issuerRef"}

    def look(section: Any, told: Any, way: str) -> None:
        assert set(section) <= set(told["properties"]), way
        assert told["additionalProperties"] is False, way
        for name, value in section.items():
            if isinstance(value, dict) and name not in passed_through and told["properties"][name].get("properties"):
                look(value, told["properties"][name], f"{way}.{name}")
            if name in passed_through:
                assert told["properties"][name].get("additionalProperties", True) is not False

    look(values, schema, "")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"config": {"gateway": {}}}, "set config.gateway.public_url"),
        ({"config": {"gateway": {"public_url": "https://x", "keyring": "/k"}}}, "leave out config.gateway.keyring"),
        (
            with_values("least", config={"accounts": {"lake": 11122223333}}),
            "write config.accounts.lake in quotes: its 12 digits are a text",
        ),
        (with_values("least", gatewayApi={"enabled": True}), "set gatewayApi.parentRefs"),
        (
            with_values("least", webhook={"enabled": True, "certificate": {"mode": "existingSecret"}}),
            "set webhook.certificate.existingSecret and webhook.certificate.caBundle",
        ),
        (with_values("least", gitops=True, webhook={"enabled": True}), "with gitops a self-made certificate"),
    ],
)
def test_23_what_is_missing_is_one_line_that_says_what_to_set(values: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused) as refused:
        render(values)

    (line,) = [line for line in str(refused.value).splitlines() if told in line]
    assert len(line) < 250


LONG = "a" * 53


@pytest.mark.parametrize(
    ("values", "name", "prefix"),
    [
        ({}, "sts", "sts-sts-gateway"),
        ({}, "sts-gateway", "sts-gateway"),
        ({"nameOverride": "door"}, "sts", "sts-door"),
        ({"fullnameOverride": "door"}, "sts", "door"),
        ({}, LONG, "a" * 31),
        ({"fullnameOverride": "b" * 90}, "sts", "b" * 31),
    ],
)
def test_24_names_follow_their_overrides_and_fit(values: dict[str, Any], name: str, prefix: str) -> None:
    made = render(with_values("everything", **values), name=name, namespace="n" * 63)

    for one in made.objects:
        length = 52 if one["kind"] == "CronJob" else 63
        assert one["metadata"]["name"].startswith(prefix)
        assert re.fullmatch(rf"[a-z0-9]([-a-z0-9]{{0,{length - 2}}}[a-z0-9])?", one["metadata"]["name"])
        assert all(len(value) <= 63 for value in one["metadata"]["labels"].values())


def test_24_names_that_are_cut_do_not_clash() -> None:
    first, second = (render(VALUES["everything"], name=f"{LONG[:-1]}{end}") for end in "bc")

    assert not {key(one) for one in first.objects} & {key(one) for one in second.objects}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (VALUES["least"], ["https://sts.example.com/portal", "Webhook: off", "state is in memory", "must end TLS"]),
        (VALUES["webhook"], ["certificate certManager", "failurePolicy Fail", "eks.amazonaws.com/role-arn"]),
        (VALUES["everything"], ["made by this install", "trusted_proxies is empty", "ingress.tlsSecret is empty"]),
        (VALUES["everything"], ["nginx.ingress.kubernetes.io/backend-protocol: HTTPS"]),
        (VALUES["existing"], ["your Secret my-keyring", "there is no NetworkPolicy"]),
        (with_values("existing", config={"gateway": {"state": "redis://r"}}), ["without TLS"]),
        (
            with_values("everything", webhook={"replicaCount": 1}),
            ["the webhook has one pod"],
        ),
    ],
)
def test_40_the_notes_name_the_address_the_certificate_and_each_insecure_choice(
    values: dict[str, Any], told: list[str]
) -> None:
    notes = render(values).notes

    assert [line for line in told if line not in notes] == []
    assert "https://sts.example.com" in notes


@pytest.mark.parametrize(
    "values",
    [
        {"replicaCount": 2},
        {"replicaCount": 2, "config": {"gateway": {"state": "memory:"}}},
        {"replicaCount": 2, "config": {"gateway": {"state": "sqlite:////var/lib/sts-gateway/state.db"}}},
        {"autoscaling": {"enabled": True}},
    ],
    ids=["none", "memory", "sqlite", "autoscaling"],
)
def test_40_a_state_of_one_pod_is_refused_for_several(values: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"set config\.gateway\.state to a Redis"):
        render(with_values("least", **values))
