"""What the use cases of people work with."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import PolledTooFast
from gateway.domain.origin import RequestOrigin
from gateway.exchange.people.records import SealedRecords
from gateway.sealing.envelope import Sealer
from gateway.state.throttle import Throttle

SIGN_IN_SOURCE: Final = "signin.amazonaws.com"
OAUTH_SOURCE: Final = "sso-oauth.amazonaws.com"
PORTAL_SOURCE: Final = "sso.amazonaws.com"
_RANDOM_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleParts:
    """`idle`, `absolute`: seconds of a portal session. Sealers: one a purpose, so that no token passes for another.

    `codes`: how often an address may type a user code that is none; `begun`: how many sign-ins and device grants it may
    begin, each of which the store keeps for minutes, for whoever asks.
    """

    records: SealedRecords
    access_tokens: Sealer
    refresh_tokens: Sealer
    codes: Throttle
    begun: Throttle
    idle: int
    absolute: int


async def may_begin(parts: PeopleParts, origin: RequestOrigin) -> None:
    """Count one more thing begun. Raises PolledTooFast: a store must not be filled by one address."""
    address = origin.neighbourhood
    if await parts.begun.refused(address):
        raise PolledTooFast
    await parts.begun.failed(address)


def drawn() -> str:
    """256 random bits as text."""
    return secrets.token_urlsafe(_RANDOM_BYTES)


def fingerprint(text: str) -> str:
    """What is kept of a text that need only be known again."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
