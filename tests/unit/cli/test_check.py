"""`sts-gateway check`: findings, their streams, the line that sums up, and the exit codes."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.cli.main import main
from gateway.sealing.key_file import create, new_keyring

CONFIG = Path(__file__).parents[3] / "config"
KEYRING = "keyring.json"
NOBODY = "nobody can assume it: no mapping names it, and no trust_policy admits anybody; add one, or remove the role"
NO_SECRET = "not a secret key; write 16 to 128 printable ASCII characters without spaces"
GOOD = """\
gateway:
  public_url: http://127.0.0.1:8080
  keyring: ./keyring.json
accounts:
  a: "111122223333"
providers:
  p: {type: oidc, issuer: "https://login.example.com", audiences: [a]}
roles:
  a/One: {}
mappings:
  - {provider: p, groups: [g], roles: [a/One]}
"""
WARNED = GOOD.replace("  a/One: {}\n", "  a/One: {}\n  a/Two: {}\n")
BAD = f"{WARNED}users:\n  b/ci: {{}}\n  a/ci: {{access_keys: [{{id: AKIAEXAMPLEEXAMPLE22, secret: hunter2}}]}}\n"


def keyring(path: Path) -> None:
    now = datetime.now(UTC)
    create(path, new_keyring(now=now, in_force_from=now))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    keyring(tmp_path / KEYRING)
    return Path("c.yaml")


def test_a_good_configuration_is_summed_up_in_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(GOOD)

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    assert capsys.readouterr() == ("c.yaml: in order: 1 role, 1 mapping\n", "")


def test_a_missing_keyring_is_told_and_no_fault(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(GOOD)
    Path(KEYRING).unlink()

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    note, summary = capsys.readouterr().out.splitlines()
    assert note.startswith("c.yaml: note: there is no keyring at /")
    assert note.endswith(f"/{KEYRING}`")
    assert summary.startswith("c.yaml: in order")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("audit: {path: ./nowhere/audit.log}", "there is no folder for the audit log at "),
        ("audit: {path: ./folder}", "folder is a folder; name a file"),
        ("state: 'sqlite:////nowhere/state.db'", "there is no folder for the state at /nowhere; make it"),
        ("tls: {certificate: ./c.pem, private_key: ./k.pem}", "not a certificate and its key"),
    ],
)
def test_what_serve_would_stumble_over_on_this_machine_is_a_note(
    path: Path, capsys: pytest.CaptureFixture[str], setting: str, told: str
) -> None:
    path.write_text(GOOD.replace("accounts:", f"  {setting}\naccounts:"))
    Path("folder").mkdir()
    for name in ("c.pem", "k.pem"):
        Path(name).touch()

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    note, summary = capsys.readouterr().out.splitlines()
    assert note.startswith("c.yaml: note: ")
    assert told in note
    assert summary.startswith("c.yaml: in order")


def certificate_that_ends(end: datetime, days: int = 90) -> None:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, end - timedelta(days=days), end)
    Path("c.pem").write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    Path("k.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


WITH_TLS = GOOD.replace("accounts:", "  tls: {certificate: ./c.pem, private_key: ./k.pem}\naccounts:")


def test_a_certificate_that_has_ended_is_an_error(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(WITH_TLS)
    certificate_that_ends(datetime.now(UTC) - timedelta(days=1))

    assert main(["check", "--config", "c.yaml"]) == 1

    told = capsys.readouterr()
    assert told.err.startswith("c.yaml: error: gateway.tls.certificate: ended at ")
    assert told.err.endswith("c.yaml: 1 error\n")
    assert "in order" not in told.out


@pytest.mark.parametrize(
    ("days", "life", "warned"),
    [(1, 90, True), (29, 90, True), (31, 90, False), (29, 365, True), (31, 365, False), (3, 6, False), (1, 6, True)],
)
def test_a_certificate_in_the_last_third_and_last_month_of_its_life_is_a_warning(
    path: Path, capsys: pytest.CaptureFixture[str], days: int, life: int, warned: bool
) -> None:
    path.write_text(WITH_TLS)
    certificate_that_ends(datetime.now(UTC) + timedelta(days=days), life)

    assert main(["check", "--config", "c.yaml"]) == 0
    assert ("c.yaml: warning: gateway.tls.certificate: ends at " in capsys.readouterr().out) is warned
    assert main(["check", "--config", "c.yaml", "--strict"]) == int(warned)


def test_the_end_of_a_certificate_is_told_beside_a_placeholder_for_its_key(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(WITH_TLS)
    certificate_that_ends(datetime.now(UTC) - timedelta(days=1))
    Path("k.pem").write_text("placeholder")

    assert main(["check", "--config", "c.yaml"]) == 1
    assert "gateway.tls.certificate: ended at " in capsys.readouterr().err


@pytest.mark.parametrize("there", [True, False])
def test_an_audit_log_that_this_user_may_not_write_is_a_note(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    path.write_text(GOOD.replace("accounts:", "  audit: {path: ./audit.log}\naccounts:"))
    if there:
        Path("audit.log").touch()
    # Root, as whom tests may run, writes whatever the mode.
    monkeypatch.setattr(os, "access", lambda place, mode: mode != os.W_OK or place.is_dir() is there)

    assert main(["check", "--config", "c.yaml"]) == 0
    assert "audit.log cannot be written by this user" in capsys.readouterr().out.splitlines()[0]


@pytest.mark.parametrize(
    ("setting", "noted"),
    [
        ("region: us-east-1", True),
        ("trusted_proxies: [10.0.0.0/8]", False),
        ("tls: {certificate: c, private_key: k}", False),
    ],
)
def test_a_proxy_that_ends_tls_and_is_not_trusted_is_noted(
    path: Path, capsys: pytest.CaptureFixture[str], setting: str, noted: bool
) -> None:
    for name in ("c", "k"):
        Path(name).touch()
    path.write_text(GOOD.replace("http://127.0.0.1:8080", f"https://sts.example.com\n  {setting}"))

    assert main(["check", "--config", "c.yaml", "--strict"]) == 0
    assert ("c.yaml: note: a proxy ends TLS" in capsys.readouterr().out) is noted


@pytest.mark.parametrize(("mode", "content", "told"), [(0o644, None, "chmod 600"), (0o600, "{}", "not a keyring")])
def test_a_keyring_that_cannot_be_used_is_a_warning(
    path: Path, capsys: pytest.CaptureFixture[str], mode: int, content: str | None, told: str
) -> None:
    path.write_text(GOOD)
    if content is not None:
        Path(KEYRING).write_text(content)
    Path(KEYRING).chmod(mode)

    assert main(["check", "--config", "c.yaml"]) == 0
    warning, summary = capsys.readouterr().out.splitlines()
    assert warning.startswith("c.yaml: warning: gateway.keyring: /")
    assert told in warning
    assert summary == "c.yaml: in order: 1 role, 1 mapping, 1 warning"
    assert main(["check", "--config", "c.yaml", "--strict"]) == 1
    assert capsys.readouterr().err == "c.yaml: 1 warning, refused by --strict\n"


def test_warnings_are_told_and_pass(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(WARNED)

    assert main(["check", "--config", "c.yaml"]) == 0

    output = capsys.readouterr()
    assert output.out.splitlines() == [
        "c.yaml:10: warning: roles.a/Two: " + NOBODY,
        "c.yaml: in order: 2 roles, 1 mapping, 1 warning",
    ]
    assert output.err == ""


def test_strict_refuses_warnings(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text(WARNED)

    assert main(["check", "--config", "c.yaml", "--strict"]) == 1
    assert capsys.readouterr().err == "c.yaml: 1 warning, refused by --strict\n"


def test_errors_are_told_a_line_each_with_file_and_line_and_no_secret(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(BAD)

    assert main(["check", "--config", "c.yaml"]) == 1

    output = capsys.readouterr()
    assert output.err.splitlines() == [
        "c.yaml:14: error: users.b/ci: unknown account 'b'; known: a",
        "c.yaml:15: error: users.a/ci.access_keys[0].secret: " + NO_SECRET,
        "c.yaml: 2 errors",
    ]
    assert output.out.count("warning:") == 1
    assert "hunter2" not in output.out + output.err


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_path_with_nothing_to_check_is_bad_usage(path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not path.exists()

    assert main(["check", "--config", name]) == 2

    output = capsys.readouterr()
    assert output.err.startswith(f"{name}: error: cannot read the configuration: ")
    assert output.out == ""


@pytest.mark.parametrize("name", ["example.yaml", "minimal.yaml"])
def test_the_files_of_the_repository_are_in_order(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(CONFIG / name), "--strict"]) == 0
    assert "in order" in capsys.readouterr().out


def test_schema_is_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema"]) == 0

    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["gateway"]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {
        "gateway", "accounts", "providers", "roles", "policies", "mappings", "users", "services",
    }  # fmt: skip
