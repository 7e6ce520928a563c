"""What a signature signs is read, and nothing else; what has no canonical form is signed by nobody."""

import base64
import copy
import dataclasses
import datetime as dt
import hashlib

import pytest
from lxml import etree

from gateway.connectors.saml import signature, verification
from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.response_shape import assertion_signature, response_shape
from gateway.connectors.saml.signature import SignedBytes, signed_bytes
from gateway.connectors.saml.tree import parsed
from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import DS, How, encoded, found, text_of

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
KEYS = usable_certificates([WORLD.idp.certificate])


def shape_of(root):
    return assertion_signature(response_shape(parsed(text_of(root).encode())).assertion)


def test_the_canonical_bytes_are_those_of_the_digest():
    root = WORLD.honest()
    canonical = signed_bytes(shape_of(root), KEYS).canonical
    told = found(root, ".//ds:DigestValue").text
    assert base64.b64encode(hashlib.sha256(canonical).digest()).decode() == told
    assert b"Signature" not in canonical
    assert b"alice" in canonical


def test_the_document_is_left_as_it_was():
    root = parsed(text_of(WORLD.honest("ar", how=How(prefixes="xs"))).encode())
    before = etree.tostring(root)
    signed_bytes(assertion_signature(response_shape(root).assertion), KEYS)
    assert etree.tostring(root) == before


def test_identity_comes_from_the_signed_bytes_alone(monkeypatch):
    bob = signed_bytes(shape_of(WORLD.honest(name_id="bob")), KEYS)
    monkeypatch.setattr(verification, "signed_bytes", lambda *_: bob)
    proven = Verification.of(WORLD.idp.trust()).verify(encoded(WORLD.honest()), UNSOLICITED, WORLD.now)
    assert proven.identity.subject == "bob"


def test_a_signed_response_is_read_from_its_signed_bytes_alone(monkeypatch):
    genuine = signature.signed_bytes

    def elsewhere(shape, keys):
        signed = genuine(shape, keys)
        return SignedBytes(canonical=signed.canonical.replace(b"acs", b"evil"), key=signed.key)

    monkeypatch.setattr(verification, "signed_bytes", elsewhere)
    with pytest.raises(InvalidIdentityToken) as refused:
        Verification.of(WORLD.idp.trust()).verify(encoded(WORLD.honest("ar")), UNSOLICITED, WORLD.now)
    assert "Destination" in refused.value.cause


def no_form(*_, **__):
    raise etree.C14NError("no")


@pytest.mark.parametrize("canonicalize", [lambda *_, **__: b"", no_form], ids=["nothing", "an error"])
def test_what_has_no_canonical_form_is_signed_by_nobody(canonicalize, monkeypatch):
    shape = shape_of(WORLD.honest())
    monkeypatch.setattr(signature.etree, "tostring", canonicalize)
    with pytest.raises(InvalidIdentityToken) as refused:
        signed_bytes(shape, KEYS)
    assert "no canonical form" in refused.value.cause


@pytest.mark.parametrize("place", [0, 1, 2])
def test_text_behind_a_signature_is_part_of_what_is_signed(place):
    """The enveloped transform takes the signature out, and leaves the text behind it."""
    root = WORLD.honest("")
    assertion = found(root, "saml:Assertion")
    made = WORLD.idp.sign(assertion)
    made.tail = ("", "\n", "  \n")[place]
    WORLD.idp.seal(root, made)
    canonical = signed_bytes(shape_of(root), KEYS).canonical
    assert ("</saml:Issuer>" + ("", "\n", "  \n")[place] + "<saml:Subject>").encode() in canonical


WRITTEN = {
    "as it came": lambda text: text,
    "without a prefix": lambda text: (
        text.replace("<ds:", "<").replace("</ds:", "</").replace("xmlns:ds=", "xmlns=").replace("ds:", "")
    ),
    "another prefix": lambda text: (
        text.replace("<ds:", "<d-s.x:").replace("</ds:", "</d-s.x:").replace(":ds=", ":d-s.x=")
    ),
    "text behind it": lambda text: text.replace("</ds:Signature>", "</ds:Signature> behind &lt;ds:Signature> "),
    "its namespace around it": lambda text: text.replace(
        "<samlp:Response ", '<samlp:Response xmlns:ds="http://www.w3.org/2000/09/xmldsig#" ', 1
    ),
    "an Id of its own": lambda text: text.replace("<ds:Signature ", '<ds:Signature Id="_own" ', 1),
    "its end in an attribute": lambda text: text.replace(
        "<saml:Subject>", '<saml:Subject x="&lt;/ds:Signature>&lt;ds:Signature>">'
    ),
}


@pytest.mark.parametrize("signed", ["a", "ar"])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("prefixes", [(), ("ds", "saml", "#default"), ("xs",)])
def test_what_is_left_is_what_a_tree_without_the_signature_gives(signed, written, prefixes):
    root = parsed(written(text_of(WORLD.honest(signed))).encode())
    for holder in [root[-1], root][: len(signed)]:
        place = holder.find(f"{{{DS}}}Signature")
        shape = dataclasses.replace(shape_of(WORLD.honest()), element=place, prefixes=prefixes)
        cut = signature._without_signature(shape)
        behind = place.tail or ""
        copied = copy.deepcopy(root)
        target = copied if holder is root else copied[-1]
        target.remove(target.find(f"{{{DS}}}Signature"))
        target[0].tail = f"{target[0].tail or ''}{behind}"
        inclusive = list(prefixes) or None
        assert cut == etree.tostring(target, method="c14n", exclusive=True, inclusive_ns_prefixes=inclusive)
