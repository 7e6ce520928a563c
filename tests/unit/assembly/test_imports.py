"""What a server imports: libraries of providers, stores and tracing only where the configuration asks for them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.gateway_world import GatewayWorld

PROGRAM = """
import json, sys
from pathlib import Path
from gateway.assembly.build import Gateway
from gateway.domain.clock import SteadyClock
from gateway.settings.load import load
from gateway.telemetry.audit import AuditLog
from gateway.telemetry.tracing import tracing_of

configuration = load(Path(sys.argv[1]))
Gateway(configuration, clock=SteadyClock(), audit=AuditLog.open(None, refuse=True), tracing=tracing_of({}, "1"))
print(json.dumps(sorted(sys.modules)))
"""
ON_DEMAND = (
    "ldap3",
    "pyasn1",
    "onelogin",
    "xmlsec",
    "lxml",
    "redis",
    "sqlite3",
    "opentelemetry",
    "dns",
    "boto3",
    "rich",
    "importlib.metadata",
    "joserfc",
)
DIRECTORY = (
    "corp: {type: ldap, servers: ['ldap://127.0.0.1:9'], user_dn_template: 'uid={username},dc=corp',"
    " users: {base: dc=corp, filter: '(uid={username})'}, groups: {base: dc=corp}}"
)


def loaded(path: Path) -> set[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stdout))


def test_a_gateway_of_oidc_providers_imports_nothing_of_other_kinds(tmp_path: Path) -> None:
    GatewayWorld(tmp_path)

    modules = loaded(tmp_path / "gateway.yaml")

    assert [name for name in ON_DEMAND if name in modules] == []


@pytest.mark.parametrize(
    ("sections", "name"),
    [
        pytest.param({"providers": DIRECTORY, "mappings": "[]"}, "ldap3", id="a directory"),
        pytest.param(
            {"gateway": "public_url: https://sts.example.com\nkeyring: ./keyring.json\nstate: redis://127.0.0.1:9/0"},
            "redis",
            id="Redis",
        ),
        pytest.param(
            {"gateway": "public_url: https://sts.example.com\nkeyring: ./keyring.json\nstate: sqlite:///state.db"},
            "sqlite3",
            id="SQLite",
        ),
    ],
)
def test_what_the_configuration_asks_for_is_imported(tmp_path: Path, sections: dict[str, str], name: str) -> None:
    GatewayWorld(tmp_path).load(
        **{key: text.replace("state.db", f"{tmp_path}/state.db") for key, text in sections.items()}
    )

    assert name in loaded(tmp_path / "gateway.yaml")
