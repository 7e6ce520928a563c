"""Alerts of the chart: rules that promtool takes, on metrics that there are."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.webhook.meters import METRICS
from tests.e2e.installation import ROOT
from tests.e2e.kubernetes.helm import CHART, render, rendered, with_values


def rules() -> dict[str, Any]:
    spec: dict[str, Any] = rendered("everything").one("PrometheusRule")["spec"]
    return spec


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=30, check=False)


def test_38_promtool_takes_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rules()))

    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_of_the_webhooks_alerts_is_one_that_it_tells() -> None:
    asked = set(re.findall(r"sts_gateway_\w+", yaml.safe_dump(rules()["groups"][-1])))

    assert asked <= {metric.name for metric in METRICS}


def test_alerts_of_the_webhook_come_with_the_webhook_alone() -> None:
    without = render(with_values("everything", webhook={"enabled": False}))

    assert "webhook" not in yaml.safe_dump(without.one("PrometheusRule")["spec"])


def test_the_gateways_alerts_are_those_of_the_repository() -> None:
    """A copy, since a chart holds no file from outside of it: copy it anew where this fails."""
    ours = ROOT / "deploy" / "prometheus" / "rules.yaml"

    assert (CHART / "files" / "rules.yaml").read_bytes() == ours.read_bytes()
    assert rules()["groups"][:-1] == yaml.safe_load(ours.read_text())["groups"]


SERIES = """
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'sts_gateway_webhook_reviews_total{namespace="identity", outcome="undecided"}', values: "0 0 0 3 3 3"}
      - {series: 'sts_gateway_webhook_reviews_total{namespace="identity", outcome="mutated"}', values: "0 5 9 12 15 20"}
      - {series: 'sts_gateway_webhook_certificate_expires_timestamp_seconds{pod="a"}', values: "9000000x200"}
      - {series: 'sts_gateway_webhook_certificate_expires_timestamp_seconds{pod="b"}', values: "86400x200"}
    promql_expr_test:
      - expr: ALERTS{alertname="StsGatewayPodsUndecided"}
        eval_time: 4m
        exp_samples:
          - labels: ALERTS{alertname="StsGatewayPodsUndecided", alertstate="firing", namespace="identity", severity="critical"}
            value: 1
      - expr: ALERTS{alertname="StsGatewayPodsLeftAlone"}
        eval_time: 4m
      - expr: ALERTS{alertname="StsGatewayWebhookCertificateEnds"}
        eval_time: 90m
        exp_samples:
          - labels: ALERTS{alertname="StsGatewayWebhookCertificateEnds", alertstate="firing", severity="critical"}
            value: 1
"""


@pytest.mark.parametrize("series", [SERIES], ids=["of the webhook"])
def test_alerts_sound_when_they_should(series: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()))
    (tmp_path / "test.yaml").write_text(series)

    tested = promtool("test", "rules", tmp_path / "test.yaml")

    assert tested.returncode == 0, tested.stdout + tested.stderr
