"""STS of a gateway, asked by whoever holds a token: AssumeRoleWithWebIdentity, and what its answers mean.

What a gateway answers ends up in headers and JSON of others: it is held to its grammar before anybody sees it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from gateway.client.connection import Address, GatewayUnreachable, HttpAnswer, shown

_VERSION: Final = "2011-06-15"
_ACTION: Final = "AssumeRoleWithWebIdentity"
_TIMEOUT: Final = 5.0
_MAXIMUM_ANSWER: Final = 256 * 1024
_ID: Final = re.compile(r"[A-Z0-9]{16,128}", re.ASCII)
_SECRET: Final = re.compile(r"[\w+/=.~-]{1,8192}", re.ASCII)
_CODE: Final = re.compile(r"[A-Za-z]{1,64}", re.ASCII)
_FARTHEST: Final = 10.0**10
"""Seconds since the epoch, some centuries on: no end of a session is later, and no calendar has all that are."""
_UNDECIDED: Final = frozenset({"IDPCommunicationError", "Throttling"})
"""Refusals by which AWS means: ask again."""

_HEADERS: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


class StsRefusal(Exception):
    """The gateway said no. `code`: AWS's name of the fault."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKeys:
    """Credentials of one session. `expires`: seconds since the epoch."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: float


class Sts:
    """One gateway."""

    def __init__(self, url: str, *, ca_file: str | None = None, timeout: float = _TIMEOUT) -> None:
        """`timeout`: seconds for each step. Raises UnusableAddress."""
        self._address = Address.of(url, timeout=timeout, maximum=_MAXIMUM_ANSWER, ca_file=ca_file)

    def assume_role_with_web_identity(
        self, *, role_arn: str, session_name: str, token: str, duration: int | None
    ) -> SessionKeys:
        """`duration`: seconds; None: as the role has it. Raises StsRefusal, GatewayUnreachable."""
        form = {
            "Action": _ACTION,
            "Version": _VERSION,
            "RoleArn": role_arn,
            "RoleSessionName": session_name,
            "WebIdentityToken": token,
            **({} if duration is None else {"DurationSeconds": str(duration)}),
        }
        answer = self._address.ask("POST", "/", urlencode(form).encode(), _HEADERS)
        told = self._read(answer)
        if answer.status != 200:
            raise self._refusal(answer.status, told)
        try:
            return _keys(told[f"{_ACTION}Response"][f"{_ACTION}Result"]["Credentials"])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise self._stranger(answer.status) from None

    def _read(self, answer: HttpAnswer) -> Mapping[str, Any]:
        try:
            told = json.loads(answer.content)
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict):
            raise self._stranger(answer.status)
        return told

    def _refusal(self, status: int, told: Mapping[str, Any]) -> Exception:
        try:
            code, message = str(told["Error"]["Code"]), str(told["Error"]["Message"])
        except (KeyError, TypeError):
            return self._stranger(status)
        if not _CODE.fullmatch(code):
            return self._stranger(status)
        text = shown(message)
        # 5xx and 429: nothing was decided.
        if status >= 500 or status == 429 or code in _UNDECIDED:
            return GatewayUnreachable(f"{self._address.url}: {code}: {text}")
        return StsRefusal(code, text)

    def _stranger(self, status: int) -> GatewayUnreachable:
        return GatewayUnreachable(f"{self._address.url}: answers {status}, and not as a gateway does")


def _keys(given: Mapping[str, Any]) -> SessionKeys:
    """Raises KeyError, TypeError, ValueError, OverflowError."""
    access_key_id, secret, token = (given[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    if not (_ID.fullmatch(access_key_id) and _SECRET.fullmatch(secret) and _SECRET.fullmatch(token)):
        raise ValueError("not credentials")
    expires = float(given["Expiration"])
    if not 0 < expires < _FARTHEST:
        raise ValueError("not a moment")
    return SessionKeys(
        access_key_id=access_key_id,
        secret_access_key=secret,
        session_token=token,
        expires=expires,
    )
