"""One bounded GET of one document from a provider: no redirect, no proxy, no address that hosts.py refuses."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from gateway.connectors.hosts import Address, address_fault, address_of, is_loopback
from gateway.connectors.slim_httpx import httpx

MAXIMUM_BYTES: Final = 1_000_000
_MAXIMUM_ADDRESSES: Final = 3
_MAXIMUM_TOKEN_BYTES: Final = 16_384
_MAXIMUM_REASON: Final = 300
_TIMEOUT: Final = httpx.Timeout(4.0, connect=2.0)

# Of its own: while DNS does not answer, lookups hold these threads for long past any deadline, and nobody else's.
_LOOKUPS: Final = ThreadPoolExecutor(16, thread_name_prefix="lookup")
# One for each host: a name that is asked for again and again while it has no answer takes one thread, and not all.
_UNDER_WAY: Final[dict[tuple[str, int], Future[Any]]] = {}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to addresses, in the order in which to try them. Raises OSError."""


class FetchFailed(Exception):
    """A provider's document could not be had; the message tells why and holds no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason[:_MAXIMUM_REASON])


class FormRejected(FetchFailed):
    """A form that the other side took and refused (400); `body` is what it says of it, not yet believed or read."""

    def __init__(self, reason: str, body: bytes) -> None:
        super().__init__(reason)
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A body of at most 1 MB, and what its answer said about keeping it."""

    body: bytes
    cache_control: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """`form` None: a GET."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    form: bytes | None = field(default=None, repr=False)


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of `host` by the system's resolver, each once."""
    asked = _UNDER_WAY.get((host, port))
    if asked is None:
        asked = _UNDER_WAY[host, port] = _LOOKUPS.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        asked.add_done_callback(lambda _: _UNDER_WAY.pop((host, port), None))
    answered = asyncio.wrap_future(asked)
    # Whoever gives up waiting takes the answer from nobody else, and leaves nobody's failure to the loop's log.
    answered.add_done_callback(lambda one: None if one.cancelled() else one.exception())
    found = await asyncio.shield(answered)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


class Fetcher:
    """Gets documents for one issuer. The caller sets the deadline for all of them together."""

    def __init__(
        self,
        *,
        issuer: str,
        ca_file: Path | None,
        bearer_token_file: Path | None,
        resolve: Resolve = resolve,
        accept: str = "application/json",
    ) -> None:
        """`issuer`: a URL of the provider's own host. Raises ValueError where `ca_file` cannot be used."""
        self._accept = accept
        self._issuer_host = urlsplit(issuer).hostname or ""
        self._bearer_token_file = bearer_token_file
        self._resolve = resolve
        self._own_ca = ca_file is not None
        # Over plain http to loopback no CA is needed; a context that trusts nobody stands in for one.
        https = issuer.startswith("https:") or self._own_ca
        self._tls = _tls_context(ca_file) if https else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    async def get(self, url: str) -> Document:
        """The document at `url`, which must have passed hosts.keys_url_fault or be the issuer's own.

        Raises FetchFailed: no answer, another status than 200, over 1 MB, compressed, a forbidden address.
        """
        return await self._asked(_Question(url=url, headers=self._authorization(urlsplit(url).hostname or "")))

    async def post(self, url: str, form: str, headers: Mapping[str, str]) -> Document:
        """The answer of a form sent to `url`, which must have passed hosts.keys_url_fault; sent once.

        Raises FormRejected; FetchFailed as `get`.
        """
        typed = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        return await self._asked(_Question(url=url, headers=typed, form=form.encode()))

    async def _asked(self, question: "_Question") -> Document:
        url = question.url
        parts = urlsplit(url)
        host = parts.hostname or ""
        headers = {
            "Accept": self._accept,
            "Accept-Encoding": "identity",
            "Host": parts.netloc,
            **question.headers,
        }
        failure = "no address"
        # The name is resolved once and the connection made to what was checked: an answer that changes between the
        # check and the connection (DNS rebinding) leads nowhere.
        for address in await self._addresses(url, host, parts.port or (443 if parts.scheme == "https" else 80)):
            try:
                return await self._answer_from(address, httpx.URL(url), headers, question.form)
            except (httpx.ConnectError, httpx.ConnectTimeout) as fault:
                failure = _told(fault)
            # A TLS record broken on the way comes as the ssl module's own error.
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as fault:
                raise FetchFailed(f"{_shown(url)}: {_told(fault)}") from None
        raise FetchFailed(f"{_shown(url)}: {failure}")

    async def _answer_from(self, address: str, url: httpx.URL, headers: dict[str, str], form: bytes | None) -> Document:
        async with (
            httpx.AsyncClient(verify=self._tls, trust_env=False, timeout=_TIMEOUT) as client,
            client.stream(
                "GET" if form is None else "POST",
                url.copy_with(host=address),
                headers=headers,
                content=form,
                follow_redirects=False,
                extensions={"sni_hostname": url.host},
            ) as answer,
        ):
            if answer.is_redirect:
                raise FetchFailed(f"{_shown(url)} answered {answer.status_code}: redirects are not followed")
            rejected = form is not None and answer.status_code == httpx.codes.BAD_REQUEST
            if answer.status_code != httpx.codes.OK and not rejected:
                raise FetchFailed(f"{_shown(url)} answered {answer.status_code}")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise FetchFailed(f"{_shown(url)} answered compressed, though asked not to")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > MAXIMUM_BYTES:
                    raise FetchFailed(f"{_shown(url)} answered more than {MAXIMUM_BYTES} bytes")
            if rejected:
                raise FormRejected(f"{_shown(url)} answered {answer.status_code}", bytes(body))
            return Document(body=bytes(body), cache_control=answer.headers.get("cache-control", ""))

    async def _addresses(self, url: str, host: str, port: int) -> Sequence[str]:
        """The addresses of `host` that may be connected to. Raises FetchFailed where there are none."""
        if address_of(host) is not None:
            return (host,)
        try:
            found = await self._resolve(host, port)
        except (OSError, UnicodeError) as fault:
            raise FetchFailed(f"{_shown(url)}: {_told(fault)}") from None
        allowed = [text for text in found if self._may_connect(url, host, address_of(text.partition("%")[0]))]
        if not allowed:
            raise FetchFailed(f"{_shown(url)}: {host} leads to no address that may be connected to")
        return _by_turns(allowed)[:_MAXIMUM_ADDRESSES]

    def _may_connect(self, url: str, host: str, address: Address | None) -> bool:
        if address is None or (url.startswith("http:") and not address.is_loopback):
            return False
        return address_fault(address, meant=host == self._issuer_host or is_loopback(host)) is None

    def _authorization(self, host: str) -> dict[str, str]:
        """The bearer token, for the issuer's own host, or one that only the configured CA can have certified."""
        if self._bearer_token_file is None or not (self._own_ca or host == self._issuer_host):
            return {}
        # Read anew each time: a kubelet replaces projected tokens about hourly.
        try:
            with self._bearer_token_file.open("rb") as file:
                token = file.read(_MAXIMUM_TOKEN_BYTES).decode("ascii").strip()
        except (OSError, UnicodeDecodeError) as fault:
            raise FetchFailed(f"bearer_token_file cannot be read: {type(fault).__name__}") from None
        if not token or not token.isprintable() or " " in token:
            raise FetchFailed("bearer_token_file holds no token")
        return {"Authorization": f"Bearer {token}"}


def _by_turns(addresses: Sequence[str]) -> Sequence[str]:
    """IPv6 and IPv4 by turns, the family of the first one first (RFC 8305 4): one of the two may lead nowhere."""
    families: tuple[list[str], list[str]] = ([], [])
    for address in addresses:
        families[(":" in address) != (":" in addresses[0])].append(address)
    return [address for pair in zip_longest(*families) for address in pair if address is not None]


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as fault:
        reason = "no PEM certificate is in it" if isinstance(fault, ssl.SSLError) else fault.strerror
        raise ValueError(
            f"ca_file {ca_file} cannot be used ({reason}); name a readable file of PEM certificates"
        ) from None


def _shown(url: str | httpx.URL) -> str:
    """A query may hold a key, as that of some providers' metadata; what fails is told in logs."""
    return str(url).partition("?")[0]


def _told(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}" if str(fault) else type(fault).__name__
