"""The guide to SAML providers: what it tells to write passes the check, and signs people in at real providers."""

import base64
import datetime as dt
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.canaries import Canaries
from tests.e2e.installation import ROOT, Installation
from tests.e2e.saml.saml_gateway import SamlGateway, Trusted, remember_answer
from tests.e2e.test_guides import blocks, commands, shell
from tests.fakes.saml_identity_provider import Facts, SamlIdentityProvider, encoded
from tests.servers.lemonldap import LemonLdap
from tests.servers.saml import SigningPair
from tests.servers.simplesamlphp import SimpleSamlPhp

GUIDE = (ROOT / "docs" / "saml.md").read_text()
ETC = "/etc/sts-gateway"
HERE = "https://sts.example.com"
METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://{name}.example.com/saml">
<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>
<ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{name}.example.com/slo"/>
<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://{name}.example.com/sso"/>
</md:IDPSSODescriptor></md:EntityDescriptor>
"""


def parts() -> dict[str, tuple[str, str]]:
    """Configuration and example of each provider's section, by the provider's name."""
    found = {}
    for block, example in re.findall(
        r"^```yaml\n(providers:.*?)^```\n\n^```xml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL
    ):
        (name,) = yaml.safe_load(block)["providers"]
        found[name] = (block, example)
    return found


PARTS = parts()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that the guide writes, in place of /etc/sts-gateway, and what the providers give."""
    etc = tmp_path_factory.mktemp("guide") / "etc"
    etc.mkdir()
    for command in commands("saml")[:2]:
        shell(command.replace(ETC, str(etc)), etc)
    certificate = base64.b64encode(SamlIdentityProvider().certificate).decode()
    for number, block in enumerate(blocks("saml", "yaml")):
        (etc / f"{number}.yaml").write_text(block.replace(ETC, str(etc)))
    for name in PARTS:
        (etc / f"{name}-metadata.xml").write_text(METADATA.format(name=name, certificate=certificate))
    return etc


def _answer(name: str, example: str) -> str:
    """What the provider would give, with the attributes that its section shows."""
    issuer, base = f"https://{name}.example.com/saml", f"{HERE}/saml/{name}"
    facts = Facts(
        now=dt.datetime.now(dt.UTC),
        issuer=issuer,
        response_issuer=issuer,
        destination=f"{base}/acs",
        recipient=f"{base}/acs",
        audiences=((f"{base}/metadata",),),
        attributes={},
        attributes_xml=re.sub(
            r"<(/?)(Attribute\b|AttributeValue\b)", r"<\1saml:\2", "".join(example.splitlines()[1:-1])
        ),
    )
    return encoded(SamlIdentityProvider(issuer=issuer).response(facts, signed="ar"))


def test_each_section_is_complete() -> None:
    assert list(PARTS) == ["adfs", "entra", "okta", "keycloak", "shibboleth", "simplesamlphp", "lemonldap"]
    assert len(blocks("saml", "yaml")) == len(PARTS) + 1
    for name in PARTS:
        assert f"{HERE}/saml/{name}/metadata" in GUIDE or name == "lemonldap"


def test_what_the_guide_writes_passes_the_strict_check(folder: Path, installed: Installation) -> None:
    told = installed.run("check", "--config", folder, "--strict")

    assert told.returncode == 0, told.stdout + told.stderr


def test_the_trust_policy_passes_the_check(folder: Path, installed: Installation, tmp_path: Path) -> None:
    (document,) = blocks("saml", "json")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "saml.key").chmod(0o600)
    for file in tmp_path.glob("*.yaml"):
        file.write_text(file.read_text().replace(str(folder), str(tmp_path)))
    role = {"roles": {"data-platform/Trusting": {"policies": ["read-lake"], "trust_policy": json.loads(document)}}}
    (tmp_path / "trust.yaml").write_text(yaml.safe_dump(role))

    told = installed.run("check", "--config", tmp_path)

    assert told.returncode == 0, told.stdout + told.stderr


@pytest.mark.parametrize("name", PARTS)
def test_each_provider_s_attributes_open_the_role_of_its_mapping(
    name: str, folder: Path, installed: Installation, tmp_path: Path
) -> None:
    block, example = PARTS[name]
    (mapping,) = yaml.safe_load(block)["mappings"]
    (tmp_path / "answer.txt").write_text(_answer(name, example))
    command = next(command for command in commands("saml") if command.startswith("sts-gateway explain"))

    told = shell(command.replace(ETC, str(folder)).replace("adfs", name), tmp_path, installed)

    assert mapping["roles"] == ["data-platform/Analyst"]
    assert "granted" in told.lower()
    assert told.count("is absent") == 0


class Documented:
    """A provider's section of the guide, moved to the gateway and the provider of a test."""

    def __init__(self, name: str) -> None:
        read = yaml.safe_load(PARTS[name][0])
        self.name = name
        self.settings: dict[str, Any] = read["providers"][name]
        (mapping,) = read["mappings"]
        self.groups: list[str] = mapping["groups"]

    def trusted(self, metadata: str) -> Trusted:
        return Trusted(metadata=metadata, groups=self.groups, attributes=self.settings["attributes"])


@pytest.fixture
def ssp_alone(tmp_path: Path) -> Iterator[SimpleSamlPhp]:
    with SimpleSamlPhp(tmp_path / "idp") as running:
        yield running


def test_the_section_on_simplesamlphp_signs_people_in(
    ssp_alone: SimpleSamlPhp, tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair
) -> None:
    section = Documented("simplesamlphp")
    trusted = {section.name: section.trusted(ssp_alone.metadata)}
    with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, trusted) as gateway:
        (snippet,) = blocks("saml", "php")
        own_pair.write(ssp_alone.folder, "saml")
        partners = ssp_alone.folder / "metadata" / "saml20-sp-remote.php"
        partners.write_text(f"<?php\n{snippet.replace(HERE, gateway.url)}")
        url = ssp_alone.unsolicited(gateway.entity_id(section.name))

        given = ssp_alone.answer(url, gateway.acs(section.name)).saml_response

        assert "EncryptedAssertion" in base64.b64decode(given).decode()
        remember_answer(canaries, given)
        (tmp_path / "answer.txt").write_text(given)
        (block,) = [block for block in blocks("saml", "sh") if "assume-role-with-saml" in block]
        moved = (
            block.replace(HERE, gateway.url)
            .replace("adfs", section.name)
            .replace("role/Analyst", "role/analytics/Analyst")
        )
        assumed = json.loads(shell(moved, tmp_path))
        assert assumed["AssumedRoleUser"]["Arn"].endswith("assumed-role/Analyst/alice")


def test_the_section_on_lemonldap_signs_people_in(
    tmp_path: Path, installed: Installation, canaries: Canaries, own_pair: SigningPair
) -> None:
    section = Documented("lemonldap")
    options = dict(re.findall(r"\| `(samlSPMetaDataOptions\w+)` \| `(\w+)` \|", GUIDE))
    with LemonLdap(tmp_path / "idp") as lemon:
        trusted = {section.name: section.trusted(lemon.metadata)}
        with SamlGateway(tmp_path / "gateway", installed, canaries, own_pair, trusted) as gateway:
            lemon.trust_as_written(gateway.metadata(section.name), options)
            url = lemon.unsolicited(gateway.entity_id(section.name))

            given = lemon.answer(url, gateway.acs(section.name)).saml_response

            assert "EncryptedAssertion" in base64.b64decode(given).decode()
            assert gateway.assume_with_saml(section.name, given).status_code == 200
