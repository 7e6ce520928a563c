"""The claims of an identity token as a table of name -> check; what is not in the table proves nothing.

Runs after the signature was found good. Sources: RFC 7519 section 4.1, OpenID Connect Core section 3.1.3.7, RFC 8725.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Never

from gateway.domain.errors import ExpiredIdentityToken, InvalidIdentityToken
from gateway.domain.identity import VerifiedClaims

LEEWAY_SECONDS: Final = 60
LONGEST_LIFE_SECONDS: Final = 24 * 3_600
MAXIMUM_SUBJECT: Final = 255

# Keycloak tells its kinds of token apart by a claim `typ`, not by the header (`ID` is the one meant here).
_OTHER_KINDS: Final = frozenset(("bearer", "refresh", "offline", "logout"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a provider's tokens must say. `now`: seconds since the epoch, whole."""

    issuer: str
    audiences: Collection[str]
    authorized_parties: Collection[str]
    now: int


Claims = Mapping[str, Any]
Check = Callable[[Any, Claims, Expectation], None]


def verified(claims: Claims, expected: Expectation) -> VerifiedClaims:
    """The claims of a token whose signature holds, once each check of the tables has passed.

    Raises InvalidIdentityToken, ExpiredIdentityToken.
    """
    for name, check in _REQUIRED:
        if name not in claims:
            raise InvalidIdentityToken(f"Missing a required claim: {name}")
        check(claims[name], claims, expected)
    for name, check in _OPTIONAL:
        if name in claims:
            check(claims[name], claims, expected)
    return VerifiedClaims(claims)


def matched_audience(claims: VerifiedClaims, audiences: Collection[str]) -> str:
    """The first value of `aud` that is among `audiences`, which are those that the claims were verified for."""
    value = claims["aud"]
    if isinstance(value, str):
        return value
    return next(audience for audience in _audiences(value) if audience in audiences)


def _refuse(cause: str) -> Never:
    raise InvalidIdentityToken("The ID Token's claims do not hold", cause=cause)


def _issuer(value: Any, _claims: Claims, expected: Expectation) -> None:
    if value != expected.issuer or not isinstance(value, str):
        _refuse("iss is not the provider's issuer")


def _audience(value: Any, claims: Claims, expected: Expectation) -> None:
    audiences = _audiences(value)
    if set(audiences).isdisjoint(expected.audiences):
        raise InvalidIdentityToken("Incorrect token audience", cause="aud has none of the provider's audiences")
    if len(audiences) > 1:
        # A token for several parties was asked for by one of them; that one must be known (Core 3.1.3.7, 4 and 5).
        party = claims.get("azp")
        if not isinstance(party, str) or party not in expected.authorized_parties:
            raise InvalidIdentityToken(
                "Incorrect token audience",
                cause="aud has several values, and azp is " + ("missing" if party is None else "no authorized party"),
            )


def _audiences(value: Any) -> list[str]:
    # RFC 7519 4.1.3: one string, or a list of them.
    if isinstance(value, str):
        return [value]
    audiences = value
    if not isinstance(audiences, list) or not all(isinstance(audience, str) for audience in audiences):
        raise InvalidIdentityToken("Incorrect token audience", cause="aud is neither text nor a list of texts")
    return audiences


def _subject(value: Any, _claims: Claims, _expected: Expectation) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MAXIMUM_SUBJECT or not value.isprintable():
        _refuse(f"sub is not a text of 1 to {MAXIMUM_SUBJECT} printable characters")


def _issued_at(value: Any, _claims: Claims, expected: Expectation) -> None:
    if _seconds("iat", value) > expected.now + LEEWAY_SECONDS:
        _refuse("iat is in the future")


def _expiry(value: Any, claims: Claims, expected: Expectation) -> None:
    expires_at, issued_at = _seconds("exp", value), _seconds("iat", claims["iat"])
    if expected.now >= expires_at + LEEWAY_SECONDS:
        raise ExpiredIdentityToken(now=expected.now, expired_at=expires_at)
    if expires_at - issued_at > LONGEST_LIFE_SECONDS + LEEWAY_SECONDS:
        _refuse(f"exp is more than {LONGEST_LIFE_SECONDS} seconds after iat")


def _not_before(value: Any, _claims: Claims, expected: Expectation) -> None:
    if _seconds("nbf", value) > expected.now + LEEWAY_SECONDS:
        _refuse("nbf is in the future")


def _authentication_time(value: Any, _claims: Claims, expected: Expectation) -> None:
    if not 0 <= _seconds("auth_time", value) <= expected.now + LEEWAY_SECONDS:
        _refuse("auth_time is in the future")


def _kind(value: Any, _claims: Claims, _expected: Expectation) -> None:
    if isinstance(value, str) and value.lower() in _OTHER_KINDS:
        _refuse("the token's typ says that it is no ID token")


def _events(_value: Any, _claims: Claims, _expected: Expectation) -> None:
    # Back-Channel Logout 2.4 and RFC 8417 2.2: what has `events` tells of something that happened, and signs nobody in.
    _refuse("the token has events, as logout tokens have")


def _seconds(name: str, value: Any) -> int:
    """AWS documents integers for iat and exp; a float or a text is a sign of another producer, True is an int."""
    if type(value) is not int:
        _refuse(f"{name} is not an integer")
    return value


# In this order: the expiry of a token for somebody else is nobody's business.
REQUIRED: Final[Mapping[str, Check]] = MappingProxyType(
    {"iss": _issuer, "aud": _audience, "sub": _subject, "iat": _issued_at, "exp": _expiry}
)
OPTIONAL: Final[Mapping[str, Check]] = MappingProxyType(
    {"nbf": _not_before, "auth_time": _authentication_time, "typ": _kind, "events": _events}
)
# As the tables were when this was imported: going over them costs less.
_REQUIRED: Final = tuple(REQUIRED.items())
_OPTIONAL: Final = tuple(OPTIONAL.items())
