"""The claim that a condition key means: the key has lost the case of its letters, the claim has not."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from gateway.domain.identity import Identity, claim_texts
from gateway.roles.decision import Refusal

Value = str | Sequence[str]
"""One text is single-valued, a sequence multivalued."""


def token_claim(identity: Identity, name: str) -> Value | None:
    """The claim `name`, in lower case, of the identity's token. Raises Refusal where it could be either of two."""
    return _CHECKED[name](identity) if name in _CHECKED else folded(identity.claims, name)


# What the connector has checked comes from the identity, whatever else in the token is spelt alike.
_CHECKED: Final[Mapping[str, Callable[[Identity], Value | None]]] = {
    "sub": lambda identity: identity.subject,
    "aud": lambda identity: identity.audience,
    "amr": lambda identity: identity.amr or None,
}


def folded(claims: Mapping[str, Any], name: str) -> Value | None:
    """The claim that a condition key means, whose case is lost; dots step into objects where no whole name matches."""
    rest: str | None = name
    value: Any = claims
    while rest is not None:
        if not isinstance(value, Mapping):
            return None
        step, rest = _step(value, rest)
        if step is None:
            return None
        value = value[step]
    values = value if isinstance(value, list | tuple) else None
    texts = claim_texts({"": value}, "")
    if values is not None:
        return texts or None
    return texts[0] if texts else None


def _step(claims: Mapping[str, Any], name: str) -> tuple[str | None, str | None]:
    """The member that `name` or its first step means, and what is left of the path."""
    whole = _spelt(claims, name)
    if whole is not None:
        return whole, None
    step, dot, rest = name.partition(".")
    return (_spelt(claims, step), rest) if dot else (None, None)


def _spelt(claims: Mapping[str, Any], name: str) -> str | None:
    found = [claim for claim in claims if claim.lower() == name]
    if len(found) > 1:
        # Neither may stand in for the other, in an Allow or in a Deny: the token cannot be judged by this statement.
        raise Refusal(f"the token has claims that differ only by case, {' and '.join(sorted(found))}")
    return found[0] if found else None
