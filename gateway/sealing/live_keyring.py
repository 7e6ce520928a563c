"""The keyring of a running process: follows its file, so that a rotated key counts without a restart."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.sealing import key_file
from gateway.sealing.issuer_key import IssuerKey
from gateway.sealing.keyring import Keyring, SealingKey

SECONDS_BETWEEN_LOOKS: Final = 1.0

_Seen = tuple[int, ...]


class LiveKeyring:
    """A KeySource and an IssuerKeySource over a keyring's file.

    The file is looked at when something was sealed with a key that is not known here, and when something is to be
    sealed, signed or published, each at most once in `SECONDS_BETWEEN_LOOKS`: a flood of invented tokens costs one
    `stat` a second, and a replica that opens nothing still learns of the key that it must seal with. A changed file is
    read and the new keyring swapped in whole; an unusable one is told, and the last good keyring goes on.
    """

    __slots__ = (
        "_keyring",
        "_monotonic",
        "_next_look",
        "_next_unknown",
        "_on_change",
        "_on_fault",
        "_path",
        "_seen",
        "_told",
    )

    def __init__(
        self,
        path: Path,
        *,
        on_change: Callable[[Keyring], None],
        on_fault: Callable[[key_file.UnusableKeyring], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the file. Raises UnusableKeyring: there is no last good one to go on with.

        on_fault: called once for each fault, however long it lasts.
        """
        self._path = path
        self._on_change = on_change
        self._on_fault = on_fault
        self._monotonic = monotonic
        self._told = ""
        self._seen = _look(path)  # before it is read: what changes meanwhile is seen at the next look
        self._keyring = key_file.read(path)
        self._next_look = self._next_unknown = monotonic()

    @property
    def keyring(self) -> Keyring:
        return self._keyring

    def key(self, key_id: bytes) -> SealingKey | None:
        key = self._keyring.key(key_id)
        if key is None and self._monotonic() >= self._next_unknown:
            self._next_unknown = self._monotonic() + SECONDS_BETWEEN_LOOKS
            self.follow()
            key = self._keyring.key(key_id)
        return key

    def sealing_key(self, now: float) -> SealingKey:
        return self.followed().sealing_key(now)

    def issuer_key(self, algorithm: SigningAlgorithm, now: datetime) -> IssuerKey | None:
        return self.followed().issuer_key(algorithm, now)

    def published_keys(self, now: datetime) -> tuple[IssuerKey, ...]:
        return self.followed().published_keys(now)

    def followed(self) -> Keyring:
        """The keyring, after a look at the file where the last one is long ago."""
        if self._monotonic() >= self._next_look:
            self._next_look = self._monotonic() + SECONDS_BETWEEN_LOOKS
            self.follow()
        return self._keyring

    def follow(self) -> None:
        """Look at the file now, and swap in what it holds where it has changed."""
        seen = _look(self._path)
        if seen is not None and seen == self._seen:
            self._told = ""
            return
        try:
            keyring = key_file.read(self._path)
        except key_file.UnusableKeyring as fault:
            self._tell(fault)  # not remembered as seen: what mends itself is found at the next look
            return
        self._seen, self._keyring, self._told = seen, keyring, ""
        self._on_change(keyring)

    def _tell(self, fault: key_file.UnusableKeyring) -> None:
        if str(fault) != self._told:
            self._told = str(fault)
            self._on_fault(fault)


def _look(path: Path) -> _Seen | None:
    """What tells one content of the file from another; Kubernetes swaps a link, `keys rotate` the file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
