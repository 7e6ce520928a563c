"""Requests as they go over the wire, signed over exactly what is sent."""

import hashlib
import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from tests.e2e.authz.proxies import Door

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def signed_headers(
    door: Door,
    method: str,
    target: bytes,
    credentials: Mapping[str, str],
    *,
    headers: Headers = (),
    body: bytes = b"",
    host: str | None = None,
) -> dict[str, str]:
    """The headers to send; `headers` are covered by the signature where S3 wants them to be."""
    path, _, query = target.partition(b"?")
    now = datetime.now(UTC)
    given = [("host", host or door.host), *headers]
    added = sign(
        HttpRequest(
            method=method,
            raw_path=path,
            raw_query=query,
            headers=tuple((name.encode(), value.encode()) for name, value in given),
        ),
        access_key_id=credentials["AccessKeyId"],
        secret_access_key=credentials["SecretAccessKey"],
        session_token=credentials["SessionToken"],
        scope=CredentialScope(date=f"{now:%Y%m%d}", region="us-east-1", service="s3"),
        now=now,
        rules=S3_RULES,
        payload_hash=hashlib.sha256(body).hexdigest(),
    )
    return {**dict(given), **{name.decode(): value.decode() for name, value in added}}


def send(
    door: Door, method: str, target: bytes, headers: Mapping[str, str], more: Headers = (), body: bytes = b""
) -> Answer:
    """Send a request whose target is not looked at on the way; `more` headers may repeat others."""
    connection = http.client.HTTPConnection("localhost", door.port, timeout=20)
    # The library's own check of what is sent is in the way of whoever sends what should not be sent.
    connection._validate_path = lambda _path: None  # type: ignore[method-assign, attr-defined]
    connection._encode_request = lambda line: line.encode("latin-1")  # type: ignore[method-assign, attr-defined]
    try:
        connection.putrequest(method, target.decode("latin-1"), skip_host=True, skip_accept_encoding=True)
        for name, value in (*headers.items(), *more):
            connection.putheader(name, value)
        if body:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        return Answer(status=answer.status, headers={k.lower(): v for k, v in answer.getheaders()}, body=answer.read())
    finally:
        connection.close()
