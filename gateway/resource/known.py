"""Sessions that the gateway has vouched for: keys and policies, bounded, the least recently used leaving first."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final, Self

from gateway.domain.authentication import Authenticated, AuthenticatedPrincipal
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.resource.caller import PolicySets, Value
from gateway.sigv4.signed_request import SignedRequest

CAPACITY: Final = 10_000
POLICIES_LIVE: Final = timedelta(seconds=60)
_MAXIMUM_SETS: Final = 3
_DOCUMENTS: Final = 1_024

Key = tuple[str, str, str, bytes]


class UnusableAnswer(ValueError):
    """A gateway's answer holds what this version cannot judge by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSession:
    """What one session may do here until `policies_expire`, and the key of one scope.

    `keys`: the caller's condition keys, names in lower case.
    """

    principal: AuthenticatedPrincipal
    keys: Mapping[str, Value] = field(repr=False)
    policies: PolicySets = field(repr=False)
    expiration: datetime | None
    policies_expire: datetime
    signing_key: bytes | None = field(repr=False)

    @classmethod
    def of(cls, answer: Authenticated, now: datetime) -> Self:
        """Raises UnusableAnswer, MalformedPolicyDocument: judged by nothing rather than by less than was sent."""
        if not 1 <= len(answer.policies) <= _MAXIMUM_SETS:
            raise UnusableAnswer(f"the gateway sent {len(answer.policies)} sets of policies")
        return cls(
            principal=answer.principal,
            keys={name.lower(): value for name, value in answer.principal.condition_keys.items()},
            policies=tuple(tuple(_document(text) for text in one) for one in answer.policies),
            expiration=answer.expiration,
            # Whatever the gateway's clock says.
            policies_expire=min(answer.policies_expire, now + POLICIES_LIVE),
            signing_key=answer.signing_key,
        )


class KnownSessions:
    """A bounded memory of them. Safe to use from several threads."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, KnownSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Key) -> KnownSession | None:
        with self._lock:
            found = self._known.get(key)
            if found is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: Key, known: KnownSession) -> None:
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)

    def drop(self, key: Key) -> None:
        with self._lock:
            self._known.pop(key, None)


def key_of(signed: SignedRequest) -> Key:
    """Under what a session is kept: its key id, its whole token, and the scope's date and region (its service is the
    verifier's one); the token's text is not kept.

    The token says account and provider, sealed: two sessions never share an entry, whatever else they share.
    """
    token = signed.session_token
    digest = b"" if token is None else sha256(token.encode("utf-8", "surrogateescape")).digest()
    return signed.access_key_id, signed.scope.date, signed.scope.region, digest


@lru_cache(maxsize=_DOCUMENTS)
def _document(text: str) -> Policy:
    return parse_policy(text, PolicyKind.IDENTITY, name="policy")
