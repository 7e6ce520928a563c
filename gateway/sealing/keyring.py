"""The keyring in memory, its keys from oldest to newest: which one seals now, which opened this, which signs."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from gateway.domain.errors import KeyringUnavailable
from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.sealing.issuer_key import IssuerKey, with_living_tokens

KEY_ID_BYTES: Final = 8
SECRET_BYTES: Final = 32
_HASH: Final = SHA256()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """One 256-bit key. It opens from the moment it is in the keyring and seals from `seals_from` (UTC) on."""

    key_id: bytes
    secret: bytes = field(repr=False)
    created_at: datetime
    seals_from: datetime
    _begun: HMAC = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begun", HMAC(self.secret, _HASH))

    def derived(self, context: bytes) -> bytes:
        """HMAC-SHA-256 of `context`: 32 bytes. The key's own part of it is reckoned once."""
        mac = self._begun.copy()
        mac.update(context)
        return mac.finalize()


class KeySource(Protocol):
    """Where an envelope finds its keys: a Keyring, or one that follows its file."""

    def key(self, key_id: bytes) -> SealingKey | None:
        """The key of this id, or None."""
        ...

    def sealing_key(self, now: float) -> SealingKey:
        """The key that seals at `now` (seconds since the epoch). Raises KeyringUnavailable when there is none."""
        ...


class IssuerKeySource(Protocol):
    """Where the gateway as an issuer of ID tokens finds its keys."""

    def issuer_key(self, algorithm: SigningAlgorithm, now: datetime) -> IssuerKey | None:
        """The key that signs at `now`; None where there is none, or none may sign yet."""
        ...

    def published_keys(self, now: datetime) -> tuple[IssuerKey, ...]:
        """The keys whose public halves are shown at `now`: all but those whose last token has ended."""
        ...


class Keyring:
    """An immutable set of keys. A changed file gives a new Keyring; none is ever edited in place."""

    __slots__ = ("_by_id", "_issuer_keys", "_newest_first")

    def __init__(self, keys: Sequence[SealingKey], issuer_keys: Sequence[IssuerKey] = ()) -> None:
        """`issuer_keys`: those that sign ID tokens; without any the gateway is no issuer."""
        self._by_id = {key.key_id: key for key in keys}
        if len(self._by_id) != len(keys) or len({key.key_id for key in issuer_keys}) != len(issuer_keys):
            raise ValueError("two keys of a keyring have one id")
        # Of two keys that seal from one second on, the later of the file is the newer.
        oldest_first = sorted(keys, key=lambda key: key.seals_from)
        self._newest_first = tuple((key.seals_from.timestamp(), key) for key in reversed(oldest_first))
        self._issuer_keys = tuple(sorted(issuer_keys, key=lambda key: key.signs_from))

    @property
    def keys(self) -> tuple[SealingKey, ...]:
        """All keys, oldest first."""
        return tuple(key for _, key in reversed(self._newest_first))

    @property
    def issuer_keys(self) -> tuple[IssuerKey, ...]:
        """All keys for ID tokens, oldest first."""
        return self._issuer_keys

    def key(self, key_id: bytes) -> SealingKey | None:
        return self._by_id.get(key_id)

    def sealing_key(self, now: float) -> SealingKey:
        """The newest key whose `seals_from` has come. Raises KeyringUnavailable when there is none."""
        for seals_from, key in self._newest_first:
            if seals_from <= now:
                return key
        raise KeyringUnavailable(cause="no key of the keyring may seal yet: look at `sts-gateway keys list`")

    def issuer_key(self, algorithm: SigningAlgorithm, now: datetime) -> IssuerKey | None:
        fitting = (key for key in reversed(self._issuer_keys) if key.algorithm is algorithm and key.signs_from <= now)
        return next(fitting, None)

    def published_keys(self, now: datetime) -> tuple[IssuerKey, ...]:
        return with_living_tokens(self._issuer_keys, now)
