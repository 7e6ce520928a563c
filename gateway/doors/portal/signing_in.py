"""The pages by which people sign in and out."""

from typing import Final
from urllib.parse import quote

from gateway.domain.errors import GatewayError, ProviderUnreachable, RejectedLogin
from gateway.doors.portal import saml_round_trip
from gateway.doors.portal.views import sign_in
from gateway.doors.portal.visit import BROWSER, LOGIN_PATH, PORTAL_PATH, PROVIDER, Visit, new_browser
from gateway.exchange.people.people import SignInOffer
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.web.pages import see_other
from gateway.web.responses import Answer, Headers

SIGNED_OUT: Final = f"{LOGIN_PATH}?signed_out=1"
_FORM_FIELDS: Final = ("username", "password")


async def choose(visit: Visit) -> Answer:
    """The providers; straight on where there is one, but not for who has just signed out."""
    offers = sorted(
        visit.people.offers, key=lambda offer: offer.provider != visit.cookies.read(PROVIDER, visit.headers)
    )
    signed_out = "signed_out" in visit.fields
    if len(offers) == 1 and not signed_out:
        return see_other(_path_of(offers[0], visit))
    return sign_in.providers([(offer.provider, _path_of(offer, visit)) for offer in offers], signed_out=signed_out)


async def begin(visit: Visit) -> Answer:
    """On to the provider's page, or the form for a password."""
    if visit.exchange.saml.speaks(visit.segment):
        return await saml_round_trip.begin(visit)
    browser = visit.browser or new_browser()
    cookie = visit.cookies.set(BROWSER, browser)
    if _takes_form(visit):
        return _form(visit, browser, cookie)
    address = await visit.people.begin_sign_in(visit.segment, visit.return_to, browser, visit.origin)
    return see_other(address, (cookie,))


async def complete(visit: Visit) -> Answer:
    """The provider's answer, which only the browser that began may bring."""
    entered = await visit.people.complete_sign_in(visit.segment, visit.fields, visit.browser, visit.origin)
    return await enter(visit, entered.session, entered.return_to)


async def with_password(visit: Visit) -> Answer:
    """The form, answered with 303 whatever comes of it: reloading the page never sends the password again."""
    visit.check_login_form()
    name, password = (visit.fields.get(field, "") for field in _FORM_FIELDS)
    try:
        session = await visit.people.sign_in_with_password(visit.segment, name, password, visit.origin)
    except RejectedLogin as refusal:
        return see_other(f"{_form_path(visit)}&refused={'state' if refusal.account_state else 'login'}")
    except ProviderUnreachable:
        return see_other(f"{_form_path(visit)}&refused=unreachable")
    return await enter(visit, session, visit.return_to)


async def sign_out(visit: Visit) -> Answer:
    """End the session here and in the store."""
    session = await visit.session_of_form()
    elsewhere = await visit.exchange.saml.farewell(session)
    await visit.people.sign_out(session, visit.origin)
    headers = (visit.cookies.clear(visit.session_cookie),)
    return see_other(SIGNED_OUT, headers) if elsewhere is None else saml_round_trip.farewell(elsewhere, headers)


async def enter(visit: Visit, session: PortalSession, return_to: str) -> Answer:
    """The end of every sign-in: the session's cookie, and on to where the person was going."""
    await _end_former(visit)
    headers: Headers = (
        visit.cookies.set(visit.session_cookie, session.session_id),
        visit.cookies.set(PROVIDER, session.signed_in.identity.provider),
        # The next sign-in of this browser is bound to another id.
        visit.cookies.clear(BROWSER),
    )
    return see_other(return_to or PORTAL_PATH, headers)


async def _end_former(visit: Visit) -> None:
    """A session that this browser had before belongs to nobody any more."""
    try:
        await visit.people.sign_out(await visit.session(), visit.origin)
    except GatewayError:
        return


def _form(visit: Visit, browser: str, cookie: tuple[bytes, bytes]) -> Answer:
    return sign_in.password_form(
        provider=visit.segment,
        action=f"{LOGIN_PATH}/{quote(visit.segment)}",
        return_to=visit.return_to,
        form_token=visit.login_form_token(browser),
        refused=visit.fields.get("refused"),
        headers=(cookie,),
    )


def _takes_form(visit: Visit) -> bool:
    return any(offer.by_form for offer in visit.people.offers if offer.provider == visit.segment)


def _path_of(offer: SignInOffer, visit: Visit) -> str:
    return f"{LOGIN_PATH}/{quote(offer.provider)}?next={quote(visit.return_to, safe='')}"


def _form_path(visit: Visit) -> str:
    return f"{LOGIN_PATH}/{quote(visit.segment)}?next={quote(visit.return_to, safe='')}"
