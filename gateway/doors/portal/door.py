"""The door: a page's path and method to what answers it; refusals become a page, and who is not signed in signs in."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import unquote

from gateway.domain.errors import (
    FormRefused,
    GatewayError,
    IdentityError,
    MethodRefused,
    NotSignedIn,
    PolledTooFast,
    ProviderUnreachable,
    ServiceError,
    SignInRefused,
)
from gateway.doors.portal import html, programs, roles, signing_in
from gateway.doors.portal.visit import Visit, login_path
from gateway.exchange.exchange import Exchange
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.cookies import SignedCookies
from gateway.web.forms import read_form
from gateway.web.headers import single_header
from gateway.web.origin import origin_of
from gateway.web.pages import STYLESHEET_PATH, see_other, stylesheet
from gateway.web.responses import Answer, send_answer
from gateway.wire.form import read_fields
from gateway.wire.identity_center_requests import AWS_START_URL

Page = Callable[[Visit], Awaitable[Answer]]

PAGES: Final[Mapping[str, Mapping[str, Page]]] = {
    "/login": {"GET": signing_in.choose},
    "/login/*": {"GET": signing_in.begin, "POST": signing_in.with_password},
    "/oidc/*/callback": {"GET": signing_in.complete},
    "/logout": {"POST": signing_in.sign_out},
    "/portal": {"GET": roles.show},
    "/portal/credentials": {"POST": roles.take},
    "/device": {"GET": programs.device, "POST": programs.answer_device},
    "/authorize": {"GET": programs.authorize, "POST": programs.answer_authorize},
}
"""Path to method to page; `*` is one segment, a provider's name."""

_PATHS: Final = ("/login/*", "/oidc/*", "/logout", "/portal", "/portal/credentials", "/device", "/authorize")
_SAFE: Final = frozenset({"GET", "HEAD"})
_TO_PORTAL: Final = see_other("/portal")
_TO_AWS: Final = Answer(status=302, headers=((b"location", AWS_START_URL.encode("ascii")),))


def routes(public_url: str, exchange: Callable[[], Exchange], cookies: SignedCookies) -> Mapping[str, Application]:
    """Path to application. `exchange` gives the use cases in force."""
    door = PortalDoor(public_url, exchange, cookies)
    return {**dict.fromkeys(_PATHS, door), "/start": _start, STYLESHEET_PATH: _style}


class PortalDoor:
    def __init__(self, public_url: str, exchange: Callable[[], Exchange], cookies: SignedCookies) -> None:
        self._public_url = public_url
        self._host = public_url.partition("://")[2].encode("ascii")
        self._exchange = exchange
        self._cookies = cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = origin_of(scope).request_id
        try:
            answer = self._elsewhere(scope) or await self._answer(scope, receive)
        except NotSignedIn:
            answer = see_other(login_path(_wanted(scope)))
        except GatewayError as error:
            answer = html.refusal(message=_message(error), status=_status(error), request_id=request_id)
        await send_answer(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        path, segment = _matched(scope["raw_path"].decode("latin-1"))
        pages = PAGES.get(path)
        if pages is None:
            return html.refusal(message="There is no page here", status=404, request_id=origin_of(scope).request_id)
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in pages:
            raise MethodRefused("This page is not asked for in this way", allowed=tuple(pages))
        query = scope["query_string"]
        fields = read_fields(query, ()) if method == "GET" else await read_form(scope, receive, self._public_url)
        visit = Visit(
            exchange=self._exchange(),
            cookies=self._cookies,
            public_url=self._public_url,
            origin=origin_of(scope),
            headers=tuple(scope["headers"]),
            segment=segment,
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
        return see_other(f"{self._public_url}{_path_and_query(scope)}")


def _matched(raw_path: str) -> tuple[str, str]:
    """The page's pattern, and the segment in it."""
    if raw_path in PAGES:
        return raw_path, ""
    for pattern in ("/oidc/*/callback", "/login/*"):
        before, _, after = pattern.partition("*")
        if raw_path.startswith(before) and raw_path.endswith(after):
            segment = raw_path[len(before) : len(raw_path) - len(after)]
            if segment and "/" not in segment:
                return pattern, unquote(segment)
    return "", ""


def _wanted(scope: Scope) -> str:
    """Where somebody was going who has to sign in first: a form is filled in anew."""
    if scope["method"] not in _SAFE:
        return "/portal"
    return _path_and_query(scope)


def _path_and_query(scope: Scope) -> str:
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return (path + b"?" + query if query else path).decode("latin-1")


def _message(error: GatewayError) -> str:
    """What was wrong with a provider's answer stands in the audit log alone."""
    if isinstance(error, IdentityError) and not isinstance(error, ProviderUnreachable):
        return str(SignInRefused(cause=error.cause))
    return str(error)


def _status(error: GatewayError) -> int:
    statuses = {MethodRefused: 405, FormRefused: 403, PolledTooFast: 429}
    return statuses.get(type(error), 503 if isinstance(error, ServiceError) else 400)


async def _start(scope: Scope, _: Receive, send: Send) -> None:
    """AWS CLI v2 follows one redirect of a HEAD, and takes a host of AWS's alone; people go to the portal."""
    await send_answer(send, _TO_AWS if scope["method"] == "HEAD" else _TO_PORTAL)


async def _style(_: Scope, __: Receive, send: Send) -> None:
    await send_answer(send, stylesheet())
