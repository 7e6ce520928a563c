"""Of the forty: how the API server is told of the webhook, and how it knows its certificate."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.kubernetes.helm import CHART, VALUES, Object, Refused, Rendering, render, rendered, with_values
from tests.e2e.kubernetes.tools import helm_python


def webhook(rendering: Rendering) -> Object:
    (one,) = rendering.one("MutatingWebhookConfiguration")["webhooks"]
    found: Object = one
    return found


@pytest.mark.parametrize("name", ["webhook", "everything", "existing"])
def test_31_the_api_server_asks_about_new_pods_alone_and_does_not_wait_long(name: str) -> None:
    asked = webhook(rendered(name))

    assert asked["admissionReviewVersions"] == ["v1"]
    assert asked["sideEffects"] == "None"
    assert asked["timeoutSeconds"] <= 5
    assert (asked["reinvocationPolicy"], asked["matchPolicy"]) == ("IfNeeded", "Equivalent")
    assert asked["rules"] == [
        {
            "apiGroups": [""],
            "apiVersions": ["v1"],
            "operations": ["CREATE"],
            "resources": ["pods"],
            "scope": "Namespaced",
        }
    ]


@pytest.mark.parametrize("name", ["webhook", "everything", "existing"])
def test_32_what_the_cluster_needs_to_start_waits_for_no_webhook(name: str) -> None:
    excluded = webhook(rendered(name))["namespaceSelector"]["matchExpressions"][0]

    assert (excluded["key"], excluded["operator"]) == ("kubernetes.io/metadata.name", "NotIn")
    assert {"kube-system", "kube-node-lease", "identity"} <= set(excluded["values"])
    with pytest.raises(Refused):
        render(with_values(name, webhook={"excludedNamespaces": ["default"]}))


def test_33_a_pod_may_opt_out_by_its_label() -> None:
    assert webhook(rendered("webhook"))["objectSelector"]["matchExpressions"] == [
        {"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"}
    ]
    prefixed = render(with_values("webhook", webhook={"annotationPrefix": "sts.example.com"}))
    assert webhook(prefixed)["objectSelector"]["matchExpressions"][0]["key"].startswith("sts.example.com/")


def test_34_pods_are_refused_for_want_of_a_webhook_only_where_there_are_two() -> None:
    assert webhook(rendered("webhook"))["failurePolicy"] == "Fail"
    assert webhook(rendered("existing"))["failurePolicy"] == "Ignore"
    with pytest.raises(Refused, match=r"set webhook\.replicaCount to 2 or more"):
        render(with_values("webhook", webhook={"replicaCount": 1}))


def test_35_the_certificate_is_of_the_services_name_and_of_the_bundles_ca() -> None:
    import base64

    from cryptography import x509

    made = rendered("everything")
    data = {name: base64.b64decode(text) for name, text in made.one("Secret", "-tls")["data"].items()}
    asked = webhook(made)["clientConfig"]

    certificate, authority = (x509.load_pem_x509_certificate(data[name]) for name in ("tls.crt", "ca.crt"))
    assert base64.b64decode(asked["caBundle"]) == data["ca.crt"]
    certificate.verify_directly_issued_by(authority)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    service = asked["service"]
    assert f"{service['name']}.{service['namespace']}.svc" in names.get_values_for_type(x509.DNSName)
    assert made.one("Service", service["name"])["spec"]["ports"][0]["port"] == service["port"]


def test_36_with_cert_manager_no_secret_is_rendered_and_the_bundle_is_injected() -> None:
    made = rendered("webhook")

    assert [secret["metadata"]["name"] for secret in made.of_kind("Secret")] == ["sts-sts-gateway-keyring"]
    configuration = made.one("MutatingWebhookConfiguration")
    serving = made.one("Certificate", "-webhook")
    injected = configuration["metadata"]["annotations"]["cert-manager.io/inject-ca-from"]
    assert injected == f"identity/{serving['metadata']['name']}"
    assert "caBundle" not in configuration["webhooks"][0]["clientConfig"]
    service = configuration["webhooks"][0]["clientConfig"]["service"]
    assert f"{service['name']}.{service['namespace']}.svc" in serving["spec"]["dnsNames"]
    mounted = made.component("Deployment", "webhook")["spec"]["template"]["spec"]["volumes"][1]
    assert serving["spec"]["secretName"] == mounted["secret"]["secretName"]


def test_36_an_issuer_of_the_users_own_needs_none_of_ours() -> None:
    issuer = {"name": "corporate", "kind": "ClusterIssuer"}
    made = render(with_values("webhook", webhook={"certificate": {"issuerRef": issuer}}))

    assert made.of_kind("Issuer") == []
    assert made.one("Certificate")["spec"]["issuerRef"] == issuer


@pytest.fixture
def looking_up(tmp_path: Path) -> Callable[[dict[str, Any]], Rendering]:
    """Render as in a cluster, where `lookup` finds what the values call `found`."""
    chart = tmp_path / "sts-gateway"
    shutil.copytree(CHART, chart)
    (chart / "values.schema.json").unlink()
    template = chart / "templates" / "webhook" / "configuration.yaml"
    text = template.read_text()
    assert text.count("(lookup ") == 1
    template.write_text(re.sub(r"\(lookup [^)]*\)", "(.Values.found)", text))
    loaded = helm_python.Chart.load(str(chart))

    def rendered_with(found: dict[str, Any]) -> Rendering:
        files = loaded.render({**VALUES["everything"], "found": found}, name="sts", namespace="identity")
        texts = [text for path, text in sorted(files.items()) if not path.endswith("NOTES.txt")]
        objects = [one for text in texts for one in yaml.safe_load_all(text) if one]
        return Rendering(objects=tuple(objects), notes="", text=json.dumps(texts))

    return rendered_with


def test_35_a_certificate_that_was_made_is_kept_by_every_later_upgrade(
    looking_up: Callable[[dict[str, Any]], Rendering],
) -> None:
    made = looking_up({}).one("Secret", "-tls")

    again = looking_up({"data": made["data"]})

    assert again.one("Secret", "-tls") == made
    assert webhook(again)["clientConfig"]["caBundle"] == made["data"]["ca.crt"]
    assert again.text == looking_up({"data": made["data"]}).text


def test_35_half_a_certificate_is_made_anew(looking_up: Callable[[dict[str, Any]], Rendering]) -> None:
    made = looking_up({}).one("Secret", "-tls")["data"]

    again = looking_up({"data": {"tls.crt": made["tls.crt"], "tls.key": made["tls.key"]}}).one("Secret", "-tls")["data"]

    assert set(again) == {"ca.crt", "tls.crt", "tls.key"}
    assert again["tls.crt"] != made["tls.crt"]
