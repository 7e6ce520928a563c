"""Authorization codes: made once, redeemed at most once, forgotten after a minute."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.demo.people import Person
from gateway.domain.clock import Clock

CODE_LIFE: Final = timedelta(seconds=60)
_MAXIMUM_PENDING: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGrant:
    """What a code stands for: who signed in when, for which client, and what must be shown to redeem it."""

    person: Person
    client_id: str
    redirect_uri: str
    code_challenge: str
    nonce: str | None
    authenticated_at: datetime
    expires_at: datetime


class Codes:
    """Codes that wait to be redeemed, oldest first, in the memory of this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock: Final = clock
        self._pending: dict[str, CodeGrant] = {}

    def issue(self, grant: CodeGrant) -> str:
        while len(self._pending) >= _MAXIMUM_PENDING:
            self._pending.pop(next(iter(self._pending)))
        code = secrets.token_urlsafe(32)
        self._pending[code] = grant
        return code

    def take(self, code: str) -> CodeGrant | None:
        """The code's grant, this once, however the redeeming ends; None for a code unknown, used or too old.

        RFC 6749 10.5: whoever guesses at what else must be shown has one guess.
        """
        grant = self._pending.pop(code, None)
        if grant is None or grant.expires_at <= self._clock.now():
            return None
        return grant
