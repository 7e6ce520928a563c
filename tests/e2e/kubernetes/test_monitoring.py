"""Alerts of the chart: rules that promtool takes, on metrics that there are."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from gateway.webhook.meters import METRICS
from tests.e2e.installation import ROOT
from tests.e2e.kubernetes.helm import render, rendered, with_values


def rules() -> dict[str, object]:
    spec: dict[str, object] = rendered("everything").one("PrometheusRule")["spec"]
    return spec


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=30, check=False)


def test_38_promtool_takes_the_rules(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(rules()))

    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", file)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_metric_of_an_alert_is_told_somewhere() -> None:
    documented = set(re.findall(r"`(sts_gateway_\w+)`", (ROOT / "docs" / "metrics.md").read_text()))
    told = documented | {metric.name for metric in METRICS}

    assert set(re.findall(r"sts_gateway_\w+", yaml.safe_dump(rules()))) <= told


def test_alerts_of_the_webhook_come_with_the_webhook_alone() -> None:
    without = render(with_values("everything", webhook={"enabled": False}))

    assert "webhook" not in yaml.safe_dump(without.one("PrometheusRule")["spec"])


SERIES = """
rule_files: [rules.yaml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - {series: 'sts_gateway_webhook_reviews_total{namespace="identity", outcome="undecided"}', values: "0 0 0 3 3 3"}
      - {series: 'sts_gateway_webhook_certificate_expires_timestamp_seconds{namespace="identity"}', values: "86400x200"}
      - {series: 'sts_gateway_audit_write_failures_total{namespace="other", request="refused"}', values: "0 5 9 12"}
    alert_rule_test:
      - eval_time: 4m
        alertname: StsGatewayPodsWithoutCredentials
        exp_alerts:
          - exp_labels: {severity: warning}
            exp_annotations: {summary: Pods were not given what their service accounts ask for}
      - eval_time: 90m
        alertname: StsGatewayWebhookCertificateEnds
        exp_alerts:
          - exp_labels: {severity: critical, namespace: identity}
            exp_annotations: {summary: "The webhook's certificate ends within a week"}
      - eval_time: 3m
        alertname: StsGatewayAuditFails
        exp_alerts: []
"""


@pytest.mark.parametrize("series", [SERIES], ids=["of this namespace alone"])
def test_alerts_sound_when_they_should(series: str, tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()))
    (tmp_path / "test.yaml").write_text(series)

    tested = promtool("test", "rules", tmp_path / "test.yaml")

    assert tested.returncode == 0, tested.stdout + tested.stderr
