"""Who may ask: the authorization token, and the marks of a request that a browser or a proxy passes on."""

import hmac
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from gateway.sidecar.listening import Hosts
from gateway.sidecar.message import Fault, Request

TOKEN: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  a variable's name
TOKEN_FILE: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105
_MAXIMUM: Final = 8 * 1024
_OVERLAP: Final = 60.0
"""Seconds for which the token before a change of the file still holds: a client may have read it just before."""

_PRESENTABLE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?", re.ASCII)
_BROWSERS: Final = ("origin", "sec-fetch-site")
_PROXIES: Final = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "forwarded", "via")


class UnusableAuthorization(Exception):
    """There is no authorization token, or none that clients could send."""


class Authorization:
    """The token that a caller must present. A file is read anew for each request, as SDKs read it."""

    def __init__(self, environment: Mapping[str, str], steady: Callable[[], float]) -> None:
        """Raises UnusableAuthorization."""
        self._path = Path(environment[TOKEN_FILE]) if environment.get(TOKEN_FILE) else None
        if self._path is None and not environment.get(TOKEN):
            raise UnusableAuthorization(f"set {TOKEN_FILE} or {TOKEN}: without it every program here could ask")
        self._token = _presentable(environment.get(TOKEN, ""), TOKEN) if self._path is None else self._read(self._path)
        self._steady = steady
        self._before = self._token
        self._changed = steady()

    def check(self, presented: str | None) -> None:
        """Raises Fault, 401, and 500 where the file cannot be read."""
        if self._path is not None:
            self._follow(self._path)
        sent = (presented or "").encode("latin-1", "replace")
        # Both are compared, each in constant time.
        right = hmac.compare_digest(sent, self._token.encode())
        before = hmac.compare_digest(sent, self._before.encode())
        if not (right or (before and self._steady() - self._changed < _OVERLAP)):
            raise Fault(401, "Unauthorized", f"send the value of {TOKEN}, or of its file, as Authorization")

    def _follow(self, path: Path) -> None:
        try:
            token = self._read(path)
        except UnusableAuthorization as fault:
            raise Fault(500, "AuthorizationUnavailable", str(fault)) from None
        if token != self._token:
            self._token, self._before, self._changed = token, self._token, self._steady()

    def _read(self, path: Path) -> str:
        try:
            with path.open("rb") as file:
                content = file.read(_MAXIMUM + 1)
        except OSError as error:
            raise UnusableAuthorization(f"{TOKEN_FILE}: {path}: {error.strerror}") from None
        return _presentable(content.decode("latin-1"), f"{TOKEN_FILE}: {path}")


def check_caller(request: Request, hosts: Hosts) -> None:
    """Refuse what no SDK beside us sends. Raises Fault, 403."""
    if not hosts.know(request.headers.get("host")):
        raise Fault(403, "Forbidden", "the Host header names another host than this one; ask 127.0.0.1")
    if any(name in request.headers for name in _BROWSERS):
        raise Fault(403, "Forbidden", "browsers get nothing here")
    # A request that was passed on comes from somebody else (server-side request forgery).
    if any(name in request.headers for name in _PROXIES):
        raise Fault(403, "Forbidden", "the request came through a proxy; set NO_PROXY for this address")


def _presentable(token: str, where: str) -> str:
    """Raises UnusableAuthorization."""
    # botocore and node refuse a token with a newline before they send anything: their user would look here for nothing.
    if token.endswith("\n"):
        raise UnusableAuthorization(f"{where} ends with a newline, which SDKs refuse: write it with printf '%s'")
    if len(token) > _MAXIMUM or not _PRESENTABLE.fullmatch(token):
        raise UnusableAuthorization(f"{where} must hold 1 to {_MAXIMUM} printable ASCII characters, no blank at an end")
    return token
