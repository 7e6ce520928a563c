"""Requests to resource servers as the tests send them, and what they ask for in short."""

from collections.abc import Mapping

import pytest

from gateway.actions.action import ServiceAction
from gateway.actions.registry import actions_of
from gateway.domain.errors import UnmappedRequest
from gateway.domain.service import Service, ServiceType
from gateway.sigv4.request import HttpRequest

HOST = "s3.example.com"
LAKE = Service(name="lake", type=ServiceType.S3, hosts=(HOST, "127.0.0.1:9000"), signing_name="s3")

Headers = Mapping[str, str] | tuple[tuple[str, str], ...]


def sent(method: str, target: str, *, host: str = HOST, headers: Headers = (), name: str = "host") -> HttpRequest:
    """A request; `target` is path and query as they stand on the wire, one byte a character."""
    path, _, query = target.partition("?")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return HttpRequest(
        method=method,
        raw_path=path.encode("latin-1"),
        raw_query=query.encode("latin-1"),
        headers=((name.encode(), host.encode()), *((key.encode(), value.encode()) for key, value in pairs)),
    )


def asked(
    method: str,
    target: str,
    *,
    host: str = HOST,
    headers: Headers = (),
    body: bytes | None = None,
    service: Service = LAKE,
) -> tuple[ServiceAction, ...]:
    return actions_of(service, sent(method, target, host=host, headers=headers), body)


def told(actions: tuple[ServiceAction, ...]) -> list[str]:
    """`s3:GetObject arn:aws:s3:::lake/key`, and `(every key)` behind it."""
    return [f"{one.name} {one.resource}{' (every key)' if one.every_key else ''}" for one in actions]


def refused(
    method: str,
    target: str,
    *,
    host: str = HOST,
    headers: Headers = (),
    body: bytes | None = None,
    service: Service = LAKE,
) -> str:
    """The cause for which a request is not mapped."""
    with pytest.raises(UnmappedRequest) as caught:
        asked(method, target, host=host, headers=headers, body=body, service=service)
    return caught.value.cause
