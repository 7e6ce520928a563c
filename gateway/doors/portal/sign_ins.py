"""A person's sign-ins, and the end of one, or of all but this one."""

from gateway.doors.portal.signed import signed_of
from gateway.doors.portal.signing_in import SIGNED_OUT
from gateway.doors.portal.views.frame import SIGN_INS
from gateway.doors.portal.views.sign_ins import OTHERS, sign_ins_page
from gateway.doors.portal.visit import Visit
from gateway.web.pages import see_other
from gateway.web.responses import Answer


async def show(visit: Visit) -> Answer:
    session = await visit.session()
    return sign_ins_page(signed_of(visit, session), await visit.people.sign_ins(session))


async def end(visit: Visit) -> Answer:
    """What came of it ends too: its portal session, its programs' tokens, its credentials."""
    session = await visit.session_of_form()
    sign_in_id = visit.fields.get("sign_in", "")
    if sign_in_id == OTHERS:
        await visit.people.end_other_sign_ins(session, visit.origin)
        return see_other(SIGN_INS)
    await visit.people.end_sign_in(session, sign_in_id, visit.origin)
    if sign_in_id == session.signed_in.sign_in_id:
        return see_other(SIGNED_OUT, (visit.cookies.clear(visit.session_cookie),))
    return see_other(SIGN_INS)
