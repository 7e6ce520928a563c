"""The guides for operators: each command in them runs, and each piece of configuration passes the check."""

import configparser
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.image import CONTAINERFILE
from tests.e2e.installation import ROOT, Installation
from tests.e2e.openid_provider import OpenIdProvider
from tests.e2e.server import Gateway
from tests.servers.certificates import Authority

DOCS = ROOT / "docs"
UNIT = ROOT / "deploy" / "systemd" / "sts-gateway.service"
GUIDES = ("audit", "keys-and-rotation", "openid-connect", "operating", "saml", "troubleshooting")
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
INSTALLED = ("/opt/sts-gateway", "/etc/sts-gateway", "/var/lib/sts-gateway")


def blocks(guide: str, language: str) -> list[str]:
    text = (DOCS / f"{guide}.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(guide: str) -> list[str]:
    return [line for block in blocks(guide, "sh") for line in block.splitlines()]


def moved(text: str, folder: Path) -> str:
    """The text with a host's folders under `folder`, where the test may write."""
    for path in INSTALLED:
        text = text.replace(path, f"{folder}{path}")
    return text


def shell(command: str, folder: Path, installed: Installation | None = None) -> str:
    """What the command prints; it must succeed."""
    environment = None if installed is None else installed.environment()
    ended = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}{ended.stderr}"
    return ended.stdout


OPENID = dict(zip(blocks("openid-connect", "json"), blocks("openid-connect", "yaml")[1:], strict=True))


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    """A folder with everything that the guide to OpenID Connect writes, in one configuration."""
    secrets, folder = tmp_path / "secrets", tmp_path / "etc" / "sts-gateway"
    for made in (secrets, folder):
        made.mkdir(parents=True)
    shutil.copy(Authority(secrets).file, secrets / "ca.crt")
    (secrets / "token").write_text("token")
    for number, block in enumerate(blocks("openid-connect", "yaml")):
        (folder / f"{number}.yaml").write_text(block.replace(SERVICE_ACCOUNT, str(secrets)))
    return folder


def test_what_the_guide_to_openid_connect_writes_passes_the_strict_check(
    configuration: Path, installed: Installation
) -> None:
    told = installed.run("check", "--config", configuration, "--strict")

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("claims", OPENID, ids=lambda claims: json.loads(claims)["iss"])
def test_each_provider_s_claims_open_the_role_of_its_mapping(
    configuration: Path, installed: Installation, tmp_path: Path, claims: str
) -> None:
    (tmp_path / "claims.json").write_text(claims)
    (provider,) = re.findall(r"^  (\w+):\n    type: oidc", OPENID[claims], re.MULTILINE)
    (role,) = re.findall(r"roles: \[(.+)\]", OPENID[claims])

    words = ("--config", configuration, "--provider", provider, "--identity", tmp_path / "claims.json", "--role", role)
    told = installed.run("explain", *words)

    assert told.returncode == 0, told.stdout + told.stderr
    assert "granted" in told.stdout.lower()


def test_the_commands_of_the_guide_to_openid_connect_run(
    configuration: Path, installed: Installation, tmp_path: Path
) -> None:
    (tmp_path / "claims.json").write_text(blocks("openid-connect", "json")[0])

    for command in commands("openid-connect"):
        shell(command.replace("/etc/sts-gateway", str(configuration)), tmp_path, installed)


def test_the_commands_of_troubleshooting_run(configuration: Path, installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "claims.json").write_text(blocks("openid-connect", "json")[0])

    for command in commands("troubleshooting"):
        mended = command.replace("/etc/sts-gateway", str(configuration)).replace("workforce", "keycloak")
        shell(mended, tmp_path, installed)


def test_the_commands_for_the_keyring_run_in_their_order(installed: Installation, tmp_path: Path) -> None:
    (tmp_path / "var/lib/sts-gateway").mkdir(parents=True)

    told = [shell(moved(command, tmp_path), tmp_path, installed) for command in commands("keys-and-rotation")]

    assert [command.split()[2] for command in commands("keys-and-rotation")] == ["generate", "list", "rotate"]
    assert "seals now" in told[1]


def test_the_gateway_is_installed_by_the_commands_of_the_guide(tmp_path: Path) -> None:
    programs, configured, in_a_container = (block.splitlines() for block in blocks("operating", "sh"))
    for folder in ("etc/sts-gateway", "var/lib/sts-gateway"):
        (tmp_path / folder).mkdir(parents=True)
    configuration = (ROOT / "config" / "minimal.yaml").read_text()
    (tmp_path / "etc/sts-gateway/gateway.yaml").write_text(
        configuration.replace("./keyring.json", f"{tmp_path}/var/lib/sts-gateway/keyring.json")
    )

    for command in programs + configured:
        # Who runs the tests has no user of the gateway's.
        shell(moved(command.removeprefix("runuser -u sts-gateway -- "), tmp_path), ROOT)

    assert in_a_container == re.findall(r"^#   (.+)$", CONTAINERFILE.read_text(), re.MULTILINE)


FRAGMENTS = [(guide, block) for guide in ("audit", "operating") for block in blocks(guide, "yaml")]


@pytest.mark.parametrize(("guide", "fragment"), FRAGMENTS, ids=[f"{g}-{b.split()[1]}" for g, b in FRAGMENTS])
def test_each_piece_of_configuration_passes_the_check(
    installed: Installation, tmp_path: Path, guide: str, fragment: str
) -> None:
    (tmp_path / "etc/sts-gateway").mkdir(parents=True)
    for name in ("tls.crt", "tls.key"):
        (tmp_path / "etc/sts-gateway" / name).touch()
    whole = fragment + "  public_url: https://sts.example.com\n  keyring: ./keyring.json\n"
    (tmp_path / "gateway.yaml").write_text(moved(whole, tmp_path))

    told = installed.run("check", "--config", tmp_path / "gateway.yaml")

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_questions_to_the_audit_log_are_answered(
    gateway: Gateway, provider: OpenIdProvider, tmp_path: Path
) -> None:
    gateway.assume(provider.id_token())
    gateway.assume("nonsense")
    (tmp_path / "audit.jsonl").write_text(gateway.audit_text)
    opened = next(record for record in map(json.loads, gateway.audit_text.splitlines()) if record["responseElements"])
    key = opened["responseElements"]["credentials"]["accessKeyId"]
    whose, session, refusals = commands("audit")

    assert opened["userIdentity"]["userName"] in shell(whose.replace("ASIAZQQEXAMPLEEXAMPL", key), tmp_path)
    assert opened["eventName"] in shell(session.replace("MFRGGZDFMZTWQ2LK", opened["sessionId"]), tmp_path)
    assert "InvalidIdentityToken\tinvalid_identity_token" in shell(refusals, tmp_path)


def test_the_unit_runs_the_commands_of_the_gateway_and_waits_for_its_drain() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[method-assign,assignment]
    unit.read(UNIT)
    service = unit["Service"]

    assert service["ExecStart"] == "/opt/sts-gateway/bin/sts-gateway serve --config /etc/sts-gateway $SERVE_OPTIONS"
    # systemd heeds RestartPreventExitStatus for the main process alone: a check before it would be tried again for ever.
    assert "ExecStartPre" not in service
    assert service["RestartPreventExitStatus"] == "2"
    assert service["Restart"] == "on-failure"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(service["TimeoutStopSec"]) >= 5 + 1 + 20 + 10


def test_the_timer_s_unit_rotates_the_keyring_of_the_guide() -> None:
    command = re.search(r"^ExecStart=(.+)$", UNIT.with_name("sts-gateway-keys.service").read_text(), re.MULTILINE)

    assert command is not None
    assert command[1] == "/opt/sts-gateway/bin/sts-gateway keys rotate --keyring /var/lib/sts-gateway/keyring.json"
    assert any("keys generate --keyring /var/lib/sts-gateway/keyring.json" in line for line in commands("operating"))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="a unit is verified where systemd is installed")
def test_systemd_understands_the_units(installed: Installation, tmp_path: Path) -> None:
    for unit in UNIT.parent.iterdir():
        text = unit.read_text().replace("/opt/sts-gateway/bin/sts-gateway", str(installed.command))
        (tmp_path / unit.name).write_text(text)

    told = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.glob("sts-gateway*"))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (told.returncode, told.stdout + told.stderr) == (0, "")


@pytest.mark.parametrize("guide", GUIDES)
def test_the_readme_leads_to_each_guide(guide: str) -> None:
    assert f"(docs/{guide}.md)" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("guide", GUIDES)
def test_no_link_of_a_guide_is_dead(guide: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^)]*\)", (DOCS / f"{guide}.md").read_text())

    assert [link for link in links if not (DOCS / link).exists()] == []
