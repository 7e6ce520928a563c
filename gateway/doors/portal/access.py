"""Why somebody does not see a role."""

from gateway.doors.portal.signed import signed_of
from gateway.doors.portal.views.access import access_page
from gateway.doors.portal.visit import Visit
from gateway.web.responses import Answer

_LONGEST = 600


async def show(visit: Visit) -> Answer:
    session = await visit.session()
    question = visit.fields.get("role", "").strip()[:_LONGEST]
    found = visit.exchange.portal.why_not(session, question, visit.origin) if question else ()
    return access_page(signed_of(visit, session), signed_in=session.signed_in, question=question, found=found)
