"""The keyring's file: private to the process, replaced as a whole; how keys come into it and leave it."""

import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.sealing.issuer_key import new_issuer_keys, with_living_tokens
from gateway.sealing.key_text import MAXIMUM_ISSUER_KEYS, MAXIMUM_KEYS, parse, rendered
from gateway.sealing.keyring import KEY_ID_BYTES, SECRET_BYTES, Keyring, SealingKey

KEPT_AFTER_LAST_SEAL: Final = timedelta(hours=36)
"""The longest session lasts 36 hours (GetFederationToken): a key opens for so long after its successor seals."""

_MAXIMUM_BYTES: Final = 512 * 1024
_NO_FILE: Final = "no such file; make one with `sts-gateway keys generate --keyring {}`"


class UnusableKeyring(Exception):
    """The keyring's file cannot be used; the message names the file, the fault and the mend, never a key."""


def new_key(*, now: datetime, seals_from: datetime) -> SealingKey:
    return SealingKey(
        key_id=secrets.token_bytes(KEY_ID_BYTES),
        secret=secrets.token_bytes(SECRET_BYTES),
        created_at=now.replace(microsecond=0),
        seals_from=seals_from.replace(microsecond=0),
    )


def new_keyring(*, now: datetime, in_force_from: datetime) -> Keyring:
    """Fresh keys, one for each purpose, that seal and sign from a moment on."""
    if in_force_from < now:  # it would date back the last seal of the key before, and drop that too early
        raise ValueError("a key cannot seal before it is made")
    return Keyring([new_key(now=now, seals_from=in_force_from)], new_issuer_keys(now=now, signs_from=in_force_from))


def rotated(keyring: Keyring, fresh: Keyring, *, now: datetime) -> Keyring:
    """The keyring with the keys of a fresh one, and without keys whose last token has ended."""
    keys = (*keyring.keys, *fresh.keys)
    return Keyring(
        [key for key, successor in zip(keys, (*keys[1:], None), strict=True) if not _retired(successor, now)],
        with_living_tokens((*keyring.issuer_keys, *fresh.issuer_keys), now),
    )


def _retired(successor: SealingKey | None, now: datetime) -> bool:
    return successor is not None and successor.seals_from + KEPT_AFTER_LAST_SEAL < now


def read(path: Path) -> Keyring:
    """Read and check a keyring's file; symlinks are followed (Kubernetes mounts Secrets so).

    Raises UnusableKeyring: it is absent, readable by others, not this format, or empty.
    """
    # Without O_NONBLOCK a FIFO in the file's place would be waited for without end.
    with _told(path, missing=_NO_FILE.format(path)), _opened(path, os.O_NONBLOCK) as descriptor:
        _refuse_wide_permissions(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(_MAXIMUM_BYTES + 1)
    if len(content) > _MAXIMUM_BYTES:
        raise UnusableKeyring(f"{path}: larger than {_MAXIMUM_BYTES} bytes; this is not a keyring")
    try:
        return parse(content)
    except ValueError as fault:
        raise UnusableKeyring(f"{path}: not a keyring of this gateway: {fault}") from None


def create(path: Path, keyring: Keyring) -> None:
    """Write a keyring where none is yet. Raises UnusableKeyring when the file exists: sessions hang on its keys."""
    with _told(path, missing="its folder does not exist"), _written(path, keyring) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            raise UnusableKeyring(f"{path}: exists already; add a key to it with `sts-gateway keys rotate`") from None


def rotate(path: Path, *, now: datetime, seals_after: timedelta) -> Keyring:
    """Add keys to the file and drop those that nothing needs any more; returns what the file now holds.

    seals_after: long enough for every replica to have read the new file before any token needs it.
    The folder is locked meanwhile, so that two rotations at once do not lose a key. Owner, group and mode stay, so
    that whoever reads the file still can. Raises UnusableKeyring.
    """
    path = Path(os.path.realpath(path))  # a link stays one, and what it leads to is replaced
    fresh = new_keyring(now=now, in_force_from=now + seals_after)
    with _told(path, missing=_NO_FILE.format(path)), _locked(path.parent):
        keyring = rotated(read(path), fresh, now=now)
        refuse_too_many(path, keyring)
        with _written(path, keyring) as temporary:
            _take_owner(temporary, path)
            temporary.replace(path)
    return keyring


def refuse_too_many(place: object, keyring: Keyring) -> None:
    """Raise UnusableKeyring where a keyring has more keys than its text may hold; `place` is where it is kept."""
    if len(keyring.keys) > MAXIMUM_KEYS:
        raise UnusableKeyring(f"{place}: has {MAXIMUM_KEYS} keys that sessions may still need; rotate less often")
    if len(keyring.issuer_keys) > MAXIMUM_ISSUER_KEYS:
        raise UnusableKeyring(
            f"{place}: has {MAXIMUM_ISSUER_KEYS} issuer keys whose tokens may still live; rotate less often"
        )


def _take_owner(temporary: Path, path: Path) -> None:
    """Give the new file to whom the old one belongs: root may rotate the keyring of another user's server."""
    old, new = path.stat(), temporary.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.chown(temporary, old.st_uid, old.st_gid)
        except PermissionError:
            raise UnusableKeyring(f"{path}: belongs to another user or group; rotate it as its owner") from None
    temporary.chmod(stat.S_IMODE(old.st_mode) & (stat.S_IRWXU | stat.S_IRWXG))


@contextmanager
def _written(path: Path, keyring: Keyring) -> Iterator[Path]:
    """A complete file beside `path`, to be moved there: readers see the old keyring or the new one, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(rendered(keyring))
            file.flush()
            os.fsync(file.fileno())
        yield temporary
        with _opened(path.parent, os.O_DIRECTORY) as folder:
            os.fsync(folder)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with _opened(path, os.O_DIRECTORY) as folder:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _told(path: Path, *, missing: str) -> Iterator[None]:
    """What the operating system refuses is told as the keyring's fault."""
    try:
        yield
    except FileNotFoundError:
        raise UnusableKeyring(f"{path}: {missing}") from None
    except PermissionError as error:
        raise UnusableKeyring(f"{path}: {error.strerror}; let the gateway's user own the file and its folder") from None
    except OSError as error:
        raise UnusableKeyring(f"{path}: {error.strerror}") from None


def _refuse_wide_permissions(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableKeyring(f"{path}: not a regular file")
    mode = stat.S_IMODE(status.st_mode)
    if mode & stat.S_IRWXO:
        raise UnusableKeyring(f"{path}: others may use this file (mode {mode:04o}); run `chmod 600 {path}`")
    # Kubernetes' fsGroup gives the file to a supplementary group of the process: that is the process itself.
    if mode & stat.S_IRWXG and status.st_gid not in {os.getegid(), *os.getgroups()}:
        raise UnusableKeyring(
            f"{path}: a group that this process is not in may use this file (mode {mode:04o}); run `chmod 600 {path}`"
        )
