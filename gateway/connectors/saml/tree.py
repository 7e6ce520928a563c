"""The one hardened parse, and the rules for every document whatever it says: size, depth, namespaces, identifiers."""

import re
import threading
from typing import Any, Final

from lxml import etree

from gateway.connectors.saml.names import XSI
from gateway.connectors.saml.refusals import misshapen

Element = Any
"""lxml's, which has no types of its own."""

_MAXIMUM_NODES: Final = 5_000
_MAXIMUM_DEPTH: Final = 100
_MAXIMUM_ATTRIBUTES: Final = 50
_MAXIMUM_NAMESPACES: Final = 32
# Namespaces in XML 1.0, NCName, without the characters outside ASCII that nobody's identifiers have.
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]{0,255}", re.ASCII)
_IDENTIFIERS: Final = frozenset(("ID", "Id"))
_SPELLINGS: Final = frozenset(("ID", "Id", "iD", "id"))
_NIL: Final = f"{{{XSI}}}nil"
_TOO_DEEP: Final = etree.XPath("boolean(" + "/*" * (_MAXIMUM_DEPTH + 1) + ")")
# RFC 3986 4.3. A relative URI makes libxml2's canonicalization fail, and failing libraries digested the empty text.
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


class _Own(threading.local):
    """A thread's own parser: libxml2's are not for two at once, and making one costs as much as a parse."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
        )


_OWN: Final = _Own()


def parsed(document: bytes) -> Element:
    """The document's root element. What `encoding.plain` took is read as UTF-8, whatever libxml2 would guess.

    Raises InvalidIdentityToken: not well-formed.
    """
    try:
        return etree.fromstring(document, _OWN.parser)
    except etree.XMLSyntaxError:
        misshapen("the document is not well-formed XML")


def identified(root: Element, *, maximum_nodes: int = _MAXIMUM_NODES) -> dict[str, Element]:
    """Every element that has an identifier, by it; the document keeps the rules of this module.

    Raises InvalidIdentityToken: over 5,000 elements, 100 levels, 50 attributes of one element, or 32 namespaces around
    one; a namespace that is no absolute URI; an attribute that some reader may take for an identifier and another not;
    one identifier twice.
    """
    elements = list(root.iter())
    # No level without an element.
    if len(elements) > maximum_nodes or (len(elements) > _MAXIMUM_DEPTH and _TOO_DEEP(root)):
        misshapen(f"the document has more than {maximum_nodes} elements, or more than {_MAXIMUM_DEPTH} levels")
    _check_namespaces(root)
    found: dict[str, Element] = {}
    for element in elements:
        names = element.keys()
        if not names:
            continue
        # lxml looks for each value from the front: those of 6,000 attributes of one element took it 40 ms.
        if len(names) > _MAXIMUM_ATTRIBUTES:
            misshapen(f"an element has more than {_MAXIMUM_ATTRIBUTES} attributes")
        for name in names:
            if name[-2:] in _SPELLINGS and name.rpartition("}")[2] in _SPELLINGS:
                _note(found, name, element.get(name), element)
    return found


def _note(found: dict[str, Element], name: str, value: str, element: Element) -> None:
    # xmlsec looks at an identifier's local name, XPath at its whole one; `id`, `x:ID` and `xml:id` are one to some.
    if name not in _IDENTIFIERS:
        misshapen("an identifier has another name than ID or Id")
    if _NAME.fullmatch(value) is None:
        misshapen("an identifier is not a plain name")
    if value in found:
        misshapen("two elements have one identifier")
    found[value] = element


def _check_namespaces(root: Element) -> None:
    in_scope = 0
    for event, declared in etree.iterwalk(root, events=("start-ns", "end-ns")):
        if event == "end-ns":
            in_scope -= 1
            continue
        in_scope += 1
        # Canonicalization looks for each prefix among those around it: 1,000 of them made 60 KB take 60 ms.
        if in_scope > _MAXIMUM_NAMESPACES:
            misshapen(f"more than {_MAXIMUM_NAMESPACES} namespaces hold in one place")
        if _ABSOLUTE.fullmatch(declared[1] or "") is None:
            misshapen("a namespace is not an absolute URI")


def only_children(element: Element, *names: str) -> list[Element]:
    """The children of an element that has exactly these, in this order. Raises InvalidIdentityToken."""
    children = list(element)
    if tuple(child.tag for child in children) != names:
        misshapen(f"{local_name(element)} does not have exactly the children that it must have")
    return children


def text_of(element: Element) -> str:
    """The whole text of an element without children: never the part in front of one (CVE-2017-11427).

    Raises InvalidIdentityToken: it has children, or says that it is nothing (`xsi:nil`).
    """
    if len(element):
        misshapen(f"{local_name(element)} holds an element where text is expected")
    if element.get(_NIL) is not None:
        misshapen(f"{local_name(element)} is xsi:nil")
    return element.text or ""


def local_name(element: Element) -> str:
    name: str = element.tag
    return name.rpartition("}")[2]
