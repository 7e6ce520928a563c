"""Signatures of no key, of other keys, and keys that come along."""

import base64
import hashlib

from lxml import etree

from tests.fakes.saml_hostile.attack import (
    Document,
    World,
    add,
    assertion_of,
    attack,
    edited,
    made_evil,
    set_value,
    signature_of,
    unsigned_copy,
)
from tests.fakes.saml_identity_provider import (
    ACS_URL,
    DS,
    found,
    text_of,
)


@attack("signed by a stranger, whose certificate stands in KeyInfo", "no key of the identity provider")
def _(world: World) -> Document:
    return world.stranger.response(world.facts())


@attack("tampered", "digest is not that")
def _(world: World) -> Document:
    return edited(world, ">alice</saml:NameID>", ">admin</saml:NameID>")


@attack("tampered, with a digest to match", "no key of the identity provider")
def _(world: World) -> Document:
    root = world.honest()
    assertion = made_evil(assertion_of(root))
    digest = hashlib.sha256(etree.tostring(unsigned_copy(assertion), method="c14n", exclusive=True)).digest()
    found(assertion, ".//ds:DigestValue").text = base64.b64encode(digest).decode()
    return root


@attack("not signed", "the assertion is not signed")
def _(world: World) -> Document:
    return world.honest("")


@attack("only the response signed", "the assertion is not signed")
def _(world: World) -> Document:
    return world.honest("r")


@attack("the response signed by a stranger", "no key of the identity provider")
def _(world: World) -> Document:
    root = world.honest("a")
    world.stranger.sign(root)
    return root


@attack("the response tampered", "digest is not that")
def _(world: World) -> Document:
    return text_of(world.honest("ar", destination="https://other.example/acs")).replace(
        "https://other.example/acs", ACS_URL
    )


@attack("an empty signature", "no key of the identity provider")
def _(world: World) -> Document:
    root = world.honest()
    set_value(signature_of(assertion_of(root)), b"")
    return root


@attack("a signature cut short", "no key of the identity provider")
def _(world: World) -> Document:
    root = world.honest()
    value = found(root, ".//ds:SignatureValue")
    value.text = base64.b64encode(base64.b64decode(value.text)[:-1]).decode()
    return root


@attack("a signature that is no base64", "SignatureValue is not base64")
def _(world: World) -> Document:
    root = world.honest()
    found(root, ".//ds:SignatureValue").text = "!!!!"
    return root


@attack("a signature whose last bits are not zero", "SignatureValue is not canonical base64")
def _(world: World) -> Document:
    root = world.honest()
    value = found(root, ".//ds:SignatureValue")
    # 256 bytes leave two letters in front of the padding, of which the second has four bits to spare.
    value.text = value.text[:-3] + chr(ord(value.text[-3]) + 1) + "=="
    return root


for _info in ("RetrievalMethod", "KeyInfoReference", "DEREncodedKeyValue", "MgmtData", "PGPData"):

    def _key_info(world: World, name: str = _info) -> Document:
        root = world.honest()
        added = etree.SubElement(found(root, ".//ds:KeyInfo"), f"{{{DS}}}{name}")
        added.set("URI", "file:///dev/zero")
        return root

    add(
        f"{_info} in KeyInfo",
        _key_info,
        "element that no answer may hold"
        if _info in {"KeyInfoReference", "DEREncodedKeyValue"}
        else "a reference to a key out of its place"
        if _info == "RetrievalMethod"
        else "KeyInfo holds something else",
    )


@attack("an Object in the signature", "element that no answer may hold")
def _(world: World) -> Document:
    root = world.honest()
    etree.SubElement(signature_of(assertion_of(root)), f"{{{DS}}}Object")
    return root
