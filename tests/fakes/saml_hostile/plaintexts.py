"""What an encrypted assertion may hold in place of one signed assertion, and encryption out of its place."""

import copy
from collections.abc import Callable

from lxml import etree

from tests.fakes.saml_hostile.attack import (
    COMMENT,
    GCM,
    OAEP,
    TWO_ASSERTIONS,
    Document,
    World,
    add,
    attack,
    encrypted_edit,
    extensions,
    opened_by_us,
    signed_text,
)
from tests.fakes.saml_identity_provider import (
    DS,
    SAML,
    XENC,
    Element,
    assertion_xml,
    encrypted_data,
    found,
    text_of,
)

add("encrypted, not signed", opened_by_us(lambda world: assertion_xml(world.facts())), "the assertion is not signed")
add(
    "encrypted, tampered",
    opened_by_us(lambda world: signed_text(world).replace(">alice<", ">admin<")),
    "digest is not that",
)
add(
    "encrypted, an assertion in the advice of another",
    opened_by_us(
        lambda world: assertion_xml(world.facts(assertion_id="_a2")).replace(
            "</saml:Conditions>", f"</saml:Conditions><saml:Advice>{signed_text(world)}</saml:Advice>"
        )
    ),
    TWO_ASSERTIONS,
)
add(
    "encrypted, two assertions",
    opened_by_us(lambda world: signed_text(world) + signed_text(world, assertion_id="_a2")),
    "something else than one Assertion",
)
add(
    "encrypted, no assertion",
    opened_by_us(lambda _: f'<saml:Evidence xmlns:saml="{SAML}"/>'),
    "something else than one Assertion",
)
add(
    "encrypted, text beside the assertion",
    opened_by_us(lambda world: f"x{signed_text(world)}"),
    "something else than one Assertion",
)
add(
    "encrypted, text behind the assertion",
    opened_by_us(lambda world: f"{signed_text(world)}x"),
    "something else than one Assertion",
)
add("encrypted, nothing", opened_by_us(lambda _: " "), "something else than one Assertion")
add(
    "encrypted, markup that closes what is around it",
    opened_by_us(lambda world: f"</decrypted>{signed_text(world)}<decrypted>"),
    "not well-formed",
)
add(
    "encrypted, encryption again",
    opened_by_us(
        lambda world: text_of(encrypted_data(signed_text(world).encode(), world.ours, data=GCM, transport=OAEP))
    ),
    "something else than one Assertion",
)
add(
    "encrypted, an encrypted assertion again",
    opened_by_us(
        lambda world: text_of(found(world.idp.encrypted(world.facts(), world.ours), "saml:EncryptedAssertion"))
    ),
    "something else than one Assertion",
)
add(
    "encrypted, an identifier of its response",
    opened_by_us(lambda world: signed_text(world, assertion_id="_r1")),
    "repeats an identifier",
)
add("encrypted, a document type", opened_by_us(lambda world: f"<!DOCTYPE r>{signed_text(world)}"), COMMENT)


@attack("an EncryptedID", "element that no answer may hold")
def _(world: World) -> Document:
    inner = text_of(encrypted_data(b"<x/>", world.ours, data=GCM, transport=OAEP))
    return world.honest(
        subject_xml=f"<saml:SubjectConfirmation Method='x'><saml:EncryptedID>{inner}</saml:EncryptedID></saml:SubjectConfirmation>"
    )


@attack("an EncryptedAttribute", "element that no answer may hold")
def _(world: World) -> Document:
    inner = text_of(encrypted_data(b"<x/>", world.ours, data=GCM, transport=OAEP))
    return world.honest(attributes_xml=f"<saml:EncryptedAttribute>{inner}</saml:EncryptedAttribute>")


@attack("encryption out of its place", "exactly one encryption")
def _(world: World) -> Document:
    root = world.honest()
    extensions(root).append(encrypted_data(b"<x/>", world.ours, data=GCM, transport=OAEP))
    return root


@attack("an encrypted assertion beside an honest one", "exactly the children")
def _(world: World) -> Document:
    root = world.honest()
    root.insert(
        len(root) - 1,
        found(opened_by_us(lambda w: assertion_xml(w.facts(assertion_id="_a2")))(world), "saml:EncryptedAssertion"),
    )
    return root


@attack("two encrypted assertions", "exactly the children")
def _(world: World) -> Document:
    root = world.idp.encrypted(world.facts(), world.ours)
    root.append(copy.deepcopy(found(root, "saml:EncryptedAssertion")))
    return root


def _key_elsewhere(instead: str | None) -> Callable[[Element], None]:
    def change(root: Element) -> None:
        key = found(root, ".//xenc:EncryptedKey")
        info = key.getparent()
        info.remove(key)
        extensions(root).append(key)
        if instead is None:
            info.getparent().remove(info)
        else:
            added = etree.SubElement(info, f"{{{DS}}}{instead}")
            added.set("URI", "#_ek1")
            added.set("Type", f"{XENC}EncryptedKey")

    return change


add("the key in the extensions", encrypted_edit(_key_elsewhere(None)), "EncryptedData does not have exactly")
add(
    "the key in the extensions, a name in its place",
    encrypted_edit(_key_elsewhere("KeyName")),
    "does not have its key in the document",
)
add(
    "the key in the extensions, a reference in its place",
    encrypted_edit(_key_elsewhere("RetrievalMethod")),
    "a reference to a key out of its place",
)
add(
    "a name beside the key",
    encrypted_edit(lambda root: etree.SubElement(found(root, ".//xenc:EncryptedData/ds:KeyInfo"), f"{{{DS}}}KeyName")),
    "not have exactly one key",
)
