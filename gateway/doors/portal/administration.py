"""The administrator's view, read only."""

from gateway.doors.portal.signed import signed_of
from gateway.doors.portal.views import administration
from gateway.doors.portal.visit import Visit
from gateway.web.responses import Answer

_LONGEST = 600


async def overview(visit: Visit) -> Answer:
    session = await visit.session()
    found = visit.exchange.administration.overview(session, visit.origin)
    return administration.overview_page(signed_of(visit, session), found)


async def access(visit: Visit) -> Answer:
    session = await visit.session()
    role = visit.fields.get("role", "").strip()[:_LONGEST]
    rows = await visit.exchange.administration.access(session, role, visit.origin)
    return administration.access_page(signed_of(visit, session), role=role, rows=rows)


async def refusals(visit: Visit) -> Answer:
    session = await visit.session()
    request_id = visit.fields.get("request", "").strip()[:_LONGEST]
    found = await visit.exchange.administration.refusals(session, request_id, visit.origin)
    return administration.refusals_page(signed_of(visit, session), request_id=request_id, found=found)
