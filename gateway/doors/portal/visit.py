"""One request of a person's browser, as the pages see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from gateway.domain.errors import FormRefused, NotSignedIn
from gateway.domain.origin import RequestOrigin
from gateway.domain.values import quickly_made
from gateway.doors.portal.views.pieces import FORM_TOKEN
from gateway.exchange.exchange import Exchange
from gateway.exchange.people.context import drawn
from gateway.exchange.people.people import People
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.web.cookies import Cookie, SignedCookies
from gateway.web.responses import Headers

PORTAL_PATH: Final = "/portal"
LOGIN_PATH: Final = "/login"
_FORM_LIFE: Final = 3_600
_BROWSER_LIFE: Final = 86_400
_PROVIDER_LIFE: Final = 180 * 86_400
_LOGIN_FORM: Final = "login form"
# A page of ours by its whole path: no host, no scheme, no backslash, nothing that a browser reads as another address.
RETURN: Final = re.compile(
    r"/(?:portal(?:/(?:access|sign-ins|gateway(?:/access|/refusals)?|roles/[0-9]{12}/[\w%.-]{1,200}))?|device|authorize)"
    r"(?:\?[\w.~%&=+:/-]{0,4000})?",
    re.ASCII,
)


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """`segments`: what the path names below its page (a provider); `fields`: of the query, or of the form."""

    exchange: Exchange
    cookies: SignedCookies
    public_url: str
    origin: RequestOrigin
    headers: Headers = field(repr=False)
    segments: tuple[str, ...]
    raw_query: bytes = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)

    @property
    def segment(self) -> str:
        """The one thing that the path names, where it names one."""
        return self.segments[0] if self.segments else ""

    @property
    def people(self) -> People:
        return self.exchange.people

    @property
    def session_cookie(self) -> Cookie:
        return Cookie(name="portal", max_age=self.people.absolute)

    @property
    def session_id(self) -> str | None:
        return self.cookies.read(self.session_cookie, self.headers)

    async def session(self) -> PortalSession:
        """Raises NotSignedIn, StateUnavailable."""
        session_id = self.session_id
        if session_id is None:
            raise NotSignedIn(cause="the browser brings no portal session")
        return await self.people.session(session_id, self.origin)

    async def session_of_form(self) -> PortalSession:
        """The session whose page sent this form. Raises FormRefused, NotSignedIn, StateUnavailable."""
        session = await self.session()
        self.people.check_form(session, self.fields.get(FORM_TOKEN, ""))
        return session

    @property
    def browser(self) -> str | None:
        """The random id of this browser, to which sign-ins that have begun are bound."""
        return self.cookies.read(BROWSER, self.headers)

    def login_form_token(self, browser: str) -> str:
        return self.cookies.signed(_LOGIN_FORM, browser)

    def check_login_form(self) -> None:
        """Raises FormRefused where the form is not of this browser (login CSRF)."""
        of = self.cookies.unsigned(_LOGIN_FORM, self.fields.get(FORM_TOKEN, ""), _FORM_LIFE)
        if of is None or of != self.browser:
            raise FormRefused(cause="the sign-in form's token is not this browser's")

    @property
    def return_to(self) -> str:
        """The page that the person is on the way to: always one of ours."""
        wanted = self.fields.get("next", "")
        return wanted if RETURN.fullmatch(wanted) else PORTAL_PATH


BROWSER: Final = Cookie(name="browser", max_age=_BROWSER_LIFE)
PROVIDER: Final = Cookie(name="provider", max_age=_PROVIDER_LIFE)


def new_browser() -> str:
    return drawn()


def login_path(return_to: str) -> str:
    return f"{LOGIN_PATH}?next={quote(return_to, safe='')}"
