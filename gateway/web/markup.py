"""HTML as values: every text becomes HTML in one place, once, and no string of ours can become it by accident."""

from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Final


class Markup(str):
    """Ready HTML, made by this module alone: whatever else is a text, and is escaped."""

    __slots__ = ()


Child = Markup | str | None
"""A child of an element; None is none at all."""

Attribute = str | int | bool | None
"""An attribute's value: True has none, False and None leave the attribute out."""

_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta"})
"""Elements without content and end (HTML Standard, "Void elements")."""


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element. `class_` is the attribute `class`; `aria_label` is `aria-label`."""
    given = "".join([_attribute(key, value) for key, value in attributes.items()]) if attributes else ""
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{''.join([_html(child) for child in children if child is not None])}</{name}>")


def joined(children: Iterable[Child], between: str = "") -> Markup:
    """Elements and texts one after the other."""
    return Markup(escape(between).join([_html(child) for child in children if child is not None]))


def _html(child: str) -> str:
    return child if isinstance(child, Markup) else escape(child)


@cache
def _attribute_name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = _attribute_name(key)
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
