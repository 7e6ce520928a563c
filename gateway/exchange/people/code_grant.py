"""The authorization code grant with PKCE (RFC 6749 4.1, RFC 7636): for a program on the machine of the browser."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.errors import InvalidGrant, InvalidParameter, InvalidRedirect
from gateway.exchange.people import tokens
from gateway.exchange.people.clients import Client, known_client, may_return_to
from gateway.exchange.people.context import PeopleParts, drawn, fingerprint
from gateway.exchange.people.signed_in import SignedIn

LIFE: Final = 60
_KIND: Final = "authorization_code"
# AWS CLI v2 sends the challenge without padding; base64url of a SHA-256 then has exactly this form (RFC 7636 4.2).
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}", re.ASCII)
_MAXIMUM_STATE: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """A request of a registered client, which may be answered at its own address."""

    client: Client
    redirect_uri: str
    state: str | None = field(repr=False)
    code_challenge: str


def read_request(sent: Mapping[str, str], now: datetime) -> AuthorizationRequest:
    """Raises InvalidClient, InvalidRedirect, InvalidParameter: told on a page, and nobody is sent anywhere."""
    client = known_client(sent.get("client_id", ""), now)
    redirect_uri = sent.get("redirect_uri", "")
    if not may_return_to(client, redirect_uri):
        raise InvalidRedirect
    if sent.get("response_type") != "code":
        raise InvalidParameter("response_type is code here, nothing else", parameter="response_type")
    # `plain` would let whoever sees the request redeem the code; without a challenge anybody could.
    if sent.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(sent.get("code_challenge", "")):
        raise InvalidParameter(
            "PKCE is required: code_challenge_method S256 and its code_challenge", parameter="code_challenge"
        )
    state = sent.get("state")
    if state is not None and (len(state) > _MAXIMUM_STATE or not state.isprintable()):
        raise InvalidParameter("state is too long, or not printable", parameter="state")
    return AuthorizationRequest(
        client=client, redirect_uri=redirect_uri, state=state, code_challenge=sent["code_challenge"]
    )


async def give_code(parts: PeopleParts, request: AuthorizationRequest, signed_in: SignedIn, now: datetime) -> str:
    """A code that only the client redeems, once. Raises StateUnavailable."""
    code = drawn()
    content = {
        "client": fingerprint(request.client.client_id),
        "redirect": request.redirect_uri,
        "challenge": request.code_challenge,
        "sign_in": signed_in.sign_in_id,
        "family": drawn(),
        "until": now.timestamp() + LIFE,
        "used": False,
    }
    # Kept as long as its tokens may live: a second use has to be noticed, and ends them.
    await parts.records.put(_KIND, code, content, max(signed_in.ends, now + timedelta(seconds=LIFE)))
    return code


async def redeem(
    parts: PeopleParts, code: str, redirect_uri: str, verifier: str, client: Client, now: datetime
) -> tuple[str, str]:
    """The sign-in whose person gave the code, and the family of the tokens to issue.

    Raises InvalidGrant, StateUnavailable.
    """
    kept = await parts.records.get(_KIND, code)
    if kept is None:
        raise InvalidGrant(cause="there is no such code")
    content = kept.content
    if content["client"] != fingerprint(client.client_id):
        raise InvalidGrant(cause="the code is another client's")
    used = {**content, "used": True}
    if content["used"] or not await parts.records.replace(_KIND, code, kept, used):
        # RFC 6749 4.1.2: somebody else has the code too; what the first use gave, or is about to, is worth nothing.
        await tokens.bar_family(parts, content["sign_in"], content["family"], now)
        raise InvalidGrant(cause="the code was used before; its tokens are ended")
    if now.timestamp() >= content["until"]:
        raise InvalidGrant(cause="the code has expired")
    if redirect_uri != content["redirect"]:
        raise InvalidGrant(cause="the redirect URI is not the one that the code was sent to")
    if not _VERIFIER.fullmatch(verifier) or not secrets.compare_digest(_challenge_of(verifier), content["challenge"]):
        raise InvalidGrant(cause="the code verifier is not the one of the challenge")
    return content["sign_in"], content["family"]


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
