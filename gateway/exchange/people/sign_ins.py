"""Sign-ins in the store: a record of each, which all that came of it names, and an index of each person's.

Where a record is gone its sign-in is over, on every replica at once: portal session, codes and tokens name it and are
worth nothing without it. Credentials that it gave are no facts of the store; they end by the revocation of its id.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from gateway.domain.errors import NotSignedIn, StateUnavailable
from gateway.domain.revocation import RevocationKind, subject_value
from gateway.exchange.parts import Parts
from gateway.exchange.people.context import PeopleParts
from gateway.exchange.people.records import Kept
from gateway.exchange.people.sign_in_record import SignInRecord
from gateway.exchange.people.signed_in import SignedIn

MAXIMUM: Final = 50
"""Live sign-ins of one person: one more ends the one that began first."""
_KIND: Final = "sign_in"
_INDEX: Final = "sign_ins_of"
_ATTEMPTS: Final = 20
_REMEMBERED: Final = 500
_LONGEST_SESSION: Final = timedelta(hours=12)

Change = Callable[[SignInRecord], SignInRecord]


async def begin(parts: Parts, record: SignInRecord) -> None:
    """Keep a sign-in that has just begun. Raises StateUnavailable; SignInRefused: it is larger than a record."""
    signed_in = record.signed_in
    await parts.people.records.put(_KIND, signed_in.sign_in_id, record.written(), record.until)
    for crowded_out in await _enter(parts, signed_in):
        await end(parts, crowded_out)


async def read(people: PeopleParts, sign_in_id: str) -> SignInRecord | None:
    """Raises StateUnavailable."""
    kept = await people.records.get(_KIND, sign_in_id)
    return None if kept is None else _read(kept)


@lru_cache(maxsize=_REMEMBERED)
def _read(kept: Kept) -> SignInRecord:
    """The record of these sealed bytes, whose content is always the same."""
    return SignInRecord.read(kept.content)


async def change(people: PeopleParts, sign_in_id: str, change: Change) -> SignInRecord:
    """The record as `change` makes it of whatever is kept by now. Raises NotSignedIn, StateUnavailable."""
    return await _changed(people, sign_in_id, change, lambda changed: changed.until)


async def leave(people: PeopleParts, sign_in_id: str, change_of: Change) -> None:
    """Take something out of a sign-in, and the sign-in with the last of it. Raises StateUnavailable."""
    now = people.records.now
    # In the one step that takes the last of it out: credentials that are noted meanwhile would be nobody's to end.
    with contextlib.suppress(NotSignedIn):
        await _changed(people, sign_in_id, change_of, lambda left: now if left.is_over(now) else left.until)


async def _changed(
    people: PeopleParts, sign_in_id: str, change: Change, until: Callable[[SignInRecord], datetime]
) -> SignInRecord:
    for _ in range(_ATTEMPTS):
        kept = await people.records.get(_KIND, sign_in_id)
        if kept is None:
            raise NotSignedIn(cause="the sign-in has ended")
        changed = change(SignInRecord.read(kept.content))
        # Swapped, never put: a sign-in that somebody ended meanwhile must not come back.
        if await people.records.swap(_KIND, sign_in_id, kept, changed.written(), until(changed)):
            return changed
    raise StateUnavailable(cause="the record of a sign-in changes faster than it can be written")


async def add_program(people: PeopleParts, sign_in_id: str, family: str, name: str) -> Sequence[str]:
    """Note a program's tokens; the families that there is no room for any more.

    Raises NotSignedIn, StateUnavailable.
    """
    before: list[str] = []

    def added(record: SignInRecord) -> SignInRecord:
        before[:] = record.programs
        return record.with_program(family, name)

    programs = (await change(people, sign_in_id, added)).programs
    return [one for one in before if one not in programs]


async def note_credentials(people: PeopleParts, sign_in_id: str, until: datetime) -> None:
    """Before credentials that live until then are opened: who ends the sign-in has to know of them.

    Raises NotSignedIn, StateUnavailable.
    """

    def noted(record: SignInRecord) -> SignInRecord:
        return replace(record, credentials_until=max(until, record.credentials_until or until))

    await change(people, sign_in_id, noted)


async def end(parts: Parts, sign_in_id: str) -> bool:
    """End a sign-in and all that came of it; whether there was one. Raises StateUnavailable."""
    record = await read(parts.people, sign_in_id)
    if record is None:
        return False
    # First what must not be left over where the store fails in between, since only the record tells that it is needed.
    # Whoever opens credentials notes it there before, so that without a note there are none.
    if record.credentials_until is not None:
        await parts.revocations.revoke(RevocationKind.SESSION, sign_in_id)
    taken = await parts.people.records.take(_KIND, sign_in_id)
    if taken is not None and record.credentials_until is None and taken["credentials"] is not None:
        await parts.revocations.revoke(RevocationKind.SESSION, sign_in_id)
    return True


async def close(people: PeopleParts, sign_in_id: str) -> None:
    """End a sign-in for whoever would enter by it, programs too; credentials that it gave live on to their own end.

    Raises StateUnavailable.
    """
    await people.records.delete(_KIND, sign_in_id)


async def records_of(people: PeopleParts, person: str) -> Sequence[SignInRecord]:
    """All that are kept of `PROVIDER/SUBJECT`, those that began first in front. Raises StateUnavailable."""
    kept = await people.records.get(_INDEX, person)
    found = [await read(people, sign_in_id) for sign_in_id in (() if kept is None else kept.content["ids"])]
    return [one for one in found if one is not None]


async def _enter(parts: Parts, signed_in: SignedIn) -> Sequence[str]:
    """Write a sign-in into its person's index; those that there is no room for."""
    records, key = parts.people.records, person_of(signed_in)
    # Credentials may be taken until its end, and live so much longer.
    until = signed_in.ends + _LONGEST_SESSION
    for _ in range(_ATTEMPTS):
        kept = await records.get(_INDEX, key)
        ids, last = ([], 0.0) if kept is None else (kept.content["ids"], kept.content["until"])
        if len(ids) >= MAXIMUM:
            ids = [one for one in ids if await read(parts.people, one) is not None]
        # Not twice: a swap of ours may have been done though its answer was lost.
        ids = [*(one for one in ids if one != signed_in.sign_in_id), signed_in.sign_in_id]
        content = {"ids": ids[-MAXIMUM:], "until": max(last, until.timestamp())}
        if await records.swap(_INDEX, key, kept, content, max(until, _moment(last, until))):
            return ids[:-MAXIMUM]
    raise StateUnavailable(cause="the index of a person's sign-ins changes faster than it can be written")


def _moment(seconds: float, like: datetime) -> datetime:
    return datetime.fromtimestamp(seconds, like.tzinfo)


def person_of(signed_in: SignedIn) -> str:
    """How revocations name the person."""
    return subject_value(signed_in.identity.provider, signed_in.identity.subject)
