"""From verified claims to an Identity: names, groups and what is known of the sign-in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from gateway.connectors.oidc.aws_claims import session_tags, source_identity
from gateway.connectors.oidc.settings import ClaimPaths
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import Identity, ProviderType, VerifiedClaims, claim_at

_STANDARD_EMAIL: Final = "email"
_MAXIMUM_USERNAME: Final = 255
_MAXIMUM_EMAIL: Final = 254


def identity_of(claims: VerifiedClaims, *, provider: str, audience: str, paths: ClaimPaths) -> Identity:
    """The Identity of a token's claims. `audience`: the one of `aud` that was accepted.

    An e-mail address counts only with `email_verified` true; else it is left out, of `claims` too: whoever may write
    any address into an account must not become the person whom a mapping, a tag or a user name takes from it.

    Raises InvalidIdentityToken: no usable user name, or AWS's claims in another shape. InvalidTags.
    """
    email = _verified_email(claims, paths.email)
    believed: Mapping[str, Any] = claims
    if email is None:
        for path in {paths.email, _STANDARD_EMAIL}:
            believed = _without(believed, path)
    tags, transitive = session_tags(claims)
    authenticated_at = claims.get("auth_time")
    return Identity(
        provider=provider,
        provider_type=ProviderType.OIDC,
        issuer=claims["iss"],
        subject=claims["sub"],
        audience=audience,
        username=_username(believed, paths.username),
        email=email,
        groups=_groups(claim_at(claims, paths.groups)),
        claims=believed,
        authenticated_at=None if authenticated_at is None else datetime.fromtimestamp(authenticated_at, UTC),
        amr=_texts(claims.get("amr")),
        acr=acr if isinstance(acr := claims.get("acr"), str) else None,
        session_tags=tags,
        transitive_tag_keys=transitive,
        source_identity=source_identity(claims),
    )


def _verified_email(claims: Mapping[str, Any], path: str) -> str | None:
    email = claim_at(claims, path)
    # OpenID Connect Core 5.7: an address is no identifier; nOAuth (2023) was providers that took it for one.
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    # `a@evil@corp` has two domains, whichever the reader prefers.
    name, _, domain = email.partition("@")
    plain = email.isprintable() and " " not in email and "@" not in domain and len(email) <= _MAXIMUM_EMAIL
    return email if plain and name and domain else None


def _without(claims: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """`claims` without what claim_at finds at `path`."""
    if path in claims:
        return {name: value for name, value in claims.items() if name != path}
    step, _, rest = path.partition(".")
    inner = claims.get(step)
    if not rest or not isinstance(inner, dict):
        return claims
    return {**claims, step: _without(inner, rest)}


def _username(claims: Mapping[str, Any], path: str) -> str:
    username = claim_at(claims, path)
    if not isinstance(username, str) or not 0 < len(username) <= _MAXIMUM_USERNAME or not username.isprintable():
        raise InvalidIdentityToken(
            "The ID Token does not name its user",
            cause=f"the user name's claim {path} is absent, not believed, or not 1 to {_MAXIMUM_USERNAME} printable "
            "characters",
        )
    return username


def _groups(value: Any) -> frozenset[str]:
    """The texts of a list; what is none in it is nobody's group.

    One text is one group, as AD FS and others write a list of one. Taken apart at its blanks, `Web Admins` would be
    `Admins` too.
    """
    several = value if isinstance(value, list) else [value]
    return frozenset([text for text in several if text and isinstance(text, str)])


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple([item for item in value if isinstance(item, str)]) if isinstance(value, list) else ()
