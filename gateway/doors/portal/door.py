"""The door: a page's path and method to what answers it; refusals become a page, and who is not signed in signs in."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from gateway.domain.errors import (
    AccessDenied,
    ActionDenied,
    BodyTooLarge,
    FormRefused,
    GatewayError,
    IdentityError,
    MethodRefused,
    NotSignedIn,
    PolledTooFast,
    ProviderUnreachable,
    RoleAssumptionDenied,
    ServiceError,
    SignInRefused,
)
from gateway.doors.portal import access, administration, programs, role, roles, saml, sign_ins, signing_in
from gateway.doors.portal.views.sign_in import refusal
from gateway.doors.portal.visit import RETURN, Visit, login_path
from gateway.exchange.exchange import Exchange
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.cookies import SignedCookies
from gateway.web.forms import read_form, read_message
from gateway.web.headers import single_header
from gateway.web.origin import origin_of
from gateway.web.pages import ASSETS, ASSETS_AT_ONCE, see_other
from gateway.web.responses import Answer, Headers, send_answer
from gateway.wire.faults import headers_of
from gateway.wire.form import read_fields
from gateway.wire.identity_center_requests import AWS_START_URL

Page = Callable[[Visit], Awaitable[Answer]]

PAGES: Final[Mapping[str, Mapping[str, Page]]] = {
    "/login": {"GET": signing_in.choose},
    "/login/*": {"GET": signing_in.begin, "POST": signing_in.with_password},
    "/oidc/*/callback": {"GET": signing_in.complete},
    "/saml/*/metadata": {"GET": saml.metadata},
    "/saml/*/acs": {"POST": saml.answered},
    "/saml/*/slo": {"GET": saml.log_out, "POST": saml.log_out},
    "/logout": {"POST": signing_in.sign_out},
    "/portal": {"GET": roles.show},
    "/portal/roles/*/*": {"GET": role.show},
    "/portal/credentials": {"POST": role.take},
    "/portal/favourites": {"POST": roles.star},
    "/portal/access": {"GET": access.show},
    "/portal/sign-ins": {"GET": sign_ins.show},
    "/portal/sign-ins/end": {"POST": sign_ins.end},
    "/portal/gateway": {"GET": administration.overview},
    "/portal/gateway/access": {"GET": administration.access},
    "/portal/gateway/refusals": {"GET": administration.refusals},
    "/device": {"GET": programs.device, "POST": programs.answer_device},
    "/authorize": {"GET": programs.authorize, "POST": programs.answer_authorize},
}
"""Path to method to page; `*` is one segment: a provider's name, an account, a role."""

AT_ONCE: Final = ASSETS_AT_ONCE
"""Path to what answers there in the turn in which a request comes."""

_NAMING: Final = {pattern: pattern.split("/") for pattern in PAGES if "*" in pattern}
_PATHS: Final = ("/login/*", "/oidc/*", "/saml/*", "/logout", "/portal/*", "/device", "/authorize")
# Whoever is asked to sign somebody in or out answers from pages of its own; such a message proves itself.
_MESSAGES: Final = frozenset({"/saml/*/acs", "/saml/*/slo"})
_SAFE: Final = frozenset({"GET", "HEAD"})
# RFC 3986 2: what may stand in a URL as it is, `%` being part of what is escaped already.
_URL: Final = "%/?:@!$&'()*+,;=-._~[]"
_KEPT: Final = "%/:=&+"
"""What stands in a query that a sign-in leads back to as it came; all else is escaped."""
_ASKED: Final = b"/authorize"
_TOO_LONG: Final = (
    "What the program asks is too long to be kept while you sign in; sign in first, then let the program ask again"
)
_STATUSES: Final[Mapping[type[GatewayError], int]] = {
    AccessDenied: 403,
    BodyTooLarge: 413,
    FormRefused: 403,
    MethodRefused: 405,
    PolledTooFast: 429,
    ProviderUnreachable: 503,
    ServiceError: 503,
}
"""What is another's or the gateway's to mend; else the request is wrong: 400."""
_TO_PORTAL: Final = see_other("/portal")
_TO_AWS: Final = Answer(status=302, headers=((b"location", AWS_START_URL.encode("ascii")),))


def routes(public_url: str, exchange: Callable[[], Exchange], cookies: SignedCookies) -> Mapping[str, Application]:
    """Path to application. `exchange` gives the use cases in force."""
    door = PortalDoor(public_url, exchange, cookies)
    return {**dict.fromkeys(_PATHS, door), "/start": _start, **ASSETS}


class PortalDoor:
    def __init__(self, public_url: str, exchange: Callable[[], Exchange], cookies: SignedCookies) -> None:
        self._public_url = public_url
        self._host = public_url.partition("://")[2].encode("ascii")
        self._exchange = exchange
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = origin_of(scope).request_id
        try:
            answer = await self._recorded(scope, receive)
        except NotSignedIn:
            answer = _signed_out(scope, request_id)
        except GatewayError as error:
            answer = refusal(
                message=_message(error), status=_status(error), request_id=request_id, headers=_allowed(error)
            )
        await send_answer(send, answer)

    async def _recorded(self, scope: Scope, receive: Receive) -> Answer:
        try:
            return self._elsewhere(scope) or await self._answer(scope, receive)
        except FormRefused as refused:
            # Another site's page, or a form that somebody kept, tried to act in a person's name (CSRF).
            page, _ = _matched(scope["raw_path"].decode("latin-1"))
            self._exchange().people.refused_form(page, origin_of(scope), refused)
            raise

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, segments = _matched(scope["raw_path"].decode("latin-1"))
        pages = PAGES.get(path)
        if pages is None:
            return refusal(message="There is no page here", status=404, request_id=origin_of(scope).request_id)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in pages:
            raise MethodRefused("This page is not asked for in this way", allowed=tuple(pages))
        query = scope["query_string"]
        if method == "GET":
            fields: Mapping[str, str] = read_fields(query, ())
        elif path in _MESSAGES:
            fields = await read_message(scope, receive)
        else:
            fields = await read_form(scope, receive, self._public_url)
        visit = Visit(
            exchange=self._exchange(),
            cookies=self._cookies,
            public_url=self._public_url,
            origin=origin_of(scope),
            headers=tuple(scope["headers"]),
            segments=segments,
            raw_query=query,
            fields=fields,
        )
        return await pages[method](visit)

    def _elsewhere(self, scope: Scope) -> Answer | None:
        """To the one address that people, cookies and providers know; None where the browser is there."""
        host = single_header(scope["headers"], b"host")
        if host is None or host.lower().encode("latin-1") == self._host:
            return None
        if scope["method"] not in _SAFE:
            raise FormRefused(cause="the form was sent to another host than the public URL's")
        return see_other(f"{self._public_url}{quote(_path_and_query(scope).encode('latin-1'), safe=_URL)}")


def _matched(raw_path: str) -> tuple[str, tuple[str, ...]]:
    """The page's pattern, and what its path names."""
    if raw_path in PAGES:
        return raw_path, ()
    given = raw_path.split("/")
    for pattern, parts in _NAMING.items():
        if len(parts) == len(given) and all(part in {"*", one} for part, one in zip(parts, given, strict=True)):
            named = tuple(unquote(one) for part, one in zip(parts, given, strict=True) if part == "*")
            return (pattern, named) if all(named) else ("", ())
    return "", ()


def _signed_out(scope: Scope, request_id: str) -> Answer:
    """To whoever has to sign in first."""
    if scope["method"] in _SAFE:
        wanted = _way_back(scope)
        # A page of the portal leads on to others; what a program asks is nowhere else.
        if scope["raw_path"] == _ASKED and not RETURN.fullmatch(wanted):
            return refusal(message=_TOO_LONG, status=400, request_id=request_id)
        return see_other(login_path(wanted))
    # No redirect: it may end at the provider's, where our policy (form-action) lets no form lead, and the browser would
    # show nothing at all.
    return refusal(message="Your sign-in has ended; sign in again", status=403, request_id=request_id)


def _way_back(scope: Scope) -> str:
    path, query = scope["raw_path"].decode("latin-1"), quote(scope["query_string"], safe=_KEPT)
    return f"{path}?{query}" if query else path


def _path_and_query(scope: Scope) -> str:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _message(error: GatewayError) -> str:
    """What was wrong with a provider's answer stands in the audit log alone."""
    if isinstance(error, IdentityError) and not isinstance(error, ProviderUnreachable):
        return str(SignInRefused(cause=error.cause))
    if isinstance(error, RoleAssumptionDenied):
        return "This role is not yours, or there is none of this name; the page Access tells what misses"
    if isinstance(error, ActionDenied):
        return f"None of your roles may call {error.action}, which this asks for"
    return str(error)


def _allowed(error: GatewayError) -> Headers:
    return tuple((name.encode("ascii"), value.encode("ascii")) for name, value in headers_of(error))


def _status(error: GatewayError) -> int:
    return next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 400)


async def _start(scope: Scope, _: Receive, send: Send) -> None:
    """AWS CLI v2 follows one redirect of a HEAD, and takes a host of AWS's alone; people go to the portal."""
    await send_answer(send, _TO_AWS if scope["method"] == "HEAD" else _TO_PORTAL)
