"""The eight published shapes (Somorovsky and others, "On Breaking SAML", 2012), and their like."""

from lxml import etree

from tests.fakes.saml_hostile.attack import (
    TWO_ASSERTIONS,
    Document,
    World,
    assertion_of,
    attack,
    evil_of,
    extensions,
    made_evil,
    signature_of,
    unsigned_copy,
)
from tests.fakes.saml_identity_provider import (
    DS,
    SAMLP,
    found,
    text_of,
)


@attack("xsw1", "Signature does not have exactly the children")
def _(world: World) -> Document:
    root = world.honest("r")
    original = unsigned_copy(root)
    made_evil(root).set("ID", "_evil")
    signature_of(root).append(original)
    found(original, "saml:Assertion").getparent().remove(found(original, "saml:Assertion"))
    return root


@attack("xsw1 whole", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest("r")
    original = unsigned_copy(root)
    made_evil(root).set("ID", "_evil")
    signature_of(root).append(original)
    return root


@attack("xsw2", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest("r")
    original = unsigned_copy(root)
    made_evil(root).set("ID", "_evil")
    signature_of(root).addprevious(original)
    return root


@attack("xsw3", "exactly the children")
def _(world: World) -> Document:
    root = world.honest()
    assertion_of(root).addprevious(evil_of(assertion_of(root)))
    return root


@attack("xsw4", TWO_ASSERTIONS)
def _(world: World) -> Document:
    root = world.honest()
    original = assertion_of(root)
    evil = evil_of(original)
    root.append(evil)
    evil.append(original)
    return root


@attack("xsw5", "exactly the children")
def _(world: World) -> Document:
    root = world.honest()
    assertion = assertion_of(root)
    original = unsigned_copy(assertion)
    made_evil(assertion).set("ID", "_evil")
    root.append(original)
    return root


@attack("xsw6", TWO_ASSERTIONS)
def _(world: World) -> Document:
    root = world.honest()
    assertion = assertion_of(root)
    original = unsigned_copy(assertion)
    made_evil(assertion).set("ID", "_evil")
    signature_of(assertion).append(original)
    return root


@attack("xsw7", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest()
    extensions(root).append(evil_of(assertion_of(root), "_a1"))
    return root


@attack("xsw7 with an ID of its own", TWO_ASSERTIONS)
def _(world: World) -> Document:
    root = world.honest()
    extensions(root).append(evil_of(assertion_of(root)))
    return root


@attack("xsw8", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest()
    assertion = assertion_of(root)
    original = unsigned_copy(assertion)
    made_evil(assertion)
    etree.SubElement(signature_of(assertion), f"{{{DS}}}Object").append(original)
    return root


@attack("one ID twice, evil first", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest()
    assertion_of(root).addprevious(evil_of(assertion_of(root), "_a1"))
    return root


@attack("one ID twice, evil last", "two elements have one identifier")
def _(world: World) -> Document:
    root = world.honest()
    root.append(evil_of(assertion_of(root), "_a1"))
    return root


@attack("two honest assertions", "exactly the children")
def _(world: World) -> Document:
    root = world.honest()
    root.append(assertion_of(world.honest(assertion_id="_a2", response_id="_r2", name_id="bob")))
    return root


@attack("a signed response around another honest assertion", "digest is not that")
def _(world: World) -> Document:
    root = world.honest("ar")
    other = assertion_of(world.honest(assertion_id="_a2", response_id="_r2", name_id="bob"))
    root.replace(assertion_of(root), other)
    return root


@attack("no assertion", "last child is not an Assertion")
def _(world: World) -> Document:
    root = world.honest()
    root.remove(assertion_of(root))
    return root


@attack("an assertion alone", "not a Response")
def _(world: World) -> Document:
    return text_of(assertion_of(world.honest()))


@attack("an assertion in front of the status", "last child is not an Assertion")
def _(world: World) -> Document:
    root = world.honest()
    root.append(found(root, "samlp:Status"))
    return root


@attack("a response of another namespace", "not a Response")
def _(world: World) -> Document:
    return text_of(world.honest()).replace(SAMLP, f"{SAMLP}x")
