"""To SAML identity providers and back: the browser's cookie that binds a sign-in, and the ways out."""

from typing import Final

from gateway.domain.logout import Departure
from gateway.doors.portal.views import saml as views
from gateway.doors.portal.visit import Visit, new_browser
from gateway.web.cookies import Cookie
from gateway.web.pages import see_other
from gateway.web.responses import Answer, Headers

# The answer is another site's POST, which no Lax cookie comes along with.
BOUND: Final = Cookie(name="saml", max_age=900, cross_site=True)


async def begin(visit: Visit) -> Answer:
    """On to the provider's page with a request of ours, which only this browser may bring the answer to."""
    browser = visit.cookies.read(BOUND, visit.headers) or new_browser()
    address = await visit.exchange.saml.begin(visit.segment, visit.return_to, browser, visit.origin)
    return see_other(address, (visit.cookies.set(BOUND, browser),))


def farewell(departure: Departure, headers: Headers) -> Answer:
    """Signed out here, and on to the provider.

    By a page and not by a redirect: browsers hold the redirects of a form against the `form-action` of the page that
    the form stood on, which knows no provider.
    """
    address = departure.address
    if departure.fields is not None:
        return views.carried_on(address, departure.fields, headers)
    return views.signed_out(address, (*headers, (b"refresh", f"0; url={address}".encode("ascii"))))
