"""Tokens of one sign-in, a family: an access token of an hour, and a refresh token that is new at each use.

Sealed texts that name their family; the family's record holds the person and the number of the refresh token that is
still good. One that was used before ends the whole family: somebody has a copy (RFC 9700, section 4.14.2).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.domain.errors import InvalidGrant, NotSignedIn
from gateway.exchange.people import sign_ins
from gateway.exchange.people.context import PeopleParts, drawn, fingerprint
from gateway.exchange.people.records import Kept
from gateway.exchange.people.signed_in import SignedIn
from gateway.sealing.envelope import SealBroken, Sealer

ACCESS_PURPOSE: Final = "sso_access_token"
REFRESH_PURPOSE: Final = "sso_refresh_token"
LIFE: Final = 3_600
_KIND: Final = "token_family"
_TRIES: Final = 3
_BARRED: Final[Mapping[str, Any]] = {}
"""In place of a family's record: nothing is issued, nothing counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedTokens:
    """`expires_in`: seconds of the access token."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    signed_in: SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Whom tokens are for. `name`: what it calls itself, and nobody has checked."""

    client_id: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A refresh token that is good still; `rotate` uses it up. `generation`: its number in its family."""

    sign_in_id: str
    family: str = field(repr=False)
    generation: int
    client: str = field(repr=False)
    kept: Kept = field(repr=False)


async def issue(
    parts: PeopleParts, signed_in: SignedIn, program: Program, now: datetime, family: str | None = None
) -> IssuedTokens:
    """The first tokens of a family. `family`: drawn by the caller where it must be able to end it.

    Raises NotSignedIn: the sign-in has ended. InvalidGrant: the family was barred. StateUnavailable.
    """
    family, sign_in_id = family or drawn(), signed_in.sign_in_id
    content = {"sign_in": sign_in_id, "generation": 0, "client": fingerprint(program.client_id)}
    crowded_out = await sign_ins.add_program(parts, sign_in_id, family, program.name)
    if not await _begun(parts, family, content, signed_in.ends):
        await _leave(parts, sign_in_id, family)
        raise InvalidGrant(cause="the tokens were ended before they were given")
    for one in crowded_out:
        await parts.records.delete(_KIND, one)
    return _sealed(parts, signed_in, family, 0, now)


async def presented(parts: PeopleParts, refresh_token: str, client_id: str) -> Presented:
    """What a refresh token is of; it may be used still. Raises InvalidGrant, StateUnavailable."""
    opened = _opened(parts.refresh_tokens, refresh_token)
    if opened is None:
        raise InvalidGrant(cause="the refresh token is none of this gateway's")
    return await _unused(parts, opened["f"], opened["g"], fingerprint(client_id))


async def rotate(parts: PeopleParts, shown: Presented, signed_in: SignedIn, now: datetime) -> IssuedTokens:
    """Use a refresh token up, for the next tokens of its family.

    It comes last: whoever is turned away before comes again with the same token, and is taken for nobody's copy.
    Raises InvalidGrant, StateUnavailable, KeyringUnavailable.
    """
    generation = shown.generation + 1
    following = _sealed(parts, signed_in, shown.family, generation, now)
    for _ in range(_TRIES):
        changed = {**shown.kept.content, "generation": generation}
        if await parts.records.replace(_KIND, shown.family, shown.kept, changed):
            return following
        shown = await _unused(parts, shown.family, shown.generation, shown.client)
    raise await _used_before(parts, shown.family)


async def give_back(parts: PeopleParts, shown: Presented) -> None:
    """A token is good again whose successor nobody was given: whoever had used it since has ended the family."""
    kept = await _living(parts, shown.family)
    if kept is not None and kept.content["generation"] == shown.generation + 1:
        await parts.records.replace(_KIND, shown.family, kept, {**kept.content, "generation": shown.generation})


async def _unused(parts: PeopleParts, family: str, generation: int, client: str) -> Presented:
    kept = await _living(parts, family)
    if kept is None:
        raise InvalidGrant(cause="the tokens of this sign-in have ended")
    if kept.content["client"] != client:
        raise InvalidGrant(cause="the refresh token is another client's")
    # One of a later generation than the record is no copy: a store that failed over has lost what it acknowledged, be
    # it between the look and the change.
    if generation < kept.content["generation"]:
        raise await _used_before(parts, family)
    return Presented(sign_in_id=kept.content["sign_in"], family=family, generation=generation, client=client, kept=kept)


async def _used_before(parts: PeopleParts, family: str) -> InvalidGrant:
    await end_family(parts, family)
    return InvalidGrant(cause="the refresh token was used before; all tokens of its sign-in are ended")


async def bearer(parts: PeopleParts, access_token: str, now: datetime) -> tuple[str, str]:
    """The sign-in that an access token is of, and its family. Raises NotSignedIn, StateUnavailable."""
    opened = _opened(parts.access_tokens, access_token)
    if opened is None:
        raise NotSignedIn(cause="the access token is none of this gateway's")
    if now.timestamp() >= opened["e"]:
        raise NotSignedIn(cause="the access token has expired")
    kept = await _living(parts, opened["f"])
    if kept is None:
        raise NotSignedIn(cause="the tokens of this sign-in have ended")
    return kept.content["sign_in"], opened["f"]


async def end_family(parts: PeopleParts, family: str) -> None:
    """All its tokens are worth nothing from now on. Raises StateUnavailable."""
    content = await parts.records.take(_KIND, family)
    if content:
        await _leave(parts, content["sign_in"], family)


async def bar_family(parts: PeopleParts, sign_in_id: str, family: str, now: datetime) -> None:
    """End a family of the sign-in, one too whose first tokens are only on their way. Raises StateUnavailable."""
    await parts.records.put(_KIND, family, _BARRED, now + timedelta(seconds=parts.absolute))
    await _leave(parts, sign_in_id, family)


async def _begun(parts: PeopleParts, family: str, content: Mapping[str, Any], until: datetime) -> bool:
    """Write the record of a family; False where it was barred: a code was used again since it was redeemed."""
    if await parts.records.swap(_KIND, family, None, content, until):
        return True
    # What stands there may be our own, whose answer was lost.
    kept = await _living(parts, family)
    return kept is not None and kept.content == content


async def _living(parts: PeopleParts, family: str) -> Kept | None:
    """The family's record; None where it has ended, or never was."""
    kept = await parts.records.get(_KIND, family)
    return None if kept is None or kept.content == _BARRED else kept


async def _leave(parts: PeopleParts, sign_in_id: str, family: str) -> None:
    await sign_ins.leave(parts, sign_in_id, lambda record: record.without_program(family))


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
