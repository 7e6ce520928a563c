"""The keyring's file: strict JSON, private to the process, replaced as a whole.

{"version": 1, "keys": [{"id": "<16 hex digits>", "secret": "<base64, 32 bytes>",
                         "created_at": "2026-01-31T08:00:00Z", "seals_from": "2026-01-31T08:10:00Z"}, ...]}
"""

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.sealing.keyring import KEY_ID_BYTES, SECRET_BYTES, Keyring, SealingKey

FORMAT_VERSION: Final = 1
KEPT_AFTER_LAST_SEAL: Final = timedelta(hours=36)
"""The longest session lasts 36 hours (GetFederationToken): a key opens for so long after its successor seals."""

_MAXIMUM_BYTES: Final = 256 * 1024
_MAXIMUM_KEYS: Final = 1000
_NO_FILE: Final = "no such file; make one with `sts-gateway keys generate`"
_MEMBERS: Final = {"id", "secret", "created_at", "seals_from"}


class UnusableKeyring(Exception):
    """The keyring's file cannot be used; the message names the file, the fault and the mend, never a key."""


def new_key(*, now: datetime, seals_from: datetime) -> SealingKey:
    return SealingKey(
        key_id=secrets.token_bytes(KEY_ID_BYTES),
        secret=secrets.token_bytes(SECRET_BYTES),
        created_at=now.replace(microsecond=0),
        seals_from=seals_from.replace(microsecond=0),
    )


def rotated(keyring: Keyring, *, now: datetime, seals_after: timedelta) -> Keyring:
    """The keyring with a fresh key that seals after a while, and without keys whose last token has ended.

    seals_after: long enough for every replica to have read the new file before any token needs it.
    """
    if seals_after < timedelta(0):  # it would date back the last seal of the key before, and drop that too early
        raise ValueError("a key cannot seal before it is made")
    keys = (*keyring.keys, new_key(now=now, seals_from=now + seals_after))
    return Keyring(
        [key for key, successor in zip(keys, (*keys[1:], None), strict=True) if not _retired(successor, now)]
    )


def _retired(successor: SealingKey | None, now: datetime) -> bool:
    return successor is not None and successor.seals_from + KEPT_AFTER_LAST_SEAL < now


def read(path: Path) -> Keyring:
    """Read and check a keyring's file; symlinks are followed (Kubernetes mounts Secrets so).

    Raises UnusableKeyring: it is absent, readable by others, not this format, or empty.
    """
    # Without O_NONBLOCK a FIFO in the file's place would be waited for without end.
    with _told(path, missing=_NO_FILE), _opened(path, os.O_NONBLOCK) as descriptor:
        _refuse_wide_permissions(path, os.fstat(descriptor))
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(_MAXIMUM_BYTES + 1)
    if len(content) > _MAXIMUM_BYTES:
        raise UnusableKeyring(f"{path}: larger than {_MAXIMUM_BYTES} bytes; this is not a keyring")
    return _parse(path, content)


def create(path: Path, keyring: Keyring) -> None:
    """Write a keyring where none is yet. Raises UnusableKeyring when the file exists: sessions hang on its keys."""
    with _told(path, missing="its folder does not exist"), _written(path, keyring) as temporary:
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            raise UnusableKeyring(f"{path}: exists already; add a key to it with `sts-gateway keys rotate`") from None


def rotate(path: Path, *, now: datetime, seals_after: timedelta) -> Keyring:
    """Add a key to the file and drop those that nothing needs any more; returns what the file now holds.

    The folder is locked meanwhile, so that two rotations at once do not lose a key. Owner, group and mode stay, so
    that whoever reads the file still can. Raises UnusableKeyring.
    """
    path = Path(os.path.realpath(path))  # a link stays one, and what it leads to is replaced
    with _told(path, missing=_NO_FILE), _locked(path.parent):
        keyring = rotated(read(path), now=now, seals_after=seals_after)
        if len(keyring.keys) > _MAXIMUM_KEYS:
            raise UnusableKeyring(f"{path}: has {_MAXIMUM_KEYS} keys that sessions may still need; rotate less often")
        with _written(path, keyring) as temporary:
            _take_owner(temporary, path)
            temporary.replace(path)
    return keyring


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
    document = {"version": FORMAT_VERSION, "keys": [_rendered(key) for key in keyring.keys]}
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(document, file, indent=2)
            file.write("\n")
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


def _parse(path: Path, content: bytes) -> Keyring:
    try:
        document = json.loads(content.decode("utf-8"), object_pairs_hook=_unique_members)
        version = document.get("version") if isinstance(document, dict) else None
        if type(version) is not int or version != FORMAT_VERSION:  # true is an int, and 1
            raise ValueError(f'"version" must be {FORMAT_VERSION}')
        if set(document) != {"version", "keys"}:
            raise ValueError('the file holds "version" and "keys", nothing else')
        entries = document["keys"]
        if not isinstance(entries, list) or not 1 <= len(entries) <= _MAXIMUM_KEYS:
            raise ValueError(f'"keys" must be a list of 1 to {_MAXIMUM_KEYS} keys')
        return Keyring([_key(entry) for entry in entries])
    except (ValueError, RecursionError) as error:
        # A JSON error's text may quote its surroundings, which may be a key.
        reason = "not JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)
        raise UnusableKeyring(f"{path}: not a keyring of this gateway: {reason}") from None


def _unique_members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return members


def _key(entry: object) -> SealingKey:
    if not isinstance(entry, dict) or set(entry) != _MEMBERS or not all(isinstance(v, str) for v in entry.values()):
        raise ValueError("each key has the texts id, secret, created_at and seals_from")
    try:
        key_id = bytes.fromhex(entry["id"])
        secret = base64.b64decode(entry["secret"], validate=True)
    except (ValueError, binascii.Error):
        raise ValueError("a key's id is hexadecimal and its secret base64") from None
    if len(key_id) != KEY_ID_BYTES or len(secret) != SECRET_BYTES:
        raise ValueError(f"a key's id has {KEY_ID_BYTES} bytes and its secret {SECRET_BYTES}")
    return SealingKey(
        key_id=key_id, secret=secret, created_at=_time(entry, "created_at"), seals_from=_time(entry, "seals_from")
    )


def _time(entry: Mapping[str, str], member: str) -> datetime:
    try:
        return datetime.strptime(entry[member], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"a key's {member} is a time such as 2026-01-31T08:00:00Z") from None


def _rendered(key: SealingKey) -> dict[str, str]:
    return {
        "id": key.key_id.hex(),
        "secret": base64.b64encode(key.secret).decode("ascii"),
        "created_at": f"{key.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "seals_from": f"{key.seals_from:%Y-%m-%dT%H:%M:%SZ}",
    }
