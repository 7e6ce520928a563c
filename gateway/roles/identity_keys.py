"""Condition keys that the identity itself answers: MinIO's `jwt:*` and `ldap:*`, AWS's `saml:*`.

    jwt:NAME                  the token's claim NAME
    ldap:username, ldap:user  the person's name, and the DN of the person's entry
    ldap:groups, ldap:NAME    the person's groups, and the entry's attribute NAME
    saml:NAME                 what `assertion_keys` has for it, or the assertion's attribute NAME
    aws:username              the person's name, which AWS has for users alone

Trust statements may ask for all but the last. In a session's own requests those have a value that a policy of the
session names, and no others: they travel in the session token, which is small.
Sources: MinIO, "Access Management", policy variables; IAM User Guide, "IAM and AWS STS condition context keys".
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from gateway.domain.identity import Identity, ProviderType
from gateway.roles.assertion_keys import assertion_value
from gateway.roles.claim_values import Value, folded, token_claim

USERNAME: Final = "aws:username"
_DN: Final = "dn"

Reading = Callable[[Identity, str | None], Value | None]
"""Of an identity and the account of the role that is asked for; None while no role is known."""
_OfIdentity = Callable[[Identity], Value | None]
_Read = Callable[[Identity, str, str | None], Value | None]


def reading_of(key: str) -> Reading | None:
    """What answers `key`, in lower case, of people of the one type of provider that has it; None for other keys."""
    prefix, colon, name = key.partition(":")
    family = _FAMILIES.get(prefix + colon)
    if family is None or not name:
        return None
    provider_type, read = family
    return lambda identity, account: read(identity, name, account) if identity.provider_type is provider_type else None


def carried(named: AbstractSet[str]) -> frozenset[str]:
    """Those of the keys that policies name, in lower case, whose values have to travel with a session."""
    return frozenset(key for key in named if key == USERNAME or reading_of(key) is not None)


def carried_values(
    identity: Identity, keys: AbstractSet[str], account: str | None = None
) -> dict[str, tuple[str, ...]]:
    """The values that `identity` has of `keys`, which are what `carried` gave. `account`: the role's.

    None is left out or cut to save room: a Deny that asks for it would be lost. Raises Refusal where two claims of the
    token answer to one key.
    """
    values = ((key, _value(identity, key, account)) for key in sorted(keys))
    return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in values if value is not None}


def _value(identity: Identity, key: str, account: str | None) -> Value | None:
    if key == USERNAME:
        return identity.username
    reading = reading_of(key)
    return None if reading is None else reading(identity, account)


def _token(identity: Identity, name: str, _account: str | None) -> Value | None:
    return token_claim(identity, name)


def _directory(identity: Identity, name: str, _account: str | None) -> Value | None:
    return _OF_DIRECTORY[name](identity) if name in _OF_DIRECTORY else folded(identity.claims, name)


# What the connector has checked comes from the identity, whatever else the person has that is spelt alike.
_OF_DIRECTORY: Final[Mapping[str, _OfIdentity]] = {
    "username": lambda identity: identity.username,
    "user": lambda identity: folded(identity.claims, _DN),
    "groups": lambda identity: tuple(sorted(identity.groups)) or None,
}
_FAMILIES: Final[Mapping[str, tuple[ProviderType, _Read]]] = {
    "jwt:": (ProviderType.OIDC, _token),
    "ldap:": (ProviderType.LDAP, _directory),
    "saml:": (ProviderType.SAML, assertion_value),
}
PREFIXES: Final = tuple(_FAMILIES)
