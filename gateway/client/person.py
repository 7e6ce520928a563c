"""A person's sign-in on their machine: kept in their cache (0600), one process at a time, refreshed when it is due."""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from gateway.client.identity_center import IdentityCenter, Refused, Registered

_REFRESHED_BEFORE: Final = 300
"""Seconds before the access token's end at which it is refreshed."""
_KEPT_UNTIL: Final = 300
"""Seconds before their end up to which credentials are given again."""


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

    def keep(self, client: Registered, issued: Mapping[str, Any]) -> None:
        """Keep the tokens of a sign-in; nothing of the one before stays."""
        with self._locked():
            self._write({"client": dict(client.members), "tokens": self._dated(issued), "credentials": {}, "used": {}})

    def access_token(self) -> str:
        """A token that still holds. Raises NobodySignedIn, Refused, GatewayUnreachable."""
        with self._locked():
            return self._access_token(self._read())

    def credentials(self, account: str, role: str) -> Mapping[str, Any]:
        """Credentials of a role, the kept ones while they last. Raises as `access_token`."""
        with self._locked():
            kept = self._read()
            found = kept["credentials"].get(f"{account}/{role}")
            if found is None or found["expiration"] / 1000 <= self._now() + _KEPT_UNTIL:
                return self._fetched(kept, account, role)
            return self._used(kept, account, role, found)

    def fresh_credentials(self, account: str, role: str) -> Mapping[str, Any]:
        """Credentials of a role whose life begins now; kept for others. Raises as `access_token`."""
        with self._locked():
            return self._fetched(self._read(), account, role)

    def used(self) -> Mapping[str, int]:
        """How often credentials of each `NUMBER/ROLE` were asked for. Raises NobodySignedIn."""
        with self._locked():
            used: Mapping[str, int] = self._read()["used"]
            return used

    def _fetched(self, kept: dict[str, Any], account: str, role: str) -> Mapping[str, Any]:
        found = dict(self._center.credentials(self._access_token(kept), account, role))
        return self._used(kept, account, role, found)

    def _used(self, kept: dict[str, Any], account: str, role: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        key = f"{account}/{role}"
        kept["credentials"][key] = found
        kept["used"][key] = kept["used"].get(key, 0) + 1
        self._write(kept)
        return found

    def _access_token(self, kept: dict[str, Any]) -> str:
        tokens = kept["tokens"]
        if tokens["ends"] <= self._now() + _REFRESHED_BEFORE:
            client = Registered(client_id=kept["client"]["clientId"], client_secret=kept["client"]["clientSecret"])
            grant = {"grantType": "refresh_token", "refreshToken": tokens["refresh"]}
            try:
                kept["tokens"] = tokens = self._dated(self._center.tokens(client, grant))
            except Refused:
                raise NobodySignedIn(self._center.url) from None
            # Written at once: a refresh token that is used twice ends the sign-in.
            self._write(kept)
        access_token: str = tokens["access"]
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
        except (OSError, ValueError):
            raise NobodySignedIn(self._center.url) from None
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
        with os.fdopen(os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where this person's sign-ins are kept."""
    root = environment.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "sts-gateway"
