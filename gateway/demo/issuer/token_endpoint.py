"""The token endpoint's rules: a code, shown once by the client that asked for it, becomes an ID token.

Sources: RFC 6749 sections 4.1.3 and 5.2, RFC 7636 section 4.6.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from typing import Any, Final

from gateway.demo.issuer.clients import Client
from gateway.demo.issuer.codes import CodeGrant, Codes
from gateway.demo.issuer.tokens import TOKEN_LIFE_SECONDS, IdTokens

GRANT_TYPE: Final = "authorization_code"
# RFC 7636 4.1.
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class TokenRefused(Exception):
    """A refusal of the token endpoint: OAuth's code, the status that goes with it, and a sentence."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class TokenEndpoint:
    """Answers token requests of public clients."""

    def __init__(self, *, clients: Mapping[str, Client], codes: Codes, tokens: IdTokens) -> None:
        self._clients: Final = clients
        self._codes: Final = codes
        self._tokens: Final = tokens

    def answer(self, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """The token response for a form. Raises TokenRefused."""
        _require(parameters, "grant_type")
        if parameters["grant_type"] != GRANT_TYPE:
            raise TokenRefused("unsupported_grant_type", f"grant_type is {GRANT_TYPE} here, nothing else")
        for name in ("client_id", "code", "redirect_uri", "code_verifier"):
            _require(parameters, name)
        if parameters["client_id"] not in self._clients:
            raise TokenRefused("invalid_client", "no client has this client_id", status=401)
        return {
            # OAuth wants one; it opens nothing, since this issuer has no other API.
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFE_SECONDS,
            "id_token": self._tokens.token(self._redeemed(parameters)),
        }

    def _redeemed(self, parameters: Mapping[str, str]) -> CodeGrant:
        grant = self._codes.take(parameters["code"])
        if grant is None:
            raise TokenRefused("invalid_grant", "the code is unknown, used or older than a minute; sign in again")
        if grant.client_id != parameters["client_id"]:
            raise TokenRefused("invalid_grant", "the code was made for another client")
        if grant.redirect_uri != parameters["redirect_uri"]:
            raise TokenRefused("invalid_grant", "redirect_uri differs from the authorization request's")
        if not _answers(parameters["code_verifier"], grant.code_challenge):
            raise TokenRefused("invalid_grant", "code_verifier does not fit the code_challenge")
        return grant


def challenge_of(verifier: str) -> str:
    """PKCE's S256: base64url of the verifier's SHA-256, without padding."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode("ascii")


def _answers(verifier: str, challenge: str) -> bool:
    return _VERIFIER.fullmatch(verifier) is not None and hmac.compare_digest(challenge_of(verifier), challenge)


def _require(parameters: Mapping[str, str], name: str) -> None:
    if name not in parameters:
        raise TokenRefused("invalid_request", f"{name} is missing")
