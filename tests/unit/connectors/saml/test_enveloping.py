"""Our own messages signed as a whole: what we would take from others, and what another library verifies."""

from pathlib import Path

import onelogin.saml2
import pytest
import xmlsec
from lxml import etree

from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.enveloping import sign
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.requests import logout_request, logout_response
from gateway.connectors.saml.signature import signed_bytes
from gateway.connectors.saml.signature_shape import signature_shape
from gateway.connectors.saml.tree import parsed
from gateway.domain.assertion import NameId
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.gateway_world import START
from tests.fakes.saml_identity_provider import certificate_of, private_key

SCHEMA = Path(onelogin.saml2.__file__).parent / "schemas" / "saml-schema-protocol-2.0.xsd"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}Signature"
KINDS = ["RSA", "P-256", "P-384", "P-521"]
COMMON = {"destination": "https://idp.example/slo?a=1&b=2", "entity_id": "urn:us", "now": START}
NAME = NameId(value='Zoë & <"friends">', format="urn:x:y", name_qualifier="q", sp_name_qualifier="s")
MESSAGES = {
    "a request": logout_request(request_id="_r1", name_id=NAME, session_indexes=("_s1", "_s2"), **COMMON),
    "an answer": logout_response(in_response_to="_r2", **COMMON),
}


def key(kind: str) -> OwnKey:
    return OwnKey(private=private_key(kind, "sp"), certificate=certificate_of(kind, "sp"), pem="")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_it_is_of_the_one_form_and_of_our_key(message: bytes, kind: str) -> None:
    own = key(kind)

    root = parsed(sign(parsed(message), own))

    assert root[1].tag == SIGNATURE
    signed = signed_bytes(signature_shape(root[1]), usable_certificates([own.certificate]))
    assert signed.canonical == etree.tostring(parsed(message), method="c14n", exclusive=True)


@pytest.mark.parametrize("kind", KINDS)
def test_xmlsec_finds_it_good(kind: str) -> None:
    own = key(kind)
    root = parsed(sign(parsed(MESSAGES["a request"]), own))
    xmlsec.tree.add_ids(root, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(own.certificate, xmlsec.KeyFormat.CERT_DER, None)

    context.verify(root.find(SIGNATURE))


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_it_keeps_the_schema(message: bytes) -> None:
    etree.XMLSchema(etree.parse(str(SCHEMA))).assertValid(parsed(sign(parsed(message), key("RSA"))))


def test_it_holds_the_whole_message() -> None:
    own = key("RSA")
    root = parsed(sign(parsed(MESSAGES["a request"]), own))
    root.set("Destination", "https://other.example")

    with pytest.raises(InvalidIdentityToken):
        signed_bytes(signature_shape(root[1]), usable_certificates([own.certificate]))
