"""The authorization request: who asks, where the answer goes, and what makes the code useless to anybody else.

Sources: RFC 6749 section 4.1, RFC 7636 (PKCE), RFC 9207 (`iss`), OpenID Connect Core section 3.1.2.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.demo.issuer.clients import Client

# RFC 7636 4.2: base64url of a SHA-256 has exactly this form.
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_MAXIMUM_STATE: Final = 1_024
_MAXIMUM_NONCE: Final = 256


class RefusedOnPage(Exception):
    """The client or its redirect URI is not known: told to the person on a page, and nobody is sent anywhere."""


class RefusedToClient(Exception):
    """A fault that the client is told, at its redirect URI, by OAuth's `error` code."""

    def __init__(self, error: str, description: str, *, redirect_uri: str, state: str | None) -> None:
        super().__init__(description)
        self.error = error
        self.redirect_uri = redirect_uri
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request that may be answered with a code. `parameters`: as they were sent, to stand in the page's form."""

    client: Client
    redirect_uri: str
    code_challenge: str
    state: str | None
    nonce: str | None
    parameters: Mapping[str, str]


def read_request(parameters: Mapping[str, str], clients: Mapping[str, Client]) -> AuthorizationRequest:
    """Check an authorization request. Raises RefusedOnPage, RefusedToClient."""
    client = clients.get(parameters.get("client_id", ""))
    if client is None:
        raise RefusedOnPage(f"No client has this client_id; this issuer knows {', '.join(clients)}.")
    redirect_uri = parameters.get("redirect_uri", "")
    # Checked before all else: a code or an error sent to a foreign address is a leak and an open redirect.
    if not client.may_return_to(redirect_uri):
        raise RefusedOnPage(f"redirect_uri is not one of {client.client_id}: {', '.join(client.redirect_uris)}.")
    for error, description, holds in _RULES:
        if not holds(parameters):
            raise RefusedToClient(error, description, redirect_uri=redirect_uri, state=parameters.get("state"))
    return AuthorizationRequest(
        client=client,
        redirect_uri=redirect_uri,
        code_challenge=parameters["code_challenge"],
        state=parameters.get("state"),
        nonce=parameters.get("nonce"),
        parameters=parameters,
    )


def _short(name: str, maximum: int) -> Callable[[Mapping[str, str]], bool]:
    return lambda parameters: len(parameters.get(name, "")) <= maximum


_RULES: Final[tuple[tuple[str, str, Callable[[Mapping[str, str]], bool]], ...]] = (
    ("invalid_request", f"state is longer than {_MAXIMUM_STATE} characters", _short("state", _MAXIMUM_STATE)),
    ("invalid_request", f"nonce is longer than {_MAXIMUM_NONCE} characters", _short("nonce", _MAXIMUM_NONCE)),
    # Core 6.1: what is not supported is refused, never left unread.
    ("request_not_supported", "request objects are not supported", lambda sent: "request" not in sent),
    ("request_uri_not_supported", "request objects are not supported", lambda sent: "request_uri" not in sent),
    ("invalid_request", "response_type is missing; send code", lambda sent: "response_type" in sent),
    (
        "unsupported_response_type",
        "response_type is code here, nothing else",
        lambda sent: sent["response_type"] == "code",
    ),
    (
        "invalid_request",
        "response_mode is query here, nothing else",
        lambda sent: sent.get("response_mode", "query") == "query",
    ),
    ("invalid_scope", "scope has no openid", lambda sent: "openid" in sent.get("scope", "").split(" ")),
    (
        "invalid_request",
        "PKCE is required: send code_challenge and code_challenge_method=S256",
        lambda sent: "code_challenge" in sent,
    ),
    # RFC 7636 7.2: `plain` (which an absent method means) protects from nobody who sees the request.
    (
        "invalid_request",
        "code_challenge_method is S256 here, nothing else",
        lambda sent: sent.get("code_challenge_method") == "S256",
    ),
    (
        "invalid_request",
        "code_challenge is not base64url of a SHA-256",
        lambda sent: _CHALLENGE.fullmatch(sent["code_challenge"]) is not None,
    ),
    # Core 3.1.2.1: nobody is ever signed in here before the page was answered.
    ("login_required", "somebody must be chosen on the page", lambda sent: sent.get("prompt") != "none"),
)
"""Error, description, what must hold; the first that does not is told."""
