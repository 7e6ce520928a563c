"""Portal sessions: a record in the store behind a random id, ended by idleness, by age and by signing out."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.errors import NotSignedIn
from gateway.domain.origin import RequestOrigin
from gateway.domain.values import quickly_made
from gateway.exchange.parts import Parts
from gateway.exchange.people import sign_ins
from gateway.exchange.people.context import PeopleParts, drawn
from gateway.exchange.people.following import current
from gateway.exchange.people.signed_in import SignedIn

_KIND: Final = "portal_session"
_TOUCHED_EVERY: Final = 60
"""Seconds: a session in use is written at most so often."""


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSession:
    """A person's session in one browser. `form_token` proves that a form came from a page of this session."""

    session_id: str = field(repr=False)
    form_token: str = field(repr=False)
    signed_in: SignedIn


async def open_portal_session(people: PeopleParts, signed_in: SignedIn) -> PortalSession:
    """A new session under a new id: one that somebody planted in the browser is never filled (session fixation).

    Raises NotSignedIn, StateUnavailable.
    """
    session = PortalSession(session_id=drawn(), form_token=drawn(), signed_in=signed_in)
    content = {"sign_in": signed_in.sign_in_id, "form": session.form_token, "seen": signed_in.as_of.timestamp()}
    await people.records.put(_KIND, session.session_id, content, signed_in.ends)
    await sign_ins.change(people, signed_in.sign_in_id, lambda record: replace(record, portal=session.session_id))
    return session


async def portal_session(parts: Parts, session_id: str, origin: RequestOrigin) -> PortalSession:
    """The session of this id, which counts as used now. Raises NotSignedIn, StateUnavailable."""
    kept = await parts.people.records.get(_KIND, session_id)
    if kept is None:
        raise NotSignedIn(cause="there is no portal session of this id")
    now = parts.clock.now()
    if _is_idle(parts.people, kept.content, now):
        await end_portal_session(parts.people, session_id)
        raise NotSignedIn(cause="the portal session has ended")
    signed_in = await current(parts, kept.content["sign_in"], origin)
    if now.timestamp() - kept.content["seen"] >= min(_TOUCHED_EVERY, parts.people.idle / 10):
        # Replaced, never put: a session that somebody ended meanwhile must not come back.
        await parts.people.records.replace(_KIND, session_id, kept, {**kept.content, "seen": now.timestamp()})
    return PortalSession(session_id=session_id, form_token=kept.content["form"], signed_in=signed_in)


async def lives(people: PeopleParts, session_id: str, now: datetime) -> bool:
    """Whether somebody may still come with it. Raises StateUnavailable."""
    kept = await people.records.get(_KIND, session_id)
    return kept is not None and not _is_idle(people, kept.content, now)


async def end_portal_session(people: PeopleParts, session_id: str) -> None:
    """What else came of its sign-in lives on. Raises StateUnavailable."""
    content = await people.records.take(_KIND, session_id)
    if content is not None:
        await sign_ins.leave(people, content["sign_in"], lambda record: replace(record, portal=None))


def is_form_of(session: PortalSession, token: str) -> bool:
    return secrets.compare_digest(session.form_token.encode(), token.encode("utf-8", "replace"))


def _is_idle(people: PeopleParts, content: Mapping[str, Any], now: datetime) -> bool:
    return now >= datetime.fromtimestamp(content["seen"], UTC) + timedelta(seconds=people.idle)
