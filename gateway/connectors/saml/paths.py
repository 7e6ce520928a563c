"""The few forms of XPath that python3-saml asks in, walked over children: an XPath engine costs three times that."""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants

from gateway.connectors.saml.tree import Element

_STEP: Final = re.compile(
    r"/(?P<prefix>[a-z]+):(?P<name>[A-Za-z]+)(?:\[@(?P<attribute>[A-Za-z]+)(?P<same>=\$tagid)?])?"
)
_ANYWHERE: Final = re.compile(r"(?P<below>\.?)//(?P<prefix>[a-z]+):(?P<name>[A-Za-z]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """To the children of one name: those that have `attribute`, where there is one; `same`: as the tag id says."""

    tag: str
    attribute: str | None
    same: bool


@functools.lru_cache(maxsize=256)
def steps_of(path: str) -> tuple[Step, ...] | None:
    """The steps of a path of child steps, nothing among them; None for a path of another form."""
    steps, at = [], 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or step["prefix"] not in OneLogin_Saml2_Constants.NSMAP:
            return None
        steps.append(Step(tag=_tag(step), attribute=step["attribute"], same=step["same"] is not None))
        at = step.end()
    return tuple(steps)


@functools.lru_cache(maxsize=256)
def anywhere(path: str) -> tuple[bool, str] | None:
    """Of `//name` and `.//name`: whether it is sought below one element alone, and the name; None for another form."""
    found = _ANYWHERE.fullmatch(path)
    if found is None or found["prefix"] not in OneLogin_Saml2_Constants.NSMAP:
        return None
    return found["below"] == ".", _tag(found)


def walked(starts: Iterable[Element], steps: tuple[Step, ...], tag_id: str | None) -> list[Element]:
    """What `steps` lead to from each of `starts`, which are of one depth, in the document's order."""
    found = list(starts)
    for step in steps:
        found = [child for element in found for child in element.iterchildren(step.tag)]
        if step.attribute is not None:
            found = _having(found, step, tag_id)
    return found


def from_root(source: Element, steps: tuple[Step, ...], tag_id: str | None) -> list[Element]:
    """What an absolute path of `steps` leads to in the document of `source`."""
    root, first = source.getroottree().getroot(), steps[0]
    found = [root] if root.tag == first.tag else []
    if first.attribute is not None:
        found = _having(found, first, tag_id)
    return walked(found, steps[1:], tag_id)


def _having(elements: list[Element], step: Step, tag_id: str | None) -> list[Element]:
    if not step.same:
        return [element for element in elements if step.attribute in element.attrib]
    if tag_id is None:
        raise etree.XPathEvalError("Undefined variable")
    return [element for element in elements if element.get(step.attribute) == tag_id]


def _tag(found: re.Match[str]) -> str:
    return f"{{{OneLogin_Saml2_Constants.NSMAP[found['prefix']]}}}{found['name']}"
