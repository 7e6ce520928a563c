"""An honest sign-in at the development issuer, of which a test changes one thing."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import httpx

from gateway.demo.issuer.clients import Client
from gateway.demo.relying_party import Attempt

ISSUER = "http://127.0.0.1:9999"
CLI = Client(client_id="demo-cli", redirect_uris=("http://127.0.0.1/callback",))
PAGE = Client(client_id="demo-page", redirect_uris=("http://127.0.0.1:8080/demo/callback?from=issuer",))
CLIENTS = (CLI, PAGE)
REDIRECT_URI = "http://127.0.0.1:45678/callback"
LEFT_OUT = ""
"""A parameter with this value is as if it were not sent (RFC 6749 section 3.1)."""


def begun() -> Attempt:
    return Attempt.begin(issuer=ISSUER, client_id=CLI.client_id, redirect_uri=REDIRECT_URI)


def told(answer: httpx.Response) -> Mapping[str, str]:
    """The parameters with which an answer sends the browser back."""
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def chosen(http: httpx.AsyncClient, attempt: Attempt, person: str = "ana", /, **changes: str) -> httpx.Response:
    """The answer to the page's form, with parameters changed as said."""
    return await http.post("/authorize", data={**attempt.authorization_parameters(), "person": person, **changes})


async def code_for(http: httpx.AsyncClient, attempt: Attempt, person: str = "ana") -> str:
    return attempt.code_of(told(await chosen(http, attempt, person)))


async def redeemed(http: httpx.AsyncClient, attempt: Attempt, code: str, /, **changes: str) -> httpx.Response:
    return await http.post("/token", data={**attempt.token_parameters(code), **changes})


async def id_token(http: httpx.AsyncClient, person: str = "ana") -> str:
    attempt = begun()
    answer = await redeemed(http, attempt, await code_for(http, attempt, person))
    return attempt.signed_in(answer.json()).id_token
