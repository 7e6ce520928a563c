"""The page on directories: its settings load, and MinIO's files become what it shows."""

import re
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.connectors.ldap.settings import LdapSettings
from gateway.settings.load import load
from tests.servers.certificates import Authority

PAGE = (Path(__file__).parents[3] / "docs" / "ldap.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
YAML = [block for language, block in BLOCKS if language == "yaml"]
PROVIDERS = [block for block in YAML if block.startswith("providers:")]
(MAPPINGS,) = (block for block in YAML if block.startswith("mappings:"))
BASE = """\
gateway: {public_url: "https://sts.example.com", keyring: ./keyring.json}
accounts: {data-platform: "111122223333"}
roles: {data-platform/Analyst: {}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    authority = Authority(tmp_path, "corp-ca").file
    (tmp_path / "ipa-ca.crt").write_bytes(authority.read_bytes())
    (tmp_path / "ldap-password").write_text("canary-of-the-page")
    return tmp_path


@pytest.mark.parametrize("block", PROVIDERS, ids=["openldap", "active-directory", "freeipa"])
def test_the_settings_of_each_directory_load(block: str, folder: Path) -> None:
    path = folder / "c.yaml"
    path.write_text(f"{BASE}{block}{MAPPINGS.replace('provider: corp', 'provider: ' + block.split()[1].strip(':'))}")

    (provider,) = load(path).providers.values()

    assert isinstance(provider, LdapSettings)


def test_minios_files_become_what_the_page_shows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    policy, attachments = (block for language, block in BLOCKS if language == "json")
    (folder / "policies").mkdir()
    (folder / "policies" / "lake.json").write_text(policy)
    (folder / "attachments.json").write_text(attachments)
    (command,) = re.findall(r"^sts-gateway (import .+?) > imported.yaml$", PAGE, re.MULTILINE)

    assert main(command.split()) == 0

    said = capsys.readouterr().out.splitlines()
    (shown,) = (block for block in YAML if block.startswith("policies:"))
    assert [line for line in shown.splitlines() if line not in said] == []
    assert any("uid=bob,ou=people,dc=example,dc=com" in line for line in said)
