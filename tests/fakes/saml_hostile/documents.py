"""Documents that are no plain XML in one base64."""

import base64
import codecs
from collections.abc import Callable, Mapping
from typing import Final

from tests.fakes.saml_hostile.attack import (
    COMMENT,
    OUT_OF_PLACE,
    PROCESSING,
    Build,
    Document,
    Posted,
    World,
    add,
    attack,
    edited,
)
from tests.fakes.saml_identity_provider import (
    DS,
    encoded,
    text_of,
)

_DOCTYPES: Final = {
    "bare": "<!DOCTYPE r>",
    "with an entity": '<!DOCTYPE r [<!ENTITY e "x">]>',
    "that makes an ID": '<!DOCTYPE r [<!ATTLIST saml:Assertion ID ID #IMPLIED x CDATA "y">]>',
    "from elsewhere": '<!DOCTYPE r SYSTEM "file:///dev/zero">',
    "with a parameter entity": '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    "of a billion laughs": '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
}
_ENCODINGS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a byte order mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a byte order mark": lambda text: text.encode("utf-16-le"),
    "UTF-7": lambda text: f'<?xml version="1.0" encoding="UTF-7"?>{text.replace("<!", "+ADwAIQ-")}'.encode(),
    "UTF-32": lambda text: text.encode("utf-32"),
    "EBCDIC": lambda text: f'<?xml version="1.0" encoding="IBM037"?>{text}'.encode("cp037"),
}
_NOT_PLAIN: Final = {
    "UTF-8": COMMENT,
    "UTF-8 with a byte order mark": "plain UTF-8",
    "UTF-16": "not UTF-8",
    "UTF-16 without a byte order mark": "plain UTF-8",
    "UTF-7": PROCESSING,
    "UTF-32": "not UTF-8",
    "EBCDIC": "not UTF-8",
}


def _typed(doctype: str, encoding: str) -> Build:
    return lambda world: _ENCODINGS[encoding](f"{_DOCTYPES[doctype]}{text_of(world.honest())}")


for _name in _DOCTYPES:
    for _encoding in _ENCODINGS:
        add(f"a document type {_name}, in {_encoding}", _typed(_name, _encoding), _NOT_PLAIN[_encoding])
for _encoding in _ENCODINGS:
    if _encoding != "UTF-8":
        add(
            f"an honest answer in {_encoding}",
            lambda world, written=_ENCODINGS[_encoding]: written(text_of(world.honest())),
            _NOT_PLAIN[_encoding],
        )
for _declaration in ('<?xml version="1.0" encoding="iso-8859-1"?>', '<?xml version="1.1"?>', "<?xml?>", "<?x y?>"):
    add(
        f"an honest answer behind {_declaration}",
        lambda world, head=_declaration: f"{head}{text_of(world.honest())}",
        PROCESSING,
    )
add("a comment in front", lambda world: f"<!--x-->{text_of(world.honest())}", COMMENT)
add("a processing instruction behind", lambda world: f"{text_of(world.honest())}<?x y?>", PROCESSING)
add("an element behind the root", lambda world: f"{text_of(world.honest())}<x/>", "not well-formed")
add("text behind the root", lambda world: f"{text_of(world.honest())}x", "not well-formed")
add("text in front of the root", lambda world: f"x{text_of(world.honest())}", "does not begin with an element")
add("nothing", lambda _: "", "does not begin with an element")
add("an undefined entity", lambda world: edited(world, ">alice<", ">&alice;<"), "not well-formed")
add(
    "an attribute twice",
    lambda world: edited(world, "<samlp:Response ", '<samlp:Response Version="2.0" '),
    "not well-formed",
)
add(
    "a prefix that nobody bound",
    lambda world: edited(world, "<samlp:Status>", "<samlp:Status><x:y/>"),
    "not well-formed",
)
add(
    "XInclude",
    lambda world: edited(
        world,
        "<samlp:Status>",
        '<samlp:Extensions><x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/></samlp:Extensions><samlp:Status>',
        signed="ar",
    ),
    "digest is not that",
)


def _inner(text: str) -> Build:
    return lambda world: edited(world, "<samlp:Status>", f"<samlp:Extensions>{text}</samlp:Extensions><samlp:Status>")


add("300 levels", _inner("<x>" * 300 + "</x>" * 300), "not well-formed")
add("120 levels", _inner("<x>" * 120 + "</x>" * 120), "levels")
add("12,000 siblings", _inner("<x/>" * 12_000), "more than 5000 elements")
add("6,000 attributes", _inner("<x " + " ".join(f'a{n}=""' for n in range(6_000)) + "/>"), "more than 50 attributes")
add("4,000 empty signatures", _inner(f'<s xmlns="{DS}">' + "<Signature/>" * 4_000 + "</s>"), OUT_OF_PLACE)
add("200,000 siblings", _inner("<x/>" * 200_000), "more than 100000 characters")


def _crowded(levels: int, prefixes: int, leaves: int) -> str:
    """Many prefixes in scope, each of them used, around elements that use the first."""
    heads = []
    for level in range(levels):
        names = [f"p{level * prefixes + number:x}" for number in range(prefixes)]
        declared = " ".join(f'xmlns:{name}="u:{name}" {name}:a{number}=""' for number, name in enumerate(names))
        heads.append(f"<x {declared}>")
    return "".join(heads) + "<p0:q/>" * leaves + "</x>" * levels


add("800 namespaces in one place", _inner(_crowded(20, 40, 3_000)), "more than 32 namespaces")
add("33 namespaces in one place", _inner(_crowded(1, 31, 1)), "more than 32 namespaces")


@attack("junk in the base64", "not base64")
def _(world: World) -> Document:
    good = encoded(world.honest())
    return Posted(f"{good[:100]}!{good[100:]}")


@attack("a vertical tab in the base64", "not base64")
def _(world: World) -> Document:
    good = encoded(world.honest())
    return Posted(f"{good[:100]}\v{good[100:]}")


@attack("letters outside ASCII in the base64", "not base64")
def _(world: World) -> Document:
    good = encoded(world.honest())
    return Posted(f"{good[:100]}\u00e4{good[100:]}")


@attack("base64 for addresses", "not base64")
def _(world: World) -> Document:
    text = text_of(world.honest()).replace(
        "<samlp:Status>", "<samlp:Extensions><x>~~~???</x></samlp:Extensions><samlp:Status>"
    )
    return Posted(base64.urlsafe_b64encode(text.encode()).decode().replace("/", "_").replace("+", "-") + "-_==")


@attack("base64 without its padding", "not base64")
def _(world: World) -> Document:
    text = text_of(world.honest())
    return Posted(base64.b64encode((text + " " * ((1 - len(text)) % 3)).encode()).decode().rstrip("="))


@attack("base64 that goes on behind its padding", "not base64")
def _(world: World) -> Document:
    text = text_of(world.honest())
    return Posted(base64.b64encode((text + " " * ((1 - len(text)) % 3)).encode()).decode() + "PHgvPg==")


@attack("base64 whose last bits are not zero", "not canonical base64")
def _(world: World) -> Document:
    text = text_of(world.honest())
    good = base64.b64encode((text + " " * ((1 - len(text)) % 3)).encode()).decode()
    return Posted(good[:-3] + chr(ord(good[-3]) + 1) + "==")


add("100,001 characters", lambda world: Posted(encoded(world.honest()) + " " * 100_001), "more than 100000 characters")
add("no character", lambda _: Posted(""), "does not begin with an element")
