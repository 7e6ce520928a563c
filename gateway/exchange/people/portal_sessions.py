"""Portal sessions: a record in the store behind a random id, ended by idleness, by age and by signing out."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.domain.clock import Clock
from gateway.domain.errors import NotSignedIn
from gateway.exchange.people.context import PeopleParts, drawn
from gateway.exchange.people.signed_in import SignedIn

_KIND: Final = "portal_session"
_TOUCHED_EVERY: Final = 60
"""Seconds: a session in use is written at most so often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSession:
    """A person's session in one browser. `form_token` proves that a form came from a page of this session."""

    session_id: str = field(repr=False)
    form_token: str = field(repr=False)
    signed_in: SignedIn


async def open_portal_session(parts: PeopleParts, signed_in: SignedIn) -> PortalSession:
    """A new session under a new id: one that somebody planted in the browser is never filled (session fixation)."""
    session = PortalSession(session_id=drawn(), form_token=drawn(), signed_in=signed_in)
    content = {"person": signed_in.written(), "form": session.form_token, "seen": signed_in.begun.timestamp()}
    await parts.records.put(_KIND, session.session_id, content, signed_in.ends)
    return session


async def portal_session(parts: PeopleParts, session_id: str, clock: Clock) -> PortalSession:
    """The session of this id, which counts as used now. Raises NotSignedIn, StateUnavailable."""
    kept = await parts.records.get(_KIND, session_id)
    if kept is None:
        raise NotSignedIn(cause="there is no portal session of this id")
    now = clock.now()
    signed_in = SignedIn.read(kept.content["person"])
    seen = datetime.fromtimestamp(kept.content["seen"], UTC)
    if now >= signed_in.ends or now >= seen + timedelta(seconds=parts.idle):
        await parts.records.delete(_KIND, session_id)
        raise NotSignedIn(cause="the portal session has ended")
    if (now - seen).total_seconds() >= min(_TOUCHED_EVERY, parts.idle / 10):
        # Replaced, never put: a session that somebody ended meanwhile must not come back.
        await parts.records.replace(_KIND, session_id, kept, {**kept.content, "seen": now.timestamp()})
    return PortalSession(session_id=session_id, form_token=kept.content["form"], signed_in=signed_in)


async def end_portal_session(parts: PeopleParts, session_id: str) -> None:
    """Raises StateUnavailable."""
    await parts.records.delete(_KIND, session_id)


def is_form_of(session: PortalSession, token: str) -> bool:
    return secrets.compare_digest(session.form_token.encode(), token.encode("utf-8", "replace"))
