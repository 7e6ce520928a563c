"""The tags of a session: templates of the mappings that grant, then what the token itself asks for.

Limits and grammar: AWS STS API Reference, `Tag`; IAM User Guide, "Passing session tags in AWS STS".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain import role as domain
from gateway.domain.identity import Identity, claim_at, claim_texts
from gateway.domain.tags import MAXIMUM_KEY, MAXIMUM_TAGS, MAXIMUM_VALUE, is_reserved, is_tag_text
from gateway.roles.decision import Refusal

_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_CLAIM: Final = "claims."

Reading = Callable[[Identity], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagTemplate:
    """One tag of a mapping, `{username}-{claims.team}` compiled to its parts: literal text, or a reading."""

    key: str
    parts: tuple[str | Reading, ...]

    @classmethod
    def of(cls, key: str, template: str) -> "TagTemplate":
        """Compile one template. Raises ValueError where it names a field that no identity has."""
        # The pattern has one group, so that split gives literal text and field names by turns.
        pieces = enumerate(_FIELD.split(template))
        parts = tuple(_reading(piece) if place % 2 else piece for place, piece in pieces)
        return cls(key=key, parts=tuple(part for part in parts if part != ""))

    def value(self, identity: Identity) -> str | None:
        """The tag's value for one person; None, for no tag, where some part is absent or has several values."""
        texts = [part if isinstance(part, str) else part(identity) for part in self.parts]
        known = [text for text in texts if text is not None]
        return "".join(known) if len(known) == len(texts) else None


def claims_named(mappings: Iterable[domain.Mapping], provider: str) -> frozenset[str]:
    """The claims that the mappings of a provider match or put into tags: a directory is asked for these by name."""
    own = [mapping for mapping in mappings if mapping.provider == provider]
    fields = (
        field for mapping in own for template in mapping.session_tags.values() for field in _FIELD.findall(template)
    )
    tagged = {field.removeprefix(_CLAIM) for field in fields if field.startswith(_CLAIM)}
    return frozenset(tagged | {path for mapping in own for path in mapping.claims})


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTags:
    """Final tags, keys unlike when case is ignored, and those among the keys that a later session inherits."""

    tags: Mapping[str, str]
    transitive: frozenset[str]


def session_tags(granting: Iterable[tuple[str, tuple[TagTemplate, ...]]], identity: Identity) -> SessionTags:
    """All tags of one session. `granting`: mapping id and its templates, of each mapping that grants.

    A mapping's value wins over the token's. Raises Refusal: two mappings give one key unlike values, a key or value
    outside AWS's grammar, more than 50 tags, a transitive key without its tag.
    """
    given: dict[str, tuple[str, str, str]] = {}
    for origin, key, value in _given(granting, identity):
        _check(origin, key, value)
        first_origin, _, first_value = given.setdefault(key.lower(), (origin, key, value))
        if first_value != value:
            raise Refusal(f"{first_origin} and {origin} give the session tag {key!r} unlike values")
    for key, value in identity.session_tags.items():
        _check("the token", key, value)
        given.setdefault(key.lower(), ("the token", key, value))
    if len(given) > MAXIMUM_TAGS:
        raise Refusal(f"the session would carry {len(given)} tags; at most {MAXIMUM_TAGS} are allowed")
    missing = sorted(key for key in identity.transitive_tag_keys if key.lower() not in given)
    if missing:
        raise Refusal(f"the token's transitive tag key {missing[0]!r} is not among the session's tags")
    return SessionTags(
        tags={key: value for _, key, value in given.values()},
        transitive=frozenset(given[key.lower()][1] for key in identity.transitive_tag_keys),
    )


def _given(
    granting: Iterable[tuple[str, tuple[TagTemplate, ...]]], identity: Identity
) -> Iterable[tuple[str, str, str]]:
    for origin, templates in granting:
        for template in templates:
            value = template.value(identity)
            if value is not None:
                yield origin, template.key, value


def _check(origin: str, key: str, value: str) -> None:
    # Values come from claims: one outside the grammar is refused, not mended, so that no two people share a tag.
    if not (0 < len(key) <= MAXIMUM_KEY and is_tag_text(key)) or is_reserved(key):
        raise Refusal(f"{origin} gives a session tag whose key is outside AWS's grammar")
    if len(value) > MAXIMUM_VALUE or not is_tag_text(value):
        raise Refusal(f"{origin} gives the session tag {key!r} a value outside AWS's grammar")


def _reading(field: str) -> Reading:
    if field.startswith(_CLAIM) and len(field) > len(_CLAIM):
        return _claim_reading(field.removeprefix(_CLAIM))
    if field not in _READINGS:
        raise ValueError(f"a session tag's template names {{{field}}}; known are {', '.join(_READINGS)}, claims.NAME")
    return _READINGS[field]


def _claim_reading(path: str) -> Reading:
    def read(identity: Identity) -> str | None:
        value: Any = claim_at(identity.claims, path)
        if isinstance(value, list | tuple) and len(value) != 1:
            return None
        texts = claim_texts(identity.claims, path)
        return texts[0] if texts else None

    return read


_READINGS: Final[Mapping[str, Reading]] = {
    "username": lambda identity: identity.username,
    "subject": lambda identity: identity.subject,
    "email": lambda identity: identity.email,
    "provider": lambda identity: identity.provider,
}
