"""What the use cases of people work with, and the keys that sign browsers' cookies."""

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.domain.clock import Clock
from gateway.exchange.people import clients, records, tokens
from gateway.exchange.people.context import PeopleParts
from gateway.exchange.people.records import SealedRecords
from gateway.sealing.envelope import Sealer
from gateway.sealing.keyring import Keyring
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
        clients=sealer(clients.PURPOSE),
        codes=Throttle(state, clock, kind="user_codes", attempts=_WRONG_CODES, window=_WINDOW),
        begun=Throttle(state, clock, kind="sign_ins_begun", attempts=_BEGUN, window=_WINDOW),
        idle=settings.browser_session.idle,
        absolute=settings.browser_session.absolute,
    )


def cookie_keys(keyring: Keyring, realm: str, now: datetime) -> Sequence[bytes]:
    """Keys for cookies, from oldest to newest: the last signs, all verify. Raises KeyringUnavailable."""
    newest = keyring.sealing_key(now.timestamp())
    keys = [key for key in keyring.keys if key.key_id != newest.key_id]
    return [hmac.digest(key.secret, _COOKIES + realm.encode(), "sha256") for key in (*keys, newest)]
