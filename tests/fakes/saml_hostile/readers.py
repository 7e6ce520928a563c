"""Documents in which two readers find two things, and canonical forms of nothing (CVE-2025-66568)."""

import base64
import copy
import hashlib
from typing import Final

from lxml import etree

from tests.fakes.saml_hostile.attack import (
    COMMENT,
    NOT_ITS_OWN,
    OUT_OF_PLACE,
    Build,
    Document,
    World,
    add,
    assertion_of,
    attack,
    edited,
    extensions,
    made_evil,
    resign,
    set_value,
    sign_raw,
    signature_of,
    unsigned_copy,
)
from tests.fakes.saml_identity_provider import (
    SAML,
    found,
    text_of,
)


def _signed_info_twice(first: bool) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        assertion = made_evil(assertion_of(root))
        real = found(assertion, "ds:Signature/ds:SignedInfo")
        fake = copy.deepcopy(real)
        digest = hashlib.sha256(etree.tostring(unsigned_copy(assertion), method="c14n", exclusive=True)).digest()
        found(fake, "ds:Reference/ds:DigestValue").text = base64.b64encode(digest).decode()
        if first:
            real.addprevious(fake)
        else:
            real.addnext(fake)
        return root

    return build


add("two SignedInfo, the fake one first", _signed_info_twice(True), OUT_OF_PLACE)
add("two SignedInfo, the fake one last", _signed_info_twice(False), OUT_OF_PLACE)


@attack("two signatures of one element", OUT_OF_PLACE)
def _(world: World) -> Document:
    root = world.honest()
    signature = signature_of(assertion_of(root))
    signature.addnext(copy.deepcopy(signature))
    return root


@attack("a signature behind the subject", OUT_OF_PLACE)
def _(world: World) -> Document:
    root = world.honest()
    assertion = assertion_of(root)
    assertion.append(signature_of(assertion))
    return root


@attack("the assertion's signature under the response", NOT_ITS_OWN)
def _(world: World) -> Document:
    root = world.honest()
    found(root, "saml:Issuer").addnext(signature_of(assertion_of(root)))
    return root


@attack("the response's signature under the assertion", NOT_ITS_OWN)
def _(world: World) -> Document:
    root = world.honest("r")
    made_evil(found(assertion_of(root), "saml:Issuer").getparent())
    found(assertion_of(root), "saml:Issuer").addnext(signature_of(root))
    return root


@attack("a comment in DigestValue", COMMENT)
def _(world: World) -> Document:
    return edited(world, "<ds:DigestValue>", "<ds:DigestValue>AAAA<!--x-->")


@attack("an element in DigestValue", "an element where text is expected")
def _(world: World) -> Document:
    root = world.honest()
    value = found(root, ".//ds:DigestValue")
    etree.SubElement(value, "x").tail = value.text
    value.text = "AAAA"
    return root


def _elsewhere(part: str) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        extensions(root).append(copy.deepcopy(found(root, f".//ds:{part}")))
        return root

    return build


for _part in ("DigestValue", "SignatureValue", "SignedInfo", "Reference", "Transforms", "Signature"):
    add(f"a second {_part} elsewhere", _elsewhere(_part), OUT_OF_PLACE)


@attack("the DigestValue in another namespace too", OUT_OF_PLACE)
def _(world: World) -> Document:
    root = world.honest()
    etree.SubElement(extensions(root), "{urn:x}DigestValue").text = found(root, ".//ds:DigestValue").text
    return root


@attack("a carriage return written as a reference", "digest is not that")
def _(world: World) -> Document:
    return edited(world, ">analysts<", ">analysts&#13;<")


@attack("a raw newline in a value", "digest is not that")
def _(world: World) -> Document:
    return edited(world, ">analysts<", ">analysts\n<")


@attack("the default namespace taken away below the assertion", "not an absolute URI")
def _(world: World) -> Document:
    return edited(world, "<saml:AttributeStatement>", '<saml:AttributeStatement xmlns="">')


@attack("a prefix bound anew below the assertion", "digest is not that")
def _(world: World) -> Document:
    return edited(world, "<saml:AttributeStatement>", f'<saml:AttributeStatement xmlns:saml="{SAML}:x">')


_EMPTY_DIGEST: Final = base64.b64encode(hashlib.sha256(b"").digest()).decode()
_VOID_PLACES: Final = {
    "assertion": "<saml:Assertion ",
    "response": "<samlp:Response ",
    "signature": "<ds:Signature ",
    "signed info": "<ds:SignedInfo",
}


def _void(place: str, over_nothing: bool) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        assertion = made_evil(assertion_of(root))
        signature = signature_of(assertion)
        found(signature, "ds:SignedInfo/ds:Reference/ds:DigestValue").text = _EMPTY_DIGEST
        if over_nothing:
            set_value(signature, sign_raw(world, b""))
        else:
            resign(world, signature)
        opening = _VOID_PLACES[place]
        return text_of(root).replace(opening, f'{opening.strip()} xmlns:rel="1" ', 1)

    return build


for _place_name in _VOID_PLACES:
    for _over_nothing in (False, True):
        add(
            f"void canonicalization of the {_place_name}{', signed over nothing' if _over_nothing else ''}",
            _void(_place_name, _over_nothing),
            "not an absolute URI",
        )


@attack("the digest of nothing", "digest is not that")
def _(world: World) -> Document:
    root = world.honest()
    assertion = made_evil(assertion_of(root))
    found(assertion, ".//ds:DigestValue").text = _EMPTY_DIGEST
    resign(world, signature_of(assertion))
    return root
