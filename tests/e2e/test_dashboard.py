"""The alerts and the dashboard that operators take from deploy/: they speak of metrics that the running gateway shows."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.e2e.canaries import Canaries
from tests.e2e.installation import ROOT, Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.process import free_port, until
from tests.e2e.server import Gateway
from tests.fakes.saml_identity_provider import SamlIdentityProvider
from tests.fakes.saml_world import metadata_xml
from tests.servers.certificates import Authority

RULES = ROOT / "deploy" / "prometheus"
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "sts-gateway.json").read_text())
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((RULES / "rules.yaml").read_text())["groups"] for rule in group["rules"]
]
SUFFIXES = ("_bucket", "_sum", "_count")


def promtool(*words: str | Path) -> str:
    ended = subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and the expression with Grafana's variables given values."""
    for alert in ALERTS:
        yield alert["alert"], alert["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")


def metrics_of(expression: str) -> set[str]:
    return set(re.findall(r"\bsts_gateway_\w+", expression))


class SecureGateway(Gateway):
    """It serves TLS; its internal listener has probes and metrics."""

    def __init__(self, folder: Path, installed: Installation, canaries: Canaries, issuer: str) -> None:
        pair, inside = Authority(folder).issue("tls", "127.0.0.1"), f"127.0.0.1:{free_port()}"
        self._inside = f"http://{inside}"
        lines = f"internal_listen: {inside}\ntls: {{certificate: {pair.certificate}, private_key: {pair.key}}}"
        super().__init__(folder, installed, canaries, issuer=issuer, client_secret="none", settings=lines)

    def metrics(self) -> httpx.Response:
        return httpx.get(f"{self._inside}/metrics")

    def readiness(self) -> int | None:
        try:
            return httpx.get(f"{self._inside}/readyz").status_code
        except httpx.TransportError:
            return None


@pytest.fixture(scope="module")
def kinds(
    tmp_path_factory: pytest.TempPathFactory,
    installed: Installation,
    canaries: Canaries,
    provider: OpenIdProvider,
    token: str,
) -> Iterator[dict[str, str]]:
    """Metric to kind, of gateways to which everything has happened that a metric tells of."""
    folder = tmp_path_factory.mktemp("dashboard")
    metadata = metadata_xml(SamlIdentityProvider().certificate, more='validUntil="2099-01-01T00:00:00Z"')
    folder.joinpath("adfs.xml").write_text(metadata)
    running = Gateway(
        folder,
        installed,
        canaries,
        issuer=provider.issuer,
        client_secret=provider.client_secret,
        sections={"providers": "adfs: {type: saml, metadata: ./adfs.xml}"},
    )
    secure = SecureGateway(tmp_path_factory.mktemp("secure"), installed, canaries, provider.issuer)
    with running as gateway, secure:
        rotated = installed.run("keys", "rotate", "--keyring", folder / "keyring.json")
        assert rotated.returncode == 0, rotated.stderr
        gateway.assume(token)
        gateway.assume("none")
        httpx.get(gateway.url, headers={"padding": "x" * 70_000})
        wanted = {name for _, expression in expressions() for name in metrics_of(expression)}

        def shown() -> dict[str, str] | None:
            texts = gateway.metrics().text + secure.metrics().text
            told = dict(re.findall(r"^# TYPE (\S+) (\w+)$", texts, re.MULTILINE))
            parts = {f"{name}{end}": kind for name, kind in told.items() if kind == "histogram" for end in SUFFIXES}
            # What a process looks at once a second comes a second later.
            return {**told, **parts} if wanted <= {*told, *parts} else None

        yield until(shown, f"missing {wanted}")


def test_each_alert_comes_when_it_should_and_only_then() -> None:
    promtool("check", "rules", RULES / "rules.yaml")
    promtool("test", "rules", RULES / "rules_test.yaml")


def test_each_alert_is_tested_to_come_and_to_stay_away() -> None:
    tried = [
        case
        for test in yaml.safe_load((RULES / "rules_test.yaml").read_text())["tests"]
        for case in test["alert_rule_test"]
    ]

    names = {alert["alert"] for alert in ALERTS}
    assert {case["alertname"] for case in tried if case.get("exp_alerts")} == names
    assert {case["alertname"] for case in tried if not case.get("exp_alerts")} == names


def test_prometheus_reads_each_expression(tmp_path: Path) -> None:
    rules = [{"record": f"tried:{at}", "expr": expression} for at, (_, expression) in enumerate(expressions())]
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "tried", "rules": rules}]}))

    told = promtool("check", "rules", path)

    assert f"{len(rules)} rules found" in told


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_each_expression_speaks_of_metrics_that_a_running_gateway_shows(
    kinds: dict[str, str], place: str, expression: str
) -> None:
    assert metrics_of(expression), place
    assert metrics_of(expression) - set(kinds) == set()


def test_the_dashboard_shows_every_metric(kinds: dict[str, str]) -> None:
    told = {name for _, expression in expressions() for name in metrics_of(expression)}
    bases = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}

    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in kinds if name.startswith("sts_gateway_")}
    # Since when the key in use seals is told by what `next seals` counts down to.
    assert shown - bases == {"sts_gateway_keyring_newest_key_seals_from_timestamp_seconds"}


def test_the_dashboard_takes_any_grafana_s_data_source() -> None:
    used = {json.dumps(one["datasource"]) for panel in panels() for one in (panel, *panel["targets"])}

    assert used == {json.dumps({"type": "prometheus", "uid": "${datasource}"})}
    assert "id" not in DASHBOARD


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(ids) == len(set(ids))
    assert len(cells) == len(set(cells))
    assert {x for x, _ in cells} <= set(range(24))
