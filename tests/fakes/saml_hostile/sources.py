"""What the identity provider signs for everybody to see, as the signature of something else."""

from collections.abc import Callable
from typing import Final

from lxml import etree

from tests.fakes.saml_hostile.attack import Build, Document, World, add, assertion_of, extensions, made_evil
from tests.fakes.saml_identity_provider import (
    DS,
    ISSUER,
    MD,
    SAML,
    SAMLP,
    Element,
    found,
    parsed,
)

_SOURCES: Final = {
    "metadata": f'<md:EntityDescriptor xmlns:md="{MD}" entityID="{ISSUER}" ID="_m1"/>',
    "logout response": f'<samlp:LogoutResponse xmlns:samlp="{SAMLP}" ID="_m1" Version="2.0"><saml:Issuer xmlns:saml="{SAML}">{ISSUER}</saml:Issuer></samlp:LogoutResponse>',
    "authn request": f'<samlp:AuthnRequest xmlns:samlp="{SAMLP}" ID="_m1" Version="2.0"><saml:Issuer xmlns:saml="{SAML}">{ISSUER}</saml:Issuer></samlp:AuthnRequest>',
}
_BLANK_ID: Final = " _m1"


def _into_extensions(root: Element, source: Element) -> None:
    extensions(root).append(source)


def _into_status(root: Element, source: Element) -> None:
    etree.SubElement(found(root, "samlp:Status"), f"{{{SAMLP}}}StatusDetail").append(source)


def _into_object(root: Element, source: Element) -> None:
    etree.SubElement(found(root, ".//ds:Signature"), f"{{{DS}}}Object").append(source)


def _into_advice(root: Element, source: Element) -> None:
    advice = etree.Element(f"{{{SAML}}}Advice")
    found(root, "saml:Assertion/saml:Conditions").addnext(advice)
    advice.append(source)


def _source_attack(kind: str, place: Callable[[Element, Element], None], holder: str, identifier: str) -> Build:
    def build(world: World) -> Document:
        source = parsed(_SOURCES[kind])
        signature = world.idp.sign(source)
        source.remove(signature)
        root = world.honest("")
        made_evil(assertion_of(root))
        target = assertion_of(root) if holder == "assertion" else root
        if identifier == "x:ID":
            target.set("{urn:x}ID", "_m1")
        elif identifier == "xml:id":
            target.set("{http://www.w3.org/XML/1998/namespace}id", "_m1")
        else:
            target.set("ID", identifier)
        found(target, "saml:Issuer").addnext(signature)
        place(root, source)
        return root

    return build


_PLACES: Final = {
    "extensions": _into_extensions,
    "status": _into_status,
    "object": _into_object,
    "advice": _into_advice,
}
for _kind in _SOURCES:
    for _place_name, _place in _PLACES.items():
        for _holder in ("assertion", "response"):
            add(
                f"the signature of a {_kind}, in {_place_name}, on the {_holder}",
                _source_attack(_kind, _place, _holder, "_m1"),
                "two elements have one identifier",
            )
for _identifier, _why in {
    _BLANK_ID: "not a plain name",
    "x:ID": "another name than ID or Id",
    "xml:id": "another name than ID or Id",
}.items():
    add(
        f"the signature of a metadata, found by {_identifier.strip()}{' behind a blank' if ' ' in _identifier else ''}",
        _source_attack("metadata", _into_extensions, "assertion", _identifier),
        _why,
    )
