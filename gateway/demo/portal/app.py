"""The HTTP of the demo's own pages, as further doors of the gateway."""

from collections.abc import Callable, Mapping
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.issuer.app import LOOPBACK_HOSTS
from gateway.demo.portal import pages
from gateway.demo.portal.commands import Addresses
from gateway.demo.relying_party import Attempt, SignedIn, SignInFailed
from gateway.web.asgi import Application

CLIENT_ID: Final = "demo-page"
CALLBACK_PATH: Final = "/demo/callback"
_START_PATH: Final = "/demo"
_COOKIE: Final = "demo_sign_in"
_COOKIE_SECONDS: Final = 600
_MAXIMUM_ATTEMPTS: Final = 100


def portal_doors(addresses: Addresses, client: Callable[[], httpx.AsyncClient]) -> Mapping[str, Application]:
    """The pages by their paths. `client` opens a connection to the issuer's token endpoint."""
    endpoints = _Endpoints(addresses, client)
    routes = [
        Route(_START_PATH, endpoints.start, methods=["GET"]),
        Route(pages.SIGN_IN_PATH, endpoints.sign_in, methods=["GET"]),
        Route(CALLBACK_PATH, endpoints.callback, methods=["GET"]),
    ]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK_HOSTS))
    application = Starlette(routes=routes, middleware=[guard])
    return {route.path: application for route in routes}


class _Endpoints:
    def __init__(self, addresses: Addresses, client: Callable[[], httpx.AsyncClient]) -> None:
        self._addresses: Final = addresses
        self._client: Final = client
        self._attempts: dict[str, Attempt] = {}

    async def start(self, _: Request) -> Response:
        return pages.start(self._addresses)

    async def sign_in(self, _: Request) -> Response:
        """To the issuer, with a cookie by which only this browser can bring the answer back."""
        attempt = Attempt.begin(
            issuer=self._addresses.issuer,
            client_id=CLIENT_ID,
            redirect_uri=f"{self._addresses.gateway}{CALLBACK_PATH}",
        )
        while len(self._attempts) >= _MAXIMUM_ATTEMPTS:
            self._attempts.pop(next(iter(self._attempts)))
        self._attempts[attempt.state] = attempt
        answer = RedirectResponse(attempt.authorization_url(f"{self._addresses.issuer}/authorize"), 303)
        answer.set_cookie(
            _COOKIE, attempt.state, max_age=_COOKIE_SECONDS, path=CALLBACK_PATH, httponly=True, samesite="lax"
        )
        return answer

    async def callback(self, request: Request) -> Response:
        attempt = self._attempts.pop(request.cookies.get(_COOKIE, ""), None)
        if attempt is None:
            return pages.failed("This browser has begun no sign-in here, or has used it already")
        try:
            return pages.signed_in(self._addresses, await self._redeemed(attempt, request))
        except SignInFailed as fault:
            return pages.failed(str(fault))
        except httpx.HTTPError:
            return pages.failed("The issuer does not answer")

    async def _redeemed(self, attempt: Attempt, request: Request) -> SignedIn:
        code = attempt.code_of(request.query_params)
        async with self._client() as client:
            answer = await client.post(f"{self._addresses.issuer}/token", data=dict(attempt.token_parameters(code)))
        return attempt.signed_in(answer.json())
