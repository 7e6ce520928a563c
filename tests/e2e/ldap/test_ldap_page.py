"""The page on directories, at real ones: its settings sign people in, and what comes from MinIO lets in whom it let in."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.cli.main import main
from tests.e2e.installation import ROOT
from tests.e2e.ldap.conftest import Connect, names_of
from tests.servers import samba as samba_server
from tests.servers import slapd as slapd_server
from tests.servers.samba import Samba
from tests.servers.slapd import GROUPS, Slapd, group, member, person

PAGE = (ROOT / "docs" / "ldap.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(providers:.+?)^```", PAGE, re.MULTILINE | re.DOTALL)


def settings(name: str) -> dict[str, Any]:
    """A provider of the page, without what differs from one site to the next: hosts, secrets and the domain."""
    text = next(block for block in BLOCKS if f"  {name}:" in block)
    text = re.sub("dc=example,dc=com|DC=corp,DC=example", slapd_server.SUFFIX, text)
    given: dict[str, Any] = yaml.safe_load(text)["providers"][name]
    return {key: given[key] for key in ("users", "groups")}


async def test_the_settings_for_openldap_sign_people_in(openldap: Slapd, connect: Connect) -> None:
    identity = await connect(openldap, **settings("corp")).authenticate("alice@example.test", "alice-secret")

    assert identity.username == "alice"
    assert names_of(identity.groups) == {"analysts", "everybody"}


async def test_the_settings_for_active_directory_sign_people_in(samba: Samba, connect: Connect) -> None:
    samba.user("paula", "paula-Secret1")
    samba.group("inner-readers", "paula")
    samba.group("readers", "inner-readers")
    connector = connect(samba, **settings("corp-ad"))

    for typed in ("Paula", "EXAMPLE\\paula", f"paula@{samba_server.REALM.lower()}"):
        identity = await connector.authenticate(typed, "paula-Secret1")
        assert identity.username == "paula"
        assert {"readers", "inner-readers", "Domain Users"} <= names_of(identity.groups)


def exported(folder: Path) -> list[str]:
    """Files of MinIO's client, and the command that reads them: bob by his DN, alice and no other by a group."""
    (folder / "policies").mkdir()
    for name in ("reading", "writing"):
        statement = {"Effect": "Allow", "Action": ["s3:*"], "Resource": [f"arn:aws:s3:::{name}/*"]}
        policy = {"PolicyName": name, "Policy": {"Version": "2012-10-17", "Statement": [statement]}}
        (folder / "policies" / f"{name}.json").write_text(json.dumps(policy))
    mappings = {
        "userMappings": [{"user": f"uid=bob,ou=People,{slapd_server.SUFFIX.upper()}", "policies": ["writing"]}],
        "groupMappings": [{"group": f"CN=Analysts,{GROUPS}", "policies": ["reading"]}],
    }
    (folder / "attachments.json").write_text(json.dumps({"status": "success", "result": mappings}))
    return [
        "import",
        "minio",
        "--policies",
        str(folder / "policies"),
        "--attachments",
        str(folder / "attachments.json"),
    ]


@pytest.mark.parametrize(
    ("name", "granted", "refused"),
    [("alice", "reading by mappings[0]", "writing"), ("bob", "writing by trust_policy.Statement[0]", "reading")],
)
def test_what_comes_from_minio_lets_in_whom_it_let_in(
    tmp_path: Path,
    start_openldap: Callable[..., Slapd],
    capsys: pytest.CaptureFixture[str],
    name: str,
    granted: str,
    refused: str,
) -> None:
    server = start_openldap(
        data=person("alice", "alice-secret") + person("bob", "bob-secret") + group("analysts", member("alice"))
    )
    assert main(exported(tmp_path)) == 0
    path = tmp_path / "imported.yaml"
    path.write_text(
        f"{capsys.readouterr().out}\nproviders: {{ldap: {json.dumps(server.settings())}}}\n"
        'gateway: {public_url: "https://sts.example.com", keyring: ./keyring.json}\n'
    )

    assert main(["check", "--config", str(path), "--strict", "--live", "--user", f"ldap/{name}"]) == 0

    told = capsys.readouterr().out
    assert f"granted: minio/{granted}" in told
    assert f"refused: minio/{refused}" in told
