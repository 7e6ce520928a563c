"""The development issuer's HTTP: which path answers what."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.demo.issuer.authorization import (
    AuthorizationRequest,
    RefusedOnPage,
    RefusedToClient,
    read_request,
)
from gateway.demo.issuer.clients import Client
from gateway.demo.issuer.codes import CODE_LIFE, CodeGrant, Codes
from gateway.demo.issuer.pages import PERSON_FIELD, chooser, refusal
from gateway.demo.issuer.parameters import UnreadableParameters, read
from gateway.demo.issuer.token_endpoint import GRANT_TYPE, TokenEndpoint, TokenRefused
from gateway.demo.issuer.tokens import ALGORITHM, IdTokens
from gateway.demo.pages import ASSET_ROUTES
from gateway.demo.people import PEOPLE
from gateway.domain.clock import Clock
from gateway.web.asgi import Application

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost")
_FORM: Final = "application/x-www-form-urlencoded"
_MAXIMUM_FORM: Final = 16 * 1_024
_NO_STORE: Final = {"Cache-Control": "no-store"}


def issuer_app(*, issuer: str, clients: Iterable[Client], clock: Clock) -> Application:
    """The issuer as an ASGI application. `issuer`: its own URL, without a final slash.

    Names other than loopback's are refused: a page of a foreign site whose name was bent to this machine reads nothing.
    """
    endpoints = _Endpoints(issuer=issuer, clients={client.client_id: client for client in clients}, clock=clock)
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", endpoints.configuration, methods=["GET"]),
            Route("/jwks", endpoints.keys, methods=["GET"]),
            Route("/authorize", endpoints.ask, methods=["GET"]),
            Route("/authorize", endpoints.choose, methods=["POST"]),
            Route("/token", endpoints.token, methods=["POST"]),
            *ASSET_ROUTES,
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK_HOSTS))],
    )


class _Endpoints:
    def __init__(self, *, issuer: str, clients: Mapping[str, Client], clock: Clock) -> None:
        self._issuer: Final = issuer
        self._clients: Final = clients
        self._clock: Final = clock
        self._codes: Final = Codes(clock)
        self._tokens: Final = IdTokens(issuer=issuer, clock=clock)
        self._token_endpoint: Final = TokenEndpoint(clients=clients, codes=self._codes, tokens=self._tokens)

    async def configuration(self, _: Request) -> Response:
        return JSONResponse(_configuration(self._issuer), headers={"Cache-Control": "max-age=300"})

    async def keys(self, _: Request) -> Response:
        return JSONResponse(self._tokens.public_keys(), headers={"Cache-Control": "max-age=300"})

    async def ask(self, request: Request) -> Response:
        """The page of people, for a request that may be answered. It signs nobody in: a link must not."""
        return self._answered(request.scope["query_string"].decode("latin-1"), chooser)

    async def choose(self, request: Request) -> Response:
        """Somebody was chosen: back to the client with a code."""
        form = await _form(request)
        if form is None:
            return refusal("The answer is no form of this page.")
        return self._answered(form, self._signed_in)

    async def token(self, request: Request) -> Response:
        form = await _form(request)
        try:
            if form is None:
                raise TokenRefused("invalid_request", f"the body is not {_FORM}, or too long")
            return JSONResponse(self._token_endpoint.answer(read(form)), headers=_NO_STORE)
        except UnreadableParameters as fault:
            return _token_refusal(TokenRefused("invalid_request", str(fault)))
        except TokenRefused as refused:
            return _token_refusal(refused)

    def _answered(self, text: str, answer: Callable[[AuthorizationRequest], Response]) -> Response:
        try:
            return answer(read_request(read(text), self._clients))
        except (UnreadableParameters, RefusedOnPage) as refused:
            return refusal(str(refused))
        except RefusedToClient as refused:
            told = {"error": refused.error, "error_description": str(refused)}
            return self._back(refused.redirect_uri, refused.state, told)

    def _signed_in(self, asked: AuthorizationRequest) -> Response:
        person = PEOPLE.get(asked.parameters.get(PERSON_FIELD, ""))
        if person is None:
            return chooser(asked)
        now = self._clock.now()
        grant = CodeGrant(
            person=person,
            client_id=asked.client.client_id,
            redirect_uri=asked.redirect_uri,
            code_challenge=asked.code_challenge,
            nonce=asked.nonce,
            authenticated_at=now,
            expires_at=now + CODE_LIFE,
        )
        return self._back(asked.redirect_uri, asked.state, {"code": self._codes.issue(grant)})

    def _back(self, redirect_uri: str, state: str | None, told: Mapping[str, str]) -> Response:
        """To the client, by GET whatever the method was. RFC 9207: `iss` says whose answer this is."""
        parameters = {**told, **({} if state is None else {"state": state}), "iss": self._issuer}
        separator = "&" if "?" in redirect_uri else "?"
        return RedirectResponse(f"{redirect_uri}{separator}{urlencode(parameters)}", 303, headers=_NO_STORE)


def _configuration(issuer: str) -> Mapping[str, Any]:
    """The discovery document (OpenID Connect Discovery section 3, RFC 8414, RFC 9207)."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [GRANT_TYPE],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "scopes_supported": ["openid", "profile", "email"],
        "token_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


async def _form(request: Request) -> str | None:
    """The body of a form as text; None where it is none, or longer than any honest one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAXIMUM_FORM:
            return None
    return body.decode("latin-1")


def _token_refusal(refused: TokenRefused) -> Response:
    told = {"error": refused.error, "error_description": str(refused)}
    return JSONResponse(told, refused.status, headers=_NO_STORE)
