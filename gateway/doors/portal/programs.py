"""The pages on which a person answers a program that asks in their name. Opening one approves nothing."""

from typing import Final
from urllib.parse import urlencode, urlsplit

from gateway.domain.errors import InvalidParameter
from gateway.doors.portal.views import programs
from gateway.doors.portal.visit import Visit
from gateway.exchange.people.code_grant import AuthorizationRequest
from gateway.web.pages import see_other
from gateway.web.responses import Answer

_APPROVE: Final = "approve"
_CARRIED: Final = (
    "client_id",
    "redirect_uri",
    "response_type",
    "state",
    "code_challenge",
    "code_challenge_method",
)


async def device(visit: Visit) -> Answer:
    """The form for a code, or, where one came, what it asks for."""
    session = await visit.session()
    user_code = visit.fields.get("user_code", "")
    if not user_code:
        return programs.device_form()
    try:
        asked = await visit.people.device_request(user_code, visit.origin)
    except InvalidParameter as wrong:
        return programs.device_form(refused=str(wrong))
    return programs.device_request(asked, person=session.signed_in.identity.username, form_token=session.form_token)


async def answer_device(visit: Visit) -> Answer:
    session = await visit.session_of_form()
    user_code = visit.fields.get("user_code", "")
    approves = visit.fields.get("answer") == _APPROVE
    answer = visit.people.approve_device if approves else visit.people.decline_device
    try:
        await answer(session, user_code, visit.origin)
    except InvalidParameter as wrong:
        return programs.device_form(refused=str(wrong))
    return programs.answered(approved=approves)


async def authorize(visit: Visit) -> Answer:
    """A program on this machine asks by the browser (PKCE)."""
    asked = visit.people.authorization_request(visit.fields)
    session = await visit.session()
    return programs.authorization(
        client_name=asked.client.name,
        person=session.signed_in.identity.username,
        carried={name: visit.fields[name] for name in _CARRIED if name in visit.fields},
        form_token=session.form_token,
        target=_origin_of(asked.redirect_uri),
    )


async def answer_authorize(visit: Visit) -> Answer:
    asked = visit.people.authorization_request(visit.fields)
    session = await visit.session_of_form()
    if visit.fields.get("answer") != _APPROVE:
        return _back(visit, asked, error="access_denied")
    return _back(visit, asked, code=await visit.people.give_code(session, asked, visit.origin))


def _back(visit: Visit, asked: AuthorizationRequest, **told: str) -> Answer:
    state = {} if asked.state is None else {"state": asked.state}
    # RFC 9207: the client can tell whose answer this is.
    return see_other(f"{asked.redirect_uri}?{urlencode({**told, **state, 'iss': visit.public_url})}")


def _origin_of(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "http":
        raise InvalidParameter("redirect_uri is a loopback address", parameter="redirect_uri")
    return f"{parts.scheme}://{parts.netloc}"
