"""The condition keys that trust statements are judged with, each with where its value comes from.

Sources: IAM User Guide, "IAM and AWS STS condition context keys" and "AWS global condition context keys". The keys
under `gateway:` are our own, and what mappings compile to:

    gateway:Provider             name of the provider in the configuration
    gateway:Groups               the person's groups
    gateway:Claims/PATH          the claim at PATH, all its values; PATH as `claim_key` writes it
    gateway:Amr, gateway:Amr/N   how the person signed in, all methods; N only lets one statement ask several times
    gateway:Acr                  the login's class
    gateway:AuthenticationAge    whole seconds since the person signed in at the provider, begun ones counted

`identity_keys` reads `jwt:*`, `ldap:*` and `saml:*`. A key whose value is not known is absent: it satisfies no
condition that asks for a value.
"""

import math
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from gateway.domain.arn import issuer_path, ldap_provider_arn, oidc_provider_arn, saml_provider_arn
from gateway.domain.directory_names import comparable
from gateway.domain.identity import Identity, ProviderType, claim_texts
from gateway.domain.role import Role
from gateway.domain.values import quickly_made
from gateway.roles.claim_values import Value, token_claim
from gateway.roles.decision import AssumptionRequest
from gateway.roles.identity_keys import PREFIXES, reading_of

PROVIDER: Final = "gateway:Provider"
GROUPS: Final = "gateway:Groups"
AMR: Final = "gateway:Amr"
ACR: Final = "gateway:Acr"
AUTHENTICATION_AGE: Final = "gateway:AuthenticationAge"
_CLAIMS: Final = "gateway:claims/"
_PLAIN: Final = frozenset(string.ascii_lowercase + string.digits + "._-")
_CLOCK_SKEW_SECONDS: Final = 60
_MFA: Final = "mfa"
_REMEMBERED: Final = 1_024


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a trust statement may be judged by. `tags` are those that the session would carry.

    `role` is None while mappings are judged, which know no role.
    """

    identity: Identity
    request: AssumptionRequest
    now: datetime
    role: Role | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive_tag_keys: frozenset[str] = frozenset()
    source_identity: str | None = None


Reader = Callable[[Facts], Value | None]


def claim_key(path: str) -> str:
    """The condition key of the claim at `path`.

    Claim names are case-sensitive and condition keys are not: whatever is not a small letter, digit, `.`, `_` or `-`
    is written as %XX of its UTF-8 bytes, so that no two claims ever share a key.
    """
    return "gateway:Claims/" + "".join(
        character if character in _PLAIN else "".join(f"%{byte:02x}" for byte in character.encode())
        for character in path
    )


def claim_path(key: str) -> str | None:
    """The claim's path that `claim_key` wrote as `key`, None for any other key."""
    if not key.lower().startswith(_CLAIMS):
        return None
    first, *rest = key[len(_CLAIMS) :].split("%")
    try:
        escaped = b"".join(bytes.fromhex(piece[:2]) + piece[2:].encode() for piece in rest)
        return first + escaped.decode()
    except ValueError:
        return None


def readers(keys: Iterable[str], issuers: Iterable[str]) -> Mapping[str, Reader]:
    """Each key, in lower case, that can have a value at all, with what reads it. `issuers`: the configured ones."""
    # The longest first: `host:8080:sub` is the claim `sub` of `host:8080`, never the claim `8080:sub` of `host`.
    prefixes = sorted((f"{issuer_path(issuer)}:".lower() for issuer in issuers), key=len, reverse=True)
    found = ((key, _reader(key, prefixes)) for key in sorted({key.lower() for key in keys}))
    return {key: reader for key, reader in found if reader is not None}


def values_of(known: Mapping[str, Reader], facts: Facts) -> dict[str, Value]:
    """The keys that have a value now. Raises Refusal where two claims of the token answer to one key."""
    values = {}
    for key, reader in known.items():
        value = reader(facts)
        if value is not None:
            values[key] = value
    return values


def session_keys(identity: Identity, account: str) -> dict[str, tuple[str, ...]]:
    """The keys that stay true of the whole session: who signed in, where, and how; names in lower case."""
    if identity.provider_type is ProviderType.SAML:
        return {"aws:federatedprovider": (saml_provider_arn(account, identity.provider),)}
    if identity.provider_type is ProviderType.LDAP:
        return {"aws:federatedprovider": (ldap_provider_arn(account, identity.provider),)}
    subject, audience, methods = _keys_of_issuer(identity.issuer)
    kept: dict[str, tuple[str, ...]] = {subject: (identity.subject,), audience: (identity.audience,)}
    if identity.amr:
        kept[methods] = identity.amr
    kept["aws:federatedprovider"] = (oidc_provider_arn(account, identity.issuer),)
    return kept


@lru_cache(maxsize=_REMEMBERED)
def _keys_of_issuer(issuer: str) -> tuple[str, str, str]:
    path = issuer_path(issuer).lower()
    return f"{path}:sub", f"{path}:aud", f"{path}:amr"


def _reader(key: str, issuer_prefixes: Sequence[str]) -> Reader | None:
    if key in _EXACT:
        return _EXACT[key]
    for prefix, make in _FAMILIES.items():
        if key.startswith(prefix):
            return make(key.removeprefix(prefix))
    for prefix in issuer_prefixes:
        if key.startswith(prefix):
            return _token_claim(prefix.removesuffix(":"), key.removeprefix(prefix))
    return None


def _token_claim(issuer: str, claim: str) -> Reader:
    """`<issuer>:<claim>`, which only a token of this very issuer can fill."""

    def read(facts: Facts) -> Value | None:
        identity = facts.identity
        if identity.provider_type is not ProviderType.OIDC or issuer_path(identity.issuer).lower() != issuer:
            return None
        return token_claim(identity, claim)

    return read


def _authentication_age(facts: Facts) -> str | None:
    signed_in = facts.identity.authenticated_at
    if signed_in is None:
        return None
    age = (facts.now - signed_in).total_seconds()
    return str(max(0, math.ceil(age))) if age >= -_CLOCK_SKEW_SECONDS else None


def _federated_provider(facts: Facts) -> str | None:
    if facts.role is None:
        return None
    return next(iter(session_keys(facts.identity, facts.role.arn.account).get("aws:federatedprovider", ())), None)


def _secure_transport(facts: Facts) -> str | None:
    secure = facts.request.secure_transport
    return None if secure is None else str(secure).lower()


def _tag(key: str) -> Reader:
    return lambda facts: _tag_value(facts.tags, key)


def _role_tag(key: str) -> Reader:
    return lambda facts: None if facts.role is None else _tag_value(facts.role.tags, key)


def _tag_value(tags: Mapping[str, str], key: str) -> str | None:
    return next((value for name, value in tags.items() if name.lower() == key), None)


def _mapped_claim(written: str) -> Reader | None:
    path = claim_path(_CLAIMS + written)
    return None if path is None else lambda facts: claim_texts(facts.identity.claims, path) or None


def _of_identity(prefix: str) -> Callable[[str], Reader | None]:
    def reader(name: str) -> Reader | None:
        reading = reading_of(prefix + name)
        return None if reading is None else lambda facts: reading(facts.identity, _account(facts))

    return reader


def _account(facts: Facts) -> str | None:
    return None if facts.role is None else facts.role.arn.account


def _groups(identity: Identity) -> tuple[str, ...]:
    """A directory compares names without regard to case, and DNs as DNs; of other providers each letter counts."""
    if identity.provider_type is not ProviderType.LDAP:
        return tuple(identity.groups)
    return tuple({comparable(group) for group in identity.groups})


def _methods(_number: str) -> Reader:
    return lambda facts: facts.identity.amr or None


_EXACT: Final[Mapping[str, Reader]] = {
    PROVIDER.lower(): lambda facts: facts.identity.provider,
    GROUPS.lower(): lambda facts: _groups(facts.identity) or None,
    AMR.lower(): lambda facts: facts.identity.amr or None,
    ACR.lower(): lambda facts: facts.identity.acr,
    AUTHENTICATION_AGE.lower(): _authentication_age,
    "aws:currenttime": lambda facts: facts.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "aws:epochtime": lambda facts: str(int(facts.now.timestamp())),
    "aws:federatedprovider": _federated_provider,
    "aws:multifactorauthpresent": lambda facts: "true" if _MFA in facts.identity.amr else None,
    "aws:securetransport": _secure_transport,
    "aws:sourceip": lambda facts: facts.request.source_ip,
    "aws:tagkeys": lambda facts: tuple(facts.tags) or None,
    "sts:rolesessionname": lambda facts: facts.request.session_name,
    "sts:sourceidentity": lambda facts: facts.source_identity,
    "sts:transitivetagkeys": lambda facts: tuple(sorted(facts.transitive_tag_keys)) or None,
}

_FAMILIES: Final[Mapping[str, Callable[[str], Reader | None]]] = {
    _CLAIMS: _mapped_claim,
    f"{AMR.lower()}/": _methods,
    "aws:requesttag/": _tag,
    "aws:resourcetag/": _role_tag,
    "iam:resourcetag/": _role_tag,
    **{prefix: _of_identity(prefix) for prefix in PREFIXES},
}
