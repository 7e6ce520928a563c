"""One role: its page, and credentials of it."""

from gateway.domain.errors import InvalidParameter
from gateway.doors.portal.role_names import account_and_role
from gateway.doors.portal.signed import signed_of
from gateway.doors.portal.views.role import credentials_page, role_page
from gateway.doors.portal.visit import Visit
from gateway.web.responses import Answer

_SHORTEST = 900
_LONGEST = 43_200


async def show(visit: Visit) -> Answer:
    session = await visit.session()
    account, name = account_and_role("/".join(visit.segments))
    portal = visit.exchange.portal
    found = portal.role(session, account, name, visit.origin)
    return role_page(
        signed_of(visit, session),
        found,
        starred=found.role.key in await portal.favourites(session),
        public_url=visit.public_url,
        region=portal.region,
    )


async def take(visit: Visit) -> Answer:
    """Credentials, by a form: a link must not mint anything."""
    session = await visit.session_of_form()
    account, name = account_and_role(visit.fields.get("of", ""))
    portal = visit.exchange.portal
    duration = _duration(visit.fields.get("duration"))
    assumed = await visit.people.credentials(session, account, name, visit.origin, duration)
    found = portal.role(session, account, name, visit.origin)
    return credentials_page(
        signed_of(visit, session),
        found.role,
        assumed.credentials,
        arn=assumed.principal.arn,
        now=portal.now,
        duration=duration or found.duration,
        public_url=visit.public_url,
        region=portal.region,
    )


def _duration(text: str | None) -> int | None:
    """Seconds; None where none is asked for. Raises InvalidParameter."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LONGEST))):
        raise InvalidParameter("A session's length is a number of seconds", parameter="duration")
    if not _SHORTEST <= int(text) <= _LONGEST:
        raise InvalidParameter("A session lasts from 15 minutes to 12 hours", parameter="duration")
    return int(text)
