"""The gateway's own API (`/v1`), asked over HTTP with requests signed by AWS credentials."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, TypeVar
from urllib.parse import quote

from gateway.client.aws_credentials import AwsCredentials
from gateway.client.connection import Address, GatewayUnreachable, shown
from gateway.domain.authentication import Authenticated, RevocationPage, RevocationRequest, Revoked, ShownRequest
from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import SERVICE_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.wire import authenticate as wire
from gateway.wire.authenticate_faults import REQUEST

T = TypeVar("T")

SERVICE: Final = "gateway"
TIMEOUT: Final = 10.0
MAXIMUM_ANSWER: Final = 32 * 1024 * 1024
_REGION: Final = "us-east-1"


class GatewayRefusal(Exception):
    """The gateway refused. `of_request`: the fault is that of a shown request, and not of whoever asks."""

    def __init__(self, *, status: int, code: str, fault: str, message: str, of_request: bool) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.fault = fault
        self.of_request = of_request


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayApi:
    """One gateway, asked with one principal's credentials. Safe to use from several threads.

    `credentials` is called for each request, so that temporary ones may be renewed; `clock` tells the time in UTC.
    """

    url: str
    credentials: Callable[[], AwsCredentials]
    ca_file: str | None = None
    timeout: float = TIMEOUT
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        """Raises UnusableAddress."""
        self._address()

    def authenticate(self, shown: ShownRequest) -> Authenticated:
        """Who signed a request that was received. Raises GatewayRefusal, GatewayUnreachable."""
        return self._read(wire.read_authenticated, self._ask("POST", "/v1/authenticate", wire.shown_request(shown)))

    def revoke(self, request: RevocationRequest) -> Revoked:
        """End sessions before their time. Raises GatewayRefusal, GatewayUnreachable."""
        return self._read(wire.read_revoked, self._ask("POST", "/v1/revocations", wire.revocation_request(request)))

    def revocations(self, cursor: str | None) -> RevocationPage:
        """What was ended since `cursor`. Raises GatewayRefusal, GatewayUnreachable."""
        query = "" if cursor is None else f"since={quote(cursor, safe='')}"
        return self._read(wire.read_revocation_page, self._ask("GET", "/v1/revocations", b"", query))

    def _read(self, reading: Callable[[bytes], T], body: bytes) -> T:
        try:
            return reading(body)
        except wire.UnreadableAnswer as error:
            raise GatewayUnreachable(str(error)) from None

    def _ask(self, method: str, path: str, body: bytes, query: str = "") -> bytes:
        """The body of a successful answer."""
        address = self._address()
        target = f"{path}?{query}" if query else path
        answer = address.ask(method, target, body or None, self._headers(method, path, query, body))
        if answer.status not in {200, 202}:
            raise refusal_of(self.url, answer.status, answer.content)
        return answer.content

    def _address(self) -> Address:
        return Address.of(self.url, timeout=self.timeout, maximum=MAXIMUM_ANSWER, ca_file=self.ca_file)

    def _headers(self, method: str, path: str, query: str, body: bytes) -> dict[str, str]:
        now, credentials = self.clock(), self.credentials()
        plain = {"host": self._address().parts.netloc, **({"content-type": "application/json"} if body else {})}
        request = HttpRequest(
            method=method,
            raw_path=path.encode(),
            raw_query=query.encode(),
            headers=tuple((name.encode(), value.encode()) for name, value in plain.items()),
        )
        added = sign(
            request,
            access_key_id=credentials.access_key_id,
            secret_access_key=credentials.secret_access_key,
            session_token=credentials.session_token,
            scope=CredentialScope(date=f"{now:%Y%m%d}", region=_REGION, service=SERVICE),
            now=now,
            rules=SERVICE_RULES,
            payload_hash=sha256(body).hexdigest(),
        )
        return {**plain, **{name.decode(): value.decode() for name, value in added}}


def refusal_of(url: str, status: int, content: bytes) -> GatewayRefusal | GatewayUnreachable:
    """An answer that is no success, as the exception to raise."""
    try:
        told = json.loads(content)
        refusal = GatewayRefusal(
            status=status,
            code=str(told["code"]),
            fault=str(told["fault"]),
            message=shown(str(told["message"])),
            of_request=told["of"] == REQUEST,
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return GatewayUnreachable(f"{url}: answers {status}, and not as a gateway does")
    # 5xx: nothing was decided.
    return GatewayUnreachable(f"{url}: {refusal}") if status >= 500 else refusal
