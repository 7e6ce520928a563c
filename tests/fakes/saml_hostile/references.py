"""Names that look alike, and references to anything but what holds the signature."""

import copy

from lxml import etree

from tests.fakes.saml_hostile.attack import (
    NOT_ITS_OWN,
    OUT_OF_PLACE,
    TWO_ASSERTIONS,
    Build,
    Document,
    World,
    add,
    assertion_of,
    attack,
    evil_of,
    extensions,
    referring,
)
from tests.fakes.saml_identity_provider import (
    DS,
    SAML,
    How,
    found,
    parsed,
    text_of,
)


@attack("a second assertion of a namespace that looks alike", "exactly the children")
def _(world: World) -> Document:
    root = world.honest()
    alike = parsed(text_of(evil_of(assertion_of(root))).replace(SAML, f"{SAML}/"))
    root.insert(list(root).index(assertion_of(root)), alike)
    return root


@attack("a second assertion of no namespace, in the extensions", TWO_ASSERTIONS)
def _(world: World) -> Document:
    root = world.honest()
    etree.SubElement(extensions(root), "Assertion").set("ID", "_evil")
    return root


@attack("a signature of a namespace that looks alike", OUT_OF_PLACE)
def _(world: World) -> Document:
    return text_of(world.honest()).replace(DS, f"{DS}x")


def _polluted(name: str) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        root.set(name, "_a2")
        return root

    return build


for _name in ("{urn:x}ID", "{urn:x}Id", "id", "iD"):
    add(f"a second identifier called {_name}", _polluted(_name), "another name than ID or Id")


@attack("an identifier called Id beside the real one", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest()
    root.set("Id", "_a1")
    return root


@attack("an identifier that is no name", "not a plain name")
def _(world: World) -> Document:
    root = world.honest()
    root.set("ID", "_r1 _r2")
    return root


add("two honest references", referring("#_a1", "#_r1"), OUT_OF_PLACE)
add("a reference to the whole document", referring(""), NOT_ITS_OWN)


@attack("a reference to the whole document, on the response", NOT_ITS_OWN)
def _(world: World) -> Document:
    root = world.honest()
    world.idp.sign(root, How(references=[""]))
    return root


add("a reference to its response", referring("#_r1"), NOT_ITS_OWN)
add("a reference by XPointer", referring("#xpointer(id('_a1'))"), NOT_ITS_OWN)
add("a reference by XPointer to the root", referring("#xpointer(/)"), NOT_ITS_OWN)


def _forged_reference(uri: str) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        reference = found(root, ".//ds:Reference")
        forged = copy.deepcopy(reference)
        forged.set("URI", uri)
        reference.addnext(forged)
        return root

    return build


for _uri in (
    "file:///dev/zero",
    "http://169.254.169.254/latest",
    "#xpointer(/)",
    "#_r1",
    "#other",
    "",
):
    add(f"a forged second reference to {_uri or 'the document'}", _forged_reference(_uri), OUT_OF_PLACE)


def _forged_uri(uri: str | None) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        reference = found(root, ".//ds:Reference")
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)
        return root

    return build


for _uri in (None, "", "file:///dev/zero", "#_a1 ", "_a1", "#_r1"):
    add(f"a forged reference whose URI is {_uri!r}", _forged_uri(_uri), NOT_ITS_OWN)


@attack("a reference that says more than where", NOT_ITS_OWN)
def _(world: World) -> Document:
    root = world.honest()
    found(root, ".//ds:Reference").set("Type", f"{DS}Manifest")
    return root


@attack("no identifier, and a reference to None", NOT_ITS_OWN)
def _(world: World) -> Document:
    root = world.honest()
    del assertion_of(root).attrib["ID"]
    found(root, ".//ds:Reference").set("URI", "#None")
    return root
