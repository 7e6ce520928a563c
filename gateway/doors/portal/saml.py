"""The paths that SAML identity providers know: our metadata, where their answers arrive, and single logout."""

from typing import Final
from urllib.parse import quote

from gateway.domain.assertion import UnverifiedAssertion
from gateway.domain.errors import FormRefused, InvalidParameter
from gateway.domain.logout import SentLogout
from gateway.doors.portal.saml_round_trip import BOUND
from gateway.doors.portal.signing_in import enter
from gateway.doors.portal.views import saml as views
from gateway.doors.portal.views.pieces import FORM_TOKEN
from gateway.doors.portal.views.sign_in import refusal
from gateway.doors.portal.visit import LOGIN_PATH, PORTAL_PATH, RETURN, Visit, new_browser
from gateway.exchange.people.context import fingerprint
from gateway.exchange.people.saml import RoleOffer, SamlAnswer
from gateway.web.forms import check_own
from gateway.web.pages import see_other
from gateway.web.responses import Answer

_METADATA: Final = ((b"content-type", b"application/samlmetadata+xml"),)
_MAXIMUM_ASSERTION: Final = 100_000
_CHOICE: Final = "SAML role choice"
_SIGNED_OUT: Final = f"{LOGIN_PATH}?signed_out=1"


async def metadata(visit: Visit) -> Answer:
    saml = visit.exchange.saml
    if not saml.speaks(visit.segment):
        return refusal(message="There is no page here", status=404, request_id=visit.origin.request_id)
    return Answer(status=200, body=saml.service_metadata(visit.segment), headers=_METADATA)


async def answered(visit: Visit) -> Answer:
    """A provider's answer, or the click on the page that an answer nobody asked for was shown."""
    assertion = UnverifiedAssertion(visit.fields.get("SAMLResponse", ""))
    if not 0 < len(assertion) <= _MAXIMUM_ASSERTION:
        raise InvalidParameter(
            f"SAMLResponse has 1 to {_MAXIMUM_ASSERTION} characters; let the provider send fewer attributes",
            parameter="SAMLResponse",
        )
    if FORM_TOKEN in visit.fields:
        return await _chosen(visit, assertion)
    answer = SamlAnswer(
        assertion=assertion,
        relay_state=visit.fields.get("RelayState"),
        browser=visit.cookies.read(BOUND, visit.headers),
    )
    outcome = await visit.exchange.saml.answered(visit.segment, answer, visit.origin)
    if isinstance(outcome, RoleOffer):
        return _offered(visit, assertion, outcome)
    return await enter(visit, outcome.session, outcome.return_to)


async def log_out(visit: Visit) -> Answer:
    """A message of single logout, by either binding.

    What it ends, ends in the store; this browser's cookie may be of a sign-in with another provider, which lives on.
    """
    kind = next((name for name in ("SAMLRequest", "SAMLResponse") if name in visit.fields), None)
    sent = SentLogout(raw_query=visit.raw_query)
    if not visit.raw_query and kind is not None:
        sent = SentLogout(kind=kind, parameter=visit.fields[kind], relay_state=visit.fields.get("RelayState"))
    answer = await visit.exchange.saml.logout_message(visit.segment, sent, visit.origin)
    if answer is None:
        return see_other(_SIGNED_OUT)
    if answer.fields is None:
        return see_other(answer.address)
    return views.carried_on(answer.address, answer.fields, ())


def _offered(visit: Visit, assertion: UnverifiedAssertion, offer: RoleOffer) -> Answer:
    browser = visit.cookies.read(BOUND, visit.headers) or new_browser()
    return views.choose_role(
        offer,
        action=f"/saml/{quote(visit.segment)}/acs",
        carried={
            "SAMLResponse": assertion,
            "RelayState": _return_to(visit),
            # Of this browser and this assertion: another's page cannot make the click.
            FORM_TOKEN: visit.cookies.signed(_CHOICE, f"{browser}.{fingerprint(assertion)}"),
        },
        headers=(visit.cookies.set(BOUND, browser),),
    )


async def _chosen(visit: Visit, assertion: UnverifiedAssertion) -> Answer:
    check_own(visit.headers, visit.public_url)
    of = visit.cookies.unsigned(_CHOICE, visit.fields[FORM_TOKEN], BOUND.max_age)
    browser = visit.cookies.read(BOUND, visit.headers)
    if of is None or of != f"{browser}.{fingerprint(assertion)}":
        raise FormRefused(cause="the form's token is not of this browser and this assertion")
    role = visit.fields.get("roleIndex", "")
    entered = await visit.exchange.saml.chosen(visit.segment, assertion, role, _return_to(visit), visit.origin)
    return await enter(visit, entered.session, entered.return_to)


def _return_to(visit: Visit) -> str:
    """RelayState as far as it is a page of ours: elsewhere nobody is sent."""
    wanted = visit.fields.get("RelayState", "")
    return wanted if RETURN.fullmatch(wanted) else PORTAL_PATH
