"""A person's sign-ins as they see them, and the end of one and of all that came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.errors import InvalidParameter, NotSignedIn
from gateway.exchange.parts import Parts
from gateway.exchange.people import portal_sessions, sign_ins
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.revoked import check_sign_in
from gateway.exchange.people.sign_in_record import SignInRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSignIn:
    """`client` and `programs` are what they call themselves, and nobody has checked; `id`: the audit's `sessionId`.

    `browser`: whether its portal session lives; `credentials_until`: when the last credentials end that it gave.
    """

    id: str
    provider: str
    begun: datetime
    ends: datetime
    last_used: datetime
    address: str | None
    client: str | None
    browser: bool
    programs: tuple[str, ...]
    credentials_until: datetime | None
    current: bool
    groups_as_of: datetime


async def sign_ins_of(parts: Parts, session: PortalSession) -> Sequence[SeenSignIn]:
    """Those of which something lives, the newest first. Raises StateUnavailable."""
    found = [await _seen(parts, record, session) for record in await _own(parts, session)]
    return tuple(reversed([one for one in found if one is not None]))


async def end_own(parts: Parts, session: PortalSession, sign_in_id: str) -> None:
    """Raises InvalidParameter where it is none of the person's own; StateUnavailable."""
    # Of another person's sign-in nobody learns here whether there is one.
    if sign_in_id not in {one.signed_in.sign_in_id for one in await _own(parts, session)}:
        raise InvalidParameter("There is no such sign-in; load the page again", parameter="sign_in")
    await sign_ins.end(parts, sign_in_id)


async def end_others(parts: Parts, session: PortalSession) -> Sequence[str]:
    """Their ids. Raises StateUnavailable."""
    own = session.signed_in.sign_in_id
    others = [one.signed_in.sign_in_id for one in await _own(parts, session) if one.signed_in.sign_in_id != own]
    return [one for one in others if await sign_ins.end(parts, one)]


async def _own(parts: Parts, session: PortalSession) -> Sequence[SignInRecord]:
    return await sign_ins.records_of(parts.people, sign_ins.person_of(session.signed_in))


async def _seen(parts: Parts, record: SignInRecord, session: PortalSession) -> SeenSignIn | None:
    """None where nothing of it lives any more."""
    signed_in, now = record.signed_in, parts.clock.now()
    try:
        check_sign_in(parts, signed_in)
    except NotSignedIn:
        return None
    enters = now < signed_in.ends
    browser = enters and record.portal is not None and await portal_sessions.lives(parts.people, record.portal, now)
    programs = tuple(record.programs.values()) if enters else ()
    vended = record.credentials_until
    credentials_until = vended if vended is not None and vended > now else None
    if not (browser or programs or credentials_until):
        return None
    return SeenSignIn(
        id=signed_in.sign_in_id,
        provider=signed_in.identity.provider,
        begun=signed_in.begun,
        ends=signed_in.ends,
        last_used=record.seen,
        address=record.address,
        client=record.agent,
        browser=browser,
        programs=programs,
        credentials_until=credentials_until,
        current=signed_in.sign_in_id == session.signed_in.sign_in_id,
        groups_as_of=signed_in.as_of,
    )
