"""Texts of which a reader may see a part, or that look like others."""

from typing import Final

from tests.fakes.saml_hostile.attack import COMMENT, PROCESSING, XSI, Build, Document, World, add, edited
from tests.fakes.saml_identity_provider import (
    ENTITY_ID,
    ISSUER,
)

_VALUES: Final = {
    "NameID": ">alice</saml:NameID>",
    "an attribute": ">analysts</saml:AttributeValue>",
    "Audience": f"{ENTITY_ID}</saml:Audience>",
    "Issuer": f"{ISSUER}</saml:Issuer><ds:Signature",
}
_MARKUP: Final = {
    "a comment": ("<!--x-->", COMMENT),
    "a processing instruction": ("<?x y?>", PROCESSING),
    "CDATA": ("<![CDATA[x]]>", COMMENT),
    "an element": ("<x/>", "digest is not that"),
}


def _marked(where: str, markup: str) -> Build:
    def build(world: World) -> Document:
        text = _VALUES[where]
        return edited(world, text, f"{text[:4]}{markup}{text[4:]}")

    return build


for _where in _VALUES:
    for _what, (_markup, _why) in _MARKUP.items():
        add(f"{_what} in {_where}", _marked(_where, _markup), _why)


def _valued(inner: str) -> Build:
    """An attribute whose value the identity provider signs as it stands."""
    return lambda world: world.honest(attributes_xml=f'<saml:Attribute Name="x">{inner}</saml:Attribute>')


add(
    "a signed value with an element behind a prefix",
    _valued("<saml:AttributeValue>admins<x xmlns='urn:x'/>.evil</saml:AttributeValue>"),
    "an element where text is expected",
)
add("a signed value that is nil", _valued(f'<saml:AttributeValue xmlns:xsi="{XSI}" xsi:nil="true"/>'), "xsi:nil")
add("a signed value that is empty", _valued("<saml:AttributeValue/>"), "an AttributeValue is empty")
add(
    "an attribute without a name",
    lambda world: world.honest(
        attributes_xml="<saml:Attribute><saml:AttributeValue>x</saml:AttributeValue></saml:Attribute>"
    ),
    "Attribute has no Name",
)
for _name, _text in {
    "empty": "",
    "blank": "  ",
    "with blanks around it": "\n admin \n",
    "with a zero-width space": "ad\u200bmin",
    "with a bidi override": "ad\u202emin",
    "with a tab": "ad\tmin",
    "of 257 characters": "a" * 257,
}.items():
    add(f"a signed NameID {_name}", lambda world, text=_text: world.honest(name_id=text), "NameID is not a text")
add("a NUL in NameID", lambda world: edited(world, ">alice<", ">ali&#0;ce<"), "not well-formed")
add("a raw NUL in NameID", lambda world: edited(world, ">alice<", ">ali\0ce<"), "plain UTF-8")
add(
    "a NameID of a megabyte",
    lambda world: edited(world, ">alice<", f">{'a' * 1_000_000}<"),
    "more than 100000 characters",
)
add(
    "a username with a bidi override",
    lambda world: world.honest(attributes={"uid": "ad\u202emin"}),
    "user name's attribute",
)
add("two usernames", lambda world: world.honest(attributes={"uid": ("alice", "admin")}), "user name's attribute")
add("no username", lambda world: world.honest(attributes={"mail": "a@b.example"}), "user name's attribute")
