"""Requests as botocore signs them and an HTTP client puts them on the wire."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from unittest import mock
from urllib.parse import urlsplit

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from gateway.sigv4.request import HttpRequest
from tests.unit.sigv4.made import KEY_ID, NOW, SECRET, TOKEN

REGION = "eu-central-1"


@contextmanager
def frozen(now: datetime) -> Iterator[None]:
    """botocore asks its own clock; everything else of it is real."""
    with mock.patch.object(auth, "get_current_datetime", return_value=now.replace(tzinfo=None)):
        yield


def signed_by_botocore(
    signer: type[auth.SigV4Auth],
    service: str,
    *,
    method: str = "GET",
    url: str = "https://host.example.com/",
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    params: dict[str, str] | None = None,
    token: str | None = TOKEN,
    expires: int | None = None,
    now: datetime = NOW,
) -> HttpRequest:
    """Sign with one of botocore's signers and return what the server receives."""
    prepared = AWSRequest(method=method, url=url, data=body, params=params)
    for name, value in headers:
        prepared.headers[name] = value
    options = {} if expires is None else {"expires": expires}
    with frozen(now):
        signer(Credentials(KEY_ID, SECRET, token), service, REGION, **options).add_auth(prepared)
    return on_the_wire(prepared)


def on_the_wire(prepared: AWSRequest) -> HttpRequest:
    """As ASGI shows it: the target split and undecoded, names lower-case, values without outer blanks."""
    parts = urlsplit(prepared.prepare().url)
    received = [(name.lower().encode(), value.strip().encode("utf-8")) for name, value in prepared.headers.items()]
    if b"host" not in dict(received):
        received.insert(0, (b"host", parts.netloc.lower().encode()))
    return HttpRequest(
        method=prepared.method,
        raw_path=parts.path.encode(),
        raw_query=parts.query.encode(),
        headers=tuple(received),
    )
