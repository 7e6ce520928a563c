"""From an issuer to its keys: the discovery document, and the key set that it names, under one deadline."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final

from gateway.connectors.fetch import Fetcher, FetchFailed
from gateway.connectors.hosts import keys_url_fault
from gateway.connectors.oidc.key_set import KeySet, UnusableKeySet
from gateway.connectors.strict_json import UnreadableJson, read_object

DEADLINE_SECONDS: Final = 5.0
_MAX_AGE: Final = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)
_SHOWN: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedKeys:
    """A key set, and for how many seconds its provider says that it may be kept (None: it does not say)."""

    key_set: KeySet
    max_age: int | None


class Discovery:
    """Gets the key set of one issuer (OpenID Connect Discovery 1.0, section 4)."""

    def __init__(self, *, issuer: str, own_ca: bool, fetcher: Fetcher, deadline: float = DEADLINE_SECONDS) -> None:
        self._issuer = issuer
        self._own_ca = own_ca
        self._fetcher = fetcher
        self._deadline = deadline
        # Discovery 4.1: a terminating slash of the issuer is removed before the path is added.
        self._configuration_url = f"{issuer.removesuffix('/')}/.well-known/openid-configuration"

    async def fetch(self) -> FetchedKeys:
        """The issuer's keys as they are now. Raises FetchFailed, at the latest after the deadline."""
        try:
            async with asyncio.timeout(self._deadline):
                configuration = await self._fetcher.get(self._configuration_url)
                document = await self._fetcher.get(self._keys_url(configuration.body))
        except TimeoutError:
            raise FetchFailed(f"{self._configuration_url}: no keys within {self._deadline:g} seconds") from None
        try:
            # A document of 1 MB takes tens of milliseconds to read, which the event loop has not.
            key_set = await asyncio.to_thread(KeySet.read, document.body)
        except UnusableKeySet as fault:
            raise FetchFailed(f"{self._issuer}: {fault}") from None
        kept = _MAX_AGE.search(document.cache_control)
        return FetchedKeys(key_set=key_set, max_age=int(kept[1]) if kept else None)

    def _keys_url(self, body: bytes) -> str:
        try:
            configuration = read_object(body)
        except UnreadableJson as fault:
            raise FetchFailed(f"{self._configuration_url}: the discovery document {fault}") from None
        # Discovery 4.3: the issuer in the document MUST be identical, or one issuer could speak for another.
        issuer = configuration.get("issuer")
        if issuer != self._issuer:
            told = f", {issuer[:_SHOWN]!a}" if isinstance(issuer, str) else ""
            if isinstance(issuer, str) and issuer.rstrip("/") == self._issuer.rstrip("/"):
                told += ": write it so, to the final slash"
            raise FetchFailed(f"{self._configuration_url}: the document is of another issuer{told}")
        url = configuration.get("jwks_uri")
        if not isinstance(url, str):
            raise FetchFailed(f"{self._configuration_url}: the document names no jwks_uri")
        refusal = keys_url_fault(url, issuer=self._issuer, own_ca=self._own_ca)
        if refusal is not None:
            raise FetchFailed(f"{self._configuration_url}: the jwks_uri {refusal}")
        return url
