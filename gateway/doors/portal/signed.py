"""Who a page is for: the session as the frame of the page shows it."""

from gateway.doors.portal.views.frame import Signed
from gateway.doors.portal.visit import Visit
from gateway.exchange.people.portal_sessions import PortalSession


def signed_of(visit: Visit, session: PortalSession) -> Signed:
    return Signed(
        person=session.signed_in.identity.username,
        form_token=session.form_token,
        administers=visit.exchange.administration.is_open_to(session, visit.origin),
    )
