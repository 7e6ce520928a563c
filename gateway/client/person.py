"""A person's sign-in on their machine: kept in their cache (0600), one process at a time, refreshed when it is due."""

import errno
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.client.identity_center import IdentityCenter, Refused, Registered

T = TypeVar("T")

_REFRESHED_BEFORE: Final = 300
"""Seconds before the access token's end at which it is refreshed."""
_KEPT_UNTIL: Final = 900
"""Seconds before their end up to which credentials of an hour are given again: below it botocore asks at each use."""
_HOUR: Final = 3_600
_ENDED: Final = "UnauthorizedException"
FORBIDDEN: Final = "ForbiddenException"
"""Its message is AWS's own, `No access`."""


class NobodySignedIn(Exception):
    """There is no sign-in at the gateway of this address that still holds."""

    def __init__(self, url: str) -> None:
        super().__init__(f"nobody is signed in here; run `sts-gateway login --url {url}` first")


class Person:
    """The sign-in at one gateway. `home`: the folder of the cache."""

    def __init__(self, center: IdentityCenter, home: Path, *, now: Callable[[], float] = time.time) -> None:
        self._center = center
        self._now = now
        self._home = home
        name = hashlib.sha256(center.url.encode()).hexdigest()[:32]
        self._file = home / f"{name}.json"
        self._lock = home / f"{name}.lock"

    def check(self) -> None:
        """Raises OSError where a sign-in could not be kept."""
        with self._locked():
            pass

    def keep(self, client: Registered, issued: Mapping[str, Any]) -> None:
        """Keep the tokens of a sign-in; nothing of the one before stays."""
        with self._locked():
            self._write({"client": dict(client.members), "tokens": self._dated(issued), "credentials": {}, "used": {}})

    def roles(self) -> list[tuple[str, str, str]]:
        """Account's number, its name, and a role's name. Raises NobodySignedIn, Refused, GatewayUnreachable."""
        with self._locked():
            return self._asked(self._read(), lambda token: list(self._center.roles(token)))

    def credentials(self, account: str, role: str) -> Mapping[str, Any]:
        """Credentials of a role, the kept ones while they last. Raises as `roles`."""
        with self._locked():
            kept = self._read()
            found = kept["credentials"].get(f"{account}/{role}")
            if found is None or not self._lasts(found):
                return self._fetched(kept, account, role)
            return self._used(kept, account, role, found)

    def fresh_credentials(self, account: str, role: str) -> Mapping[str, Any]:
        """Credentials of a role whose life begins now; kept for others. Raises as `roles`."""
        with self._locked():
            return self._fetched(self._read(), account, role)

    def used(self) -> Mapping[str, int]:
        """How often credentials of each `NUMBER/ROLE` were asked for. Raises NobodySignedIn."""
        with self._locked():
            used: Mapping[str, int] = self._read()["used"]
            return used

    def _lasts(self, found: Mapping[str, Any]) -> bool:
        """Whether it may be given again: not where the clock was set back since, by which nothing would ever end."""
        at, now, ends = found.get("at"), self._now(), found["expiration"] / 1000
        return at is not None and bool(at <= now < ends - _KEPT_UNTIL * min(1.0, (ends - at) / _HOUR))

    def _fetched(self, kept: dict[str, Any], account: str, role: str) -> Mapping[str, Any]:
        try:
            found = self._asked(kept, lambda token: dict(self._center.credentials(token, account, role)))
        except Refused as refusal:
            if refusal.code != FORBIDDEN:
                raise
            raise Refused(refusal.code, f"you may not assume {account}/{role}") from None
        return self._used(kept, account, role, {**found, "at": self._now()})

    def _asked(self, kept: dict[str, Any], ask: Callable[[str], T]) -> T:
        """What the gateway answers to a token, and to a fresh one where it takes that for ended before its time."""
        try:
            return ask(self._access_token(kept))
        except Refused as refusal:
            if refusal.code != _ENDED:
                raise
        return ask(self._refreshed(kept))

    def _used(self, kept: dict[str, Any], account: str, role: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        key = f"{account}/{role}"
        kept["credentials"][key] = found
        kept["used"][key] = kept["used"].get(key, 0) + 1
        self._write(kept)
        return found

    def _access_token(self, kept: dict[str, Any]) -> str:
        tokens = kept["tokens"]
        if tokens["ends"] <= self._now() + _REFRESHED_BEFORE:
            return self._refreshed(kept)
        access_token: str = tokens["access"]
        return access_token

    def _refreshed(self, kept: dict[str, Any]) -> str:
        client = Registered(client_id=kept["client"]["clientId"], client_secret=kept["client"]["clientSecret"])
        grant = {"grantType": "refresh_token", "refreshToken": kept["tokens"]["refresh"]}
        # Where nothing can be written, the one token that refreshes must not be used up.
        self._write(kept)
        try:
            kept["tokens"] = self._dated(self._center.tokens(client, grant))
        except Refused:
            raise NobodySignedIn(self._center.url) from None
        # Written at once: a refresh token that is used twice ends the sign-in.
        self._write(kept)
        access_token: str = kept["tokens"]["access"]
        return access_token

    def _dated(self, issued: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "access": issued["accessToken"],
            "refresh": issued["refreshToken"],
            "ends": self._now() + issued["expiresIn"],
        }

    def _read(self) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self._file.read_bytes())
            parts = kept["client"], kept["tokens"], kept["credentials"], kept["used"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            raise NobodySignedIn(self._center.url) from None
        if not all(isinstance(part, dict) for part in parts):
            raise NobodySignedIn(self._center.url)
        return kept

    def _write(self, kept: Mapping[str, Any]) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        fresh.replace(self._file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_shared(self._home)
        with os.fdopen(os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _refuse_shared(folder: Path) -> None:
    """Raises PermissionError. Who may write there may put in a sign-in of their own, and the person would use it."""
    status, own = folder.stat(), os.geteuid()
    # root may work in the home of the person that it was called by.
    if own not in {status.st_uid, 0}:
        raise PermissionError(errno.EPERM, "belongs to somebody else; set XDG_CACHE_HOME to a folder of yours", folder)
    if status.st_mode & 0o022:
        raise PermissionError(errno.EPERM, "others may write there; take that away: chmod 700", folder)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where this person's sign-ins are kept. Raises OSError where they have no home."""
    root = environment.get("XDG_CACHE_HOME")
    return (Path(root) if root else home_folder() / ".cache") / "sts-gateway"


def home_folder() -> Path:
    """Raises OSError: a container's user may have none."""
    try:
        return Path.home()
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, "this user has no home; set HOME", "~") from None
