"""What `check` says of the files of SAML providers: faults with their lines, and what will keep people out one day."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from gateway.settings.faults import ConfigurationError
from gateway.settings.load import load
from tests.fakes.saml_identity_provider import certificate_of, pem_of, private_key
from tests.fakes.saml_world import metadata_xml, pem

RSA = certificate_of("RSA", "one")
NOW = dt.datetime.now(dt.UTC)
CONFIG = """\
gateway: {public_url: https://sts.example.com, keyring: ./keyring.json}
accounts: {lake: "111122223333"}
providers:
  corp:
    type: saml
    metadata: ./idp.xml
    %s
roles: {lake/Analyst: {}}
mappings:
  - {provider: corp, groups: [analysts], roles: [lake/Analyst]%s}
"""


class Written:
    """A configuration with one SAML provider and its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata(RSA)
        self.put("sp.crt", pem(certificate_of("RSA", "sp")))
        self.put("sp.key", pem_of(private_key("RSA", "sp")))

    def put(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def metadata(self, *certificates: bytes, **facts: Any) -> None:
        self.put("idp.xml", metadata_xml(*certificates, **facts))

    def warnings(self, settings: str = "", mapping: str = "") -> list[str]:
        """Each as `key: message`."""
        found = self.load(settings, mapping).warnings
        return [f"{one.key}: {one.message}" for one in found]

    def fault(self, settings: str = "") -> str:
        with pytest.raises(ConfigurationError) as refused:
            self.load(settings)
        (told,) = refused.value.faults
        return told.render("error")

    def load(self, settings: str = "", mapping: str = "") -> Any:
        path = self.folder / "gateway.yaml"
        path.write_text(CONFIG % (settings, mapping))
        return load(path)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return Written(tmp_path)


def stamp(**by: float) -> str:
    return f"{NOW + dt.timedelta(**by):%Y-%m-%dT%H:%M:%SZ}"


def ending(**by: float) -> bytes:
    """A certificate that ends so far from now."""
    key = private_key("RSA", "ending")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        not_valid_after=NOW + dt.timedelta(**by),
    ).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def test_files_in_order_are_passed_over(written: Written) -> None:
    assert written.warnings("certificate: ./sp.crt\n    private_key: ${file:./sp.key}") == []


def test_a_change_of_a_file_is_a_change_of_the_configuration(written: Written) -> None:
    sources = written.load("certificate: ./sp.crt\n    private_key: ${file:./sp.key}").sources

    assert {"idp.xml", "sp.crt", "sp.key"} <= {path.name for path in sources}


def test_metadata_at_an_address_is_not_looked_for(written: Written) -> None:
    (written.folder / "idp.xml").unlink()
    path = written.folder / "gateway.yaml"
    path.write_text((CONFIG % ("", "")).replace("./idp.xml", "https://idp.example/metadata"))

    assert load(path).providers["corp"].metadata == "https://idp.example/metadata"


def test_metadata_that_nobody_can_sign_in_by_is_told_with_its_line(written: Written) -> None:
    written.put("idp.xml", metadata_xml(RSA, sign_in="http://idp.example/sso"))

    told = written.fault()

    assert "gateway.yaml:6: error: providers.corp.metadata: " in told
    assert "not https" in told


def test_a_file_that_is_not_there_is_told_once(written: Written) -> None:
    (written.folder / "idp.xml").unlink()

    assert "there is no such file" in written.fault()


def test_a_key_of_another_certificate_is_told(written: Written) -> None:
    written.put("sp.key", pem_of(private_key("RSA", "other")))

    told = written.fault("certificate: ./sp.crt\n    private_key: ${file:./sp.key}")

    assert "gateway.yaml:7: error: providers.corp.certificate: " in told
    assert "not of private_key" in told


def test_a_metadata_certificate_that_is_none_is_told(written: Written) -> None:
    written.put("anchor.crt", "nothing")

    assert "providers.corp.metadata_certificate" in written.fault("metadata_certificate: ./anchor.crt")


def test_metadata_that_is_not_signed_as_settings_want_is_told(written: Written) -> None:
    written.put("anchor.crt", pem(RSA))

    assert "is not signed as a whole" in written.fault("metadata_certificate: ./anchor.crt")


ENDS = {"it has ended": (-1.0, "is valid no longer"), "it will end": (3.0, "ends at")}


@pytest.mark.parametrize(("days", "told"), ENDS.values(), ids=ENDS)
def test_metadata_is_warned_of_because(written: Written, days: float, told: str) -> None:
    written.metadata(RSA, more=f'validUntil="{stamp(days=days)}"')

    (warning,) = written.warnings()

    assert warning.startswith("providers.corp.metadata: ")
    assert told in warning


def test_metadata_that_wants_signed_requests_without_a_key_is_warned_of(written: Written) -> None:
    text = metadata_xml(RSA).replace("<md:IDPSSODescriptor", '<md:IDPSSODescriptor WantAuthnRequestsSigned="true"')
    written.put("idp.xml", text)

    assert ["requests must be signed" in one for one in written.warnings()] == [True]
    assert written.warnings("certificate: ./sp.crt\n    private_key: ${file:./sp.key}") == []


def test_a_weak_certificate_is_warned_of(written: Written) -> None:
    written.metadata(RSA, certificate_of("RSA1024", "weak"))

    (warning,) = written.warnings()

    assert "1024 bits" in warning


@pytest.mark.parametrize("days", [-3.0, 3.0])
def test_certificates_that_end_are_warned_of(written: Written, days: float) -> None:
    written.metadata(ending(days=days))
    written.put("sp.crt", pem(ending(days=days)))
    written.put("sp.key", pem_of(private_key("RSA", "ending")))

    warnings = written.warnings("certificate: ./sp.crt\n    private_key: ${file:./sp.key}")

    assert {one.partition(":")[0] for one in warnings} == {"providers.corp.certificate", "providers.corp.metadata"}


OFFERED = '<saml:Attribute Name="urn:oid:0.9.1" FriendlyName="uid"/><saml:Attribute Name="memberOf"/>'


def test_attributes_that_the_provider_does_not_give_are_warned_of(written: Written) -> None:
    written.metadata(RSA, attributes=OFFERED)

    warnings = written.warnings(mapping=", claims: {team: blue}, session_tags: {cost: '{claims.costCenter}'}")

    told = {one.partition(": ")[0]: one for one in warnings}
    assert "write the attribute's Name, 'urn:oid:0.9.1'" in next(one for one in warnings if "username" in one)
    assert "none of the attributes" in told["mappings[0].claims.team"]
    assert "'costCenter'" in told["mappings[0].session_tags.cost"]


def test_where_the_provider_does_not_say_what_it_gives_nothing_is_warned_of(written: Written) -> None:
    assert written.warnings(mapping=", claims: {team: blue}") == []


def test_the_subject_itself_is_an_attribute_of_everybody(written: Written) -> None:
    written.metadata(RSA, attributes=OFFERED)

    warnings = written.warnings("attributes: {username: NameID, email: NameID}")

    assert warnings == []


TRUST = """\
{trust_policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sts:AssumeRoleWithSAML",
    Principal: {Federated: "arn:aws:iam::111122223333:saml-provider/PROVIDER"}, Condition: {CONDITION}}]}}"""


def conditions_told(written: Written, condition: str, provider: str = "corp") -> list[str]:
    """The warnings of conditions, each as `key: message`."""
    written.metadata(RSA, attributes=f'{OFFERED}<saml:Attribute Name="urn:oid:0.9.2342.19200300.100.1.3"/>')
    trust = TRUST.replace("PROVIDER", provider).replace("CONDITION", condition)
    path = written.folder / "gateway.yaml"
    plain = CONFIG % ("attributes: {username: NameID, email: NameID}", "")
    path.write_text(plain.replace("lake/Analyst: {}", f"lake/Analyst: {trust}"))
    return [f"{one.key}: {one.message}" for one in load(path).warnings if "Condition" in one.key]


ASKED = {
    "an attribute that nobody gives": ('StringEquals: {"saml:team": blue}', "'team' is none of the attributes"),
    "a FriendlyName": ('StringEquals: {"saml:uid": alice}', "write the attribute's Name, 'urn:oid:0.9.1'"),
    "of a set": ('"ForAnyValue:StringLike": {"SAML:eduPersonAffiliation": staff}', "'eduPersonAffiliation' is none"),
}


@pytest.mark.parametrize(("condition", "told"), ASKED.values(), ids=ASKED)
def test_a_condition_that_no_attribute_answers_is_warned_of(written: Written, condition: str, told: str) -> None:
    (warning,) = conditions_told(written, condition)

    assert warning.startswith("roles.lake/Analyst.trust_policy.Statement[0].Condition.")
    assert told in warning


ANSWERED = {
    "the attribute itself": 'StringEquals: {"saml:memberof": analysts}',
    "by AWS's name for it": 'StringEquals: {"saml:mail": a@b.example}',
    "of the assertion": 'StringEquals: {"saml:aud": x, "saml:iss": y, "saml:sub": z, "saml:sub_type": persistent}',
    "where it may be absent": 'StringEqualsIfExists: {"saml:team": blue}, "Null": {"saml:team": "true"}',
    "another key": 'StringEquals: {"aws:PrincipalTag/team": blue}',
}


@pytest.mark.parametrize("condition", ANSWERED.values(), ids=ANSWERED)
def test_a_condition_that_can_be_answered_is_not(written: Written, condition: str) -> None:
    assert conditions_told(written, condition) == []


def test_nor_one_of_another_provider(written: Written) -> None:
    assert conditions_told(written, 'StringEquals: {"saml:team": blue}', "corp2") == []


def test_a_document_in_json_is_read_too(written: Written) -> None:
    federated = {"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithSAML",
        "Principal": federated,
        "Condition": {"StringEquals": {"saml:team": "blue"}},
    }
    written.metadata(RSA, attributes=OFFERED)
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    path = written.folder / "gateway.yaml"
    plain = CONFIG % ("attributes: {username: NameID, email: NameID}", "")
    path.write_text(plain.replace("lake/Analyst: {}", f"lake/Analyst: {{trust_policy: '{document}'}}"))

    (warning,) = load(path).warnings

    assert warning.key == "roles.lake/Analyst.trust_policy.Statement[0].Condition.StringEquals.saml:team"
