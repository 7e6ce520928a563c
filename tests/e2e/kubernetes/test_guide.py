"""docs/kubernetes.md and the chart's own pages: what they show renders, and what they list is all there is."""

import re
from pathlib import Path

import pytest
import yaml

from gateway.settings.webhook import load_webhook
from gateway.webhook.meters import METRICS, Outcome
from tests.e2e.installation import ROOT, Installation
from tests.e2e.kubernetes.helm import CHART, VALUES, render, rendered
from tests.e2e.kubernetes.tools import helm_python
from tests.servers.certificates import Authority

GUIDE = (ROOT / "docs" / "kubernetes.md").read_text()
SHOWN = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
SHOWN_VALUES = [yaml.safe_load(text) for name, text in SHOWN if name == "values.yaml"]


@pytest.mark.parametrize("values", SHOWN_VALUES, ids=["the gateway", "the webhook"])
def test_the_values_that_the_guide_shows_render(values: dict[str, object]) -> None:
    assert render(values).one("Deployment", "sts-sts-gateway")


def test_the_configuration_that_the_guide_shows_passes_the_check(installed: Installation, tmp_path: Path) -> None:
    (configuration,) = [
        one["data"]["gateway.yaml"]
        for one in render(SHOWN_VALUES[0]).of_kind("ConfigMap")
        if "gateway.yaml" in one["data"]
    ]
    for name in ("redis/password", "cluster/token"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("x")
    Authority(tmp_path / "cluster").file.rename(tmp_path / "cluster/ca.crt")
    for mounted in ("sts-gateway-cluster", "sts-gateway/redis"):
        place = tmp_path / mounted.split("-")[-1].split("/")[-1]
        configuration = configuration.replace(f"/run/secrets/{mounted}", str(place))
    (tmp_path / "gateway.yaml").write_text(configuration)

    checked = installed.run("check", "--config", tmp_path / "gateway.yaml", "--strict")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_webhooks_file_that_the_guide_shows_is_one_and_has_every_key(tmp_path: Path) -> None:
    (text,) = [text for name, text in SHOWN if name == "webhook.yaml"]
    (tmp_path / "webhook.yaml").write_text(text)

    assert load_webhook(tmp_path / "webhook.yaml").sidecar_image == "registry.example.com/sts-gateway:0.1.0"
    (rendered_file,) = [
        one["data"]["webhook.yaml"] for one in rendered("webhook").of_kind("ConfigMap") if "webhook.yaml" in one["data"]
    ]
    assert set(yaml.safe_load(text)) == set(yaml.safe_load(rendered_file))


def test_every_metric_and_every_outcome_of_the_webhook_is_told() -> None:
    for metric in METRICS:
        assert f"| `{metric.name}` | {metric.kind.value} |" in GUIDE
        assert metric.help.split(" (")[0].rstrip(".") in GUIDE
    assert [outcome for outcome in Outcome if f"`{outcome.value}`" not in GUIDE] == []


def test_the_name_that_a_certificate_of_ones_own_needs_is_told() -> None:
    service = rendered("existing").component("Service", "webhook")["metadata"]

    assert f"{service['name']}.{service['namespace']}.svc" == "sts-sts-gateway-webhook.identity.svc"
    assert "`RELEASE-sts-gateway-webhook.NAMESPACE.svc`" in GUIDE


@pytest.mark.parametrize("name", list(VALUES))
def test_helm_lints_the_chart_without_a_word(name: str) -> None:
    told = helm_python.lint(str(CHART), VALUES[name], strict=True)

    assert told["errors"] == []
    assert [message["error"] for message in told["messages"] if "icon" not in message["error"]] == []


def test_examples_and_links_of_the_charts_readme_are_there() -> None:
    readme = (CHART / "README.md").read_text()

    for link in re.findall(r"\]\(([^)#]+)\)", readme):
        assert (CHART / link).exists(), link
