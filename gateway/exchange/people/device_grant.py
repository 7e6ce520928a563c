"""The device grant (RFC 8628): a program without a browser shows a code, a person types it on a page and approves.

Opening the page's link approves nothing: the page says who asks, from where, and one form answers.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.errors import (
    AuthorizationDeclined,
    AuthorizationPending,
    ExpiredGrant,
    InvalidGrant,
    PolledTooFast,
)
from gateway.domain.origin import RequestOrigin
from gateway.exchange.people.clients import Client
from gateway.exchange.people.context import PeopleParts, drawn, fingerprint
from gateway.exchange.people.records import Kept
from gateway.exchange.people.signed_in import SignedIn

LIFE: Final = 600
INTERVAL: Final = 5
_SLOWER_BY: Final = 5
_TRIES: Final = 5
_GRACE: Final = 0.5
"""Seconds that a client may be early: its clock and the way here are not exact."""
_KIND: Final = "device_code"
_USER_KIND: Final = "user_code"
# RFC 8628 6.1: no vowels, so that no words come out, and nothing that is read two ways.
_ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"
_LENGTH: Final = 8
_USED: Final = "the device code was used before"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodes:
    device_code: str = field(repr=False)
    user_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """What a page tells of a request that waits for an answer. `client_name` is the client's own word."""

    user_code: str
    client_name: str
    source_ip: str | None
    user_agent: str | None
    begun: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """The sign-in whose person approved, and the family of the tokens to issue."""

    sign_in_id: str
    family: str = field(repr=False)
    kept: Kept = field(repr=False)


async def start(parts: PeopleParts, client: Client, origin: RequestOrigin, now: datetime) -> DeviceCodes:
    """Raises StateUnavailable."""
    codes = DeviceCodes(device_code=drawn(), user_code=_user_code())
    until = now + timedelta(seconds=LIFE)
    asked = {
        "user_code": codes.user_code,
        "name": client.name,
        "ip": origin.source_ip,
        "agent": origin.user_agent,
        "begun": now.timestamp(),
    }
    waiting = {
        "asked": asked,
        "client": fingerprint(client.client_id),
        "answer": "waiting",
        "interval": INTERVAL,
        "polled": 0.0,
    }
    # Kept a little longer than it is good, so that its client is told that it has expired.
    await parts.records.put(_KIND, codes.device_code, waiting, until + timedelta(seconds=LIFE))
    await parts.records.put(_USER_KIND, _plain(codes.user_code), {"device": codes.device_code}, until)
    return codes


async def waiting_request(parts: PeopleParts, user_code: str, now: datetime) -> DeviceRequest | None:
    """The request that a typed code means; None where it means none that waits. Raises StateUnavailable."""
    found = await _found(parts, user_code, now)
    return None if found is None else _told(found[1].content)


async def answer(parts: PeopleParts, user_code: str, signed_in: SignedIn | None, now: datetime) -> DeviceRequest | None:
    """Approve in the name of a person, or decline (None); the request, or None where none waits.

    Raises StateUnavailable.
    """
    answered: Mapping[str, Any] = {"answer": "declined"}
    if signed_in is not None:
        answered = {"answer": "approved", "sign_in": signed_in.sign_in_id, "family": drawn()}
    for _ in range(_TRIES):
        found = await _found(parts, user_code, now)
        if found is None:
            return None
        device_code, kept = found
        # Of an approval and a refusal at once one counts, and a code is answered once. Where only its program asked in
        # between, it waits still.
        if await parts.records.replace(_KIND, device_code, kept, {**kept.content, **answered}):
            await parts.records.delete(_USER_KIND, _plain(user_code))
            return _told(kept.content)
    return None


async def approved(parts: PeopleParts, device_code: str, client: Client, now: datetime) -> Approved:
    """The answer of a person who approved; `redeem` uses it up.

    Raises AuthorizationPending, PolledTooFast, AuthorizationDeclined, ExpiredGrant, InvalidGrant, StateUnavailable.
    """
    kept = await parts.records.get(_KIND, device_code)
    if kept is None:
        raise InvalidGrant(cause="there is no such device code")
    if kept.content["client"] != fingerprint(client.client_id):
        raise InvalidGrant(cause="the device code is another client's")
    if now.timestamp() >= kept.content["asked"]["begun"] + LIFE:
        raise ExpiredGrant
    if kept.content["answer"] == "waiting":
        raise await _not_yet(parts, device_code, kept, now)
    if kept.content["answer"] == "declined":
        raise AuthorizationDeclined
    if kept.content["answer"] == "used":
        raise InvalidGrant(cause=_USED)
    return Approved(sign_in_id=kept.content["sign_in"], family=kept.content["family"], kept=kept)


async def redeem(parts: PeopleParts, device_code: str, answered: Approved) -> None:
    """Use an approval up: for one caller, once. Raises InvalidGrant, StateUnavailable."""
    used = {**answered.kept.content, "answer": "used"}
    if not await parts.records.replace(_KIND, device_code, answered.kept, used):
        raise InvalidGrant(cause=_USED)


async def _not_yet(
    parts: PeopleParts, device_code: str, kept: Kept, now: datetime
) -> AuthorizationPending | PolledTooFast:
    content = kept.content
    fast = now.timestamp() < content["polled"] + content["interval"] - _GRACE
    interval = content["interval"] + (_SLOWER_BY if fast else 0)
    polled = {**content, "polled": now.timestamp(), "interval": interval}
    # Where it is lost, somebody answered or polled at this moment: the next poll finds out.
    await parts.records.replace(_KIND, device_code, kept, polled)
    return PolledTooFast() if fast else AuthorizationPending()


async def _found(parts: PeopleParts, user_code: str, now: datetime) -> tuple[str, Kept] | None:
    pointer = await parts.records.get(_USER_KIND, _plain(user_code))
    if pointer is None:
        return None
    device_code = pointer.content["device"]
    kept = await parts.records.get(_KIND, device_code)
    if kept is None or kept.content["answer"] != "waiting" or now.timestamp() >= kept.content["asked"]["begun"] + LIFE:
        return None
    return device_code, kept


def _told(content: Mapping[str, Any]) -> DeviceRequest:
    asked = content["asked"]
    return DeviceRequest(
        user_code=asked["user_code"],
        client_name=asked["name"],
        source_ip=asked["ip"],
        user_agent=asked["agent"],
        begun=datetime.fromtimestamp(asked["begun"], UTC),
    )


def _user_code() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return f"{letters[: _LENGTH // 2]}-{letters[_LENGTH // 2 :]}"


def _plain(user_code: str) -> str:
    """As it was meant: people type small letters, blanks and no dash."""
    return "".join(letter for letter in user_code.upper() if letter in _ALPHABET)[: _LENGTH + 1]
