"""The other side of a browser sign-in: what a client keeps, sends and checks to get an ID token by code and PKCE.

Pure: whoever has the HTTP (the script's client, the demo's own page) carries the messages. Sources: RFC 6749, RFC 7636,
RFC 9207, OpenID Connect Core section 3.1.
"""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from gateway.demo.issuer.token_endpoint import GRANT_TYPE, challenge_of

_SCOPE: Final = "openid profile email"


class SignInFailed(Exception):
    """The issuer said no, or its answer is not to this attempt; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to sign somebody in. Only its `authorization_parameters` are seen by the browser."""

    issuer: str
    client_id: str
    redirect_uri: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)

    @classmethod
    def begin(cls, *, issuer: str, client_id: str, redirect_uri: str) -> "Attempt":
        return cls(
            issuer=issuer,
            client_id=client_id,
            redirect_uri=redirect_uri,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            code_verifier=secrets.token_urlsafe(48),
        )

    def authorization_parameters(self) -> Mapping[str, str]:
        return {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": _SCOPE,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge_of(self.code_verifier),
            "code_challenge_method": "S256",
        }

    def authorization_url(self, endpoint: str) -> str:
        return f"{endpoint}?{urlencode(self.authorization_parameters())}"

    def code_of(self, answer: Mapping[str, str]) -> str:
        """The code in the parameters with which the browser came back. Raises SignInFailed."""
        if answer.get("state") != self.state:
            raise SignInFailed("the answer belongs to another sign-in: its state is not the one that was sent")
        if answer.get("iss") != self.issuer:
            raise SignInFailed("the answer comes from another issuer: its iss is not the one that was asked")
        if "code" not in answer:
            told = answer.get("error_description", "no reason given")
            raise SignInFailed(f"the issuer refused: {answer.get('error', 'no code')} ({told})")
        return answer["code"]

    def token_parameters(self, code: str) -> Mapping[str, str]:
        """What the token endpoint is sent, as a form."""
        return {
            "grant_type": GRANT_TYPE,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code": code,
            "code_verifier": self.code_verifier,
        }

    def signed_in(self, answer: Mapping[str, Any]) -> "SignedIn":
        """The ID token of a token response. Raises SignInFailed.

        Core 3.1.3.7: over a direct connection its signature may go unchecked here; the gateway checks it.
        """
        token = answer.get("id_token")
        if not isinstance(token, str):
            told = answer.get("error_description", "no reason given")
            raise SignInFailed(f"the issuer gave no ID token: {answer.get('error', 'no error')} ({told})")
        claims = claims_of(token)
        if claims.get("nonce") != self.nonce:
            raise SignInFailed("the ID token belongs to another sign-in: its nonce is not the one that was sent")
        return SignedIn(id_token=token, claims=claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Somebody signed in: the ID token, and its claims to look at."""

    id_token: str = field(repr=False)
    claims: Mapping[str, Any]


def claims_of(token: str) -> Mapping[str, Any]:
    """The claims of a token, nothing of it verified."""
    payload = token.split(".")[1]
    claims: Mapping[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
