"""Tokens of one sign-in, a family: an access token of an hour, and a refresh token that is new at each use.

Sealed texts that name their family; the family's record holds the person and the number of the refresh token that is
still good. One that was used before ends the whole family: somebody has a copy (RFC 9700, section 4.14.2).
"""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateway.domain.errors import InvalidGrant, NotSignedIn
from gateway.exchange.people.context import PeopleParts, drawn, fingerprint
from gateway.exchange.people.signed_in import SignedIn
from gateway.sealing.envelope import SealBroken, Sealer

ACCESS_PURPOSE: Final = "sso_access_token"
REFRESH_PURPOSE: Final = "sso_refresh_token"
LIFE: Final = 3_600
_KIND: Final = "token_family"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """`expires_in`: seconds of the access token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    signed_in: SignedIn


async def issue(
    parts: PeopleParts, signed_in: SignedIn, client_id: str, now: datetime, family: str | None = None
) -> IssuedTokens:
    """The first tokens of a family. `family`: drawn by the caller where it must be able to end it.

    Raises InvalidGrant: the sign-in has ended. StateUnavailable.
    """
    if now >= signed_in.ends:
        raise InvalidGrant(cause="the sign-in has ended")
    family = family or drawn()
    content = {"person": signed_in.written(), "generation": 0, "client": fingerprint(client_id)}
    await parts.records.put(_KIND, family, content, signed_in.ends)
    return _sealed(parts, signed_in, family, 0, now)


async def refresh(parts: PeopleParts, refresh_token: str, client_id: str, now: datetime) -> IssuedTokens:
    """The next tokens of a family. Raises InvalidGrant, StateUnavailable."""
    opened = _opened(parts.refresh_tokens, refresh_token)
    if opened is None:
        raise InvalidGrant(cause="the refresh token is none of this gateway's")
    family, generation = opened["f"], opened["g"]
    kept = await parts.records.get(_KIND, family)
    if kept is None:
        raise InvalidGrant(cause="the tokens of this sign-in have ended")
    if kept.content["client"] != fingerprint(client_id):
        raise InvalidGrant(cause="the refresh token is another client's")
    signed_in = SignedIn.read(kept.content["person"])
    if now >= signed_in.ends:
        raise InvalidGrant(cause="the sign-in has ended")
    following = {**kept.content, "generation": generation + 1}
    if kept.content["generation"] != generation or not await parts.records.replace(_KIND, family, kept, following):
        await end_family(parts, family)
        raise InvalidGrant(cause="the refresh token was used before; all tokens of its sign-in are ended")
    return _sealed(parts, signed_in, family, generation + 1, now)


async def bearer(parts: PeopleParts, access_token: str, now: datetime) -> tuple[SignedIn, str]:
    """Who an access token speaks for, and its family. Raises NotSignedIn, StateUnavailable."""
    opened = _opened(parts.access_tokens, access_token)
    if opened is None:
        raise NotSignedIn(cause="the access token is none of this gateway's")
    if now.timestamp() >= opened["e"]:
        raise NotSignedIn(cause="the access token has expired")
    kept = await parts.records.get(_KIND, opened["f"])
    signed_in = None if kept is None else SignedIn.read(kept.content["person"])
    if signed_in is None or now >= signed_in.ends:
        raise NotSignedIn(cause="the tokens of this sign-in have ended")
    return signed_in, opened["f"]


async def end_family(parts: PeopleParts, family: str) -> None:
    """All its tokens are worth nothing from now on. Raises StateUnavailable."""
    await parts.records.delete(_KIND, family)


def _sealed(parts: PeopleParts, signed_in: SignedIn, family: str, generation: int, now: datetime) -> IssuedTokens:
    at = now.timestamp()
    life = max(1, min(LIFE, int(signed_in.ends.timestamp() - at)))
    access = parts.access_tokens.seal(json.dumps({"f": family, "e": at + life}).encode(), now=at)
    following = parts.refresh_tokens.seal(json.dumps({"f": family, "g": generation}).encode(), now=at)
    return IssuedTokens(access_token=access, refresh_token=following, expires_in=life, signed_in=signed_in)


def _opened(sealer: Sealer, token: str) -> dict[str, Any] | None:
    try:
        opened: dict[str, Any] = json.loads(sealer.open(token))
    except SealBroken:
        return None
    return opened
