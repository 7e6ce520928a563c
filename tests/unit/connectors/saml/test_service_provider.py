"""The gateway's own metadata, and the key pair that it is signed in by elsewhere."""

from pathlib import Path

import onelogin.saml2
import pytest
from lxml import etree

from gateway.connectors.saml.certificates import METHODS, usable_certificates
from gateway.connectors.saml.own_key import OwnKey, read_key
from gateway.connectors.saml.requests import authn_request, logout_request, logout_response, new_id
from gateway.connectors.saml.service_provider import ServiceProvider
from gateway.domain.assertion import NameId
from tests.fakes.gateway_world import START
from tests.fakes.saml_identity_provider import certificate_of, pem_of, private_key
from tests.fakes.saml_world import pem

SCHEMAS = Path(onelogin.saml2.__file__).parent / "schemas"
URL = "https://sts.example.com"


def key(kind: str) -> OwnKey:
    return OwnKey(private=private_key(kind, "sp"), certificate=certificate_of(kind, "sp"), pem="")


def checked(document: bytes, schema: str) -> etree._Element:
    root = etree.fromstring(document)
    etree.XMLSchema(etree.parse(str(SCHEMAS / schema))).assertValid(root)
    return root


@pytest.mark.parametrize("kind", [None, "RSA", "P-256"])
def test_the_metadata_keeps_the_schema(kind: str | None) -> None:
    own = ServiceProvider.at(URL, "corp", None, None if kind is None else key(kind))

    root = checked(own.metadata(), "saml-schema-metadata-2.0.xsd")

    assert root.get("entityID") == f"{URL}/saml/corp/metadata"
    uses = [one.get("use") for one in root.iter("{*}KeyDescriptor")]
    assert uses == {None: [], "RSA": ["signing", "encryption"], "P-256": ["signing"]}[kind]
    services = [one.get("Location") for one in root.iter("{*}AssertionConsumerService", "{*}SingleLogoutService")]
    assert services == ([] if kind is None else [f"{URL}/saml/corp/slo"] * 2) + [f"{URL}/saml/corp/acs"]


def test_settings_may_name_the_gateway_otherwise() -> None:
    own = ServiceProvider.at(URL, "corp", "urn:our:name", None)

    assert b'entityID="urn:our:name"' in own.metadata()


def test_what_is_sent_keeps_the_schema() -> None:
    name = NameId(value="alice", format="urn:x:y", name_qualifier="q", sp_name_qualifier="s")
    common = {"destination": "https://idp.example/slo", "entity_id": "urn:us", "now": START}
    sent = (
        authn_request(request_id=new_id(), acs_url=f"{URL}/acs", **common),
        logout_request(request_id=new_id(), name_id=name, session_indexes=("_s1", "_s2"), **common),
        logout_response(in_response_to=new_id(), **common),
    )

    for document in sent:
        checked(document, "saml-schema-protocol-2.0.xsd")


@pytest.mark.parametrize("kind", ["RSA", "P-256", "P-384", "P-521"])
def test_a_signature_is_one_that_its_certificate_verifies(kind: str) -> None:
    own = key(kind)
    (verifier,) = usable_certificates([own.certificate])

    assert own.method in METHODS
    assert verifier.holds(own.method, own.sign(b"text"), b"text")
    assert not verifier.holds(own.method, own.sign(b"text"), b"other")


UNUSABLE = {
    "no key": ("text", certificate_of("RSA", "sp"), "no PEM key"),
    "a weak one": (pem_of(private_key("RSA1024", "weak")), certificate_of("RSA1024", "weak"), "1024 bits"),
    "another's": (pem_of(private_key("RSA", "other")), certificate_of("RSA", "sp"), "not of private_key"),
    "no certificate": (pem_of(private_key("RSA", "sp")), b"", "no certificate in PEM"),
}


@pytest.mark.parametrize(("text", "certificate", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_pair_that_cannot_be_used_is_told_with_the_mend(
    tmp_path: Path, text: str, certificate: bytes, told: str
) -> None:
    path = tmp_path / "sp.crt"
    path.write_text(pem(certificate) if certificate else "nothing")

    with pytest.raises(ValueError, match=told) as refused:
        read_key(text, path)

    assert "PRIVATE" not in str(refused.value)
