"""What the use cases of people work with, and the keys that sign browsers' cookies."""

import hmac
from collections.abc import Callable, Sequence
from typing import Final

from gateway.domain.clock import Clock
from gateway.exchange.people import records, tokens
from gateway.exchange.people.context import PeopleParts
from gateway.exchange.people.records import SealedRecords
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring, SealingKey
from gateway.sealing.live_keyring import LiveKeyring
from gateway.settings.configuration import GatewaySettings
from gateway.state.store import Store
from gateway.state.throttle import Throttle

_WRONG_CODES: Final = 10
_BEGUN: Final = 300
_WINDOW: Final = 600
_COOKIES: Final = b"sts-gateway browser cookies"


def people_of(settings: GatewaySettings, keyring: Keyring | LiveKeyring, state: Store, clock: Clock) -> PeopleParts:
    def sealer(purpose: str) -> Sealer:
        return Sealer(keyring, purpose=purpose, realm=settings.public_url)

    return PeopleParts(
        records=SealedRecords(state, sealer(records.PURPOSE), clock),
        access_tokens=sealer(tokens.ACCESS_PURPOSE),
        refresh_tokens=sealer(tokens.REFRESH_PURPOSE),
        codes=Throttle(state, clock, kind="user_codes", attempts=_WRONG_CODES, window=_WINDOW),
        begun=Throttle(state, clock, kind="sign_ins_begun", attempts=_BEGUN, window=_WINDOW),
        idle=settings.browser_session.idle,
        absolute=settings.browser_session.absolute,
    )


class CookieKeys:
    """Keys for cookies, from oldest to newest: the last signs, all verify. They are reckoned once a keyring."""

    __slots__ = ("_clock", "_keyring", "_keys", "_purpose", "_reckoned")

    def __init__(self, keyring: Callable[[], Keyring], realm: str, clock: Clock) -> None:
        """`keyring`: the one in force."""
        self._keyring = keyring
        self._purpose = _COOKIES + realm.encode()
        self._clock = clock
        self._reckoned: tuple[Keyring, SealingKey] | None = None
        self._keys: Sequence[bytes] = ()

    def __call__(self) -> Sequence[bytes]:
        """Those in force, the same object as long as they are the same. Raises KeyringUnavailable."""
        keyring = self._keyring()
        newest = keyring.sealing_key(self._clock.now().timestamp())
        if self._reckoned is None or self._reckoned[0] is not keyring or self._reckoned[1] is not newest:
            older = [key for key in keyring.keys if key is not newest]
            self._keys = tuple(hmac.digest(key.secret, self._purpose, "sha256") for key in (*older, newest))
            self._reckoned = keyring, newest
        return self._keys
