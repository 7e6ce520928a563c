"""Where a provider's pages and its token endpoint are: its discovery document, asked for once however many wait."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.connectors.fetch import Fetcher, FetchFailed
from gateway.connectors.hosts import keys_url_fault
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.refreshing import RefreshingSource, RefreshPace
from gateway.connectors.strict_json import UnreadableJson, read_object
from gateway.domain.clock import Clock

_LIFE: Final = 300.0
# A person who tries again is told at once, for a moment, what the one before was told.
_PACE: Final = RefreshPace(
    shortest_life=_LIFE, default_life=_LIFE, longest_life=_LIFE, refreshed_after=1, first_pause=1, longest_pause=1
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """`names_itself`: the provider says that its answers carry `iss`, so that one without it is another's."""

    authorization: str
    token: str
    names_itself: bool
    secret_in_form: bool


class EndpointSource(RefreshingSource[Endpoints]):
    """The endpoints of one provider, at most five minutes old.

    Who begins to sign in has proven nothing: a crowd of them must not become one at a provider that hangs.
    """

    def __init__(
        self,
        *,
        provider: str,
        settings: OidcSettings,
        fetcher: Fetcher,
        clock: Clock,
        deadline: float,
        monotonic: Callable[[], float],
    ) -> None:
        """`deadline`: seconds for one asking."""
        super().__init__(provider=provider, what="endpoints", clock=clock, pace=_PACE, monotonic=monotonic)
        self._settings = settings
        self._fetcher = fetcher
        self._deadline = deadline
        self._found: Endpoints | None = None

    async def current(self) -> Endpoints:
        """Raises FetchFailed."""
        if self._is_fetching or self._monotonic() >= self._due:
            await self._refreshed()
        if self._found is None or self.last_error is not None:
            raise FetchFailed(self.last_error or "its endpoints were never fetched")
        return self._found

    def _keep(self, found: Endpoints) -> float | None:
        self._found = found
        return None

    async def _fetched(self) -> Endpoints:
        issuer = self._settings.issuer
        try:
            async with asyncio.timeout(self._deadline):
                document = await self._fetcher.get(f"{issuer.removesuffix('/')}/.well-known/openid-configuration")
        except TimeoutError:
            raise FetchFailed(f"no answer within {self._deadline:g} seconds") from None
        metadata = answered_object(document.body)
        # Discovery 4.3: another issuer's document would send people and codes to another.
        if metadata.get("issuer") != issuer:
            raise FetchFailed("the discovery document is of another issuer")
        # Discovery 3: left out, and as good as that where it is no list, it is client_secret_basic.
        methods = metadata.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            authorization=self._endpoint(metadata, "authorization_endpoint"),
            token=self._endpoint(metadata, "token_endpoint"),
            names_itself=metadata.get("authorization_response_iss_parameter_supported") is True,
            secret_in_form=isinstance(methods, list) and "client_secret_basic" not in methods,
        )

    def _endpoint(self, metadata: Mapping[str, Any], name: str) -> str:
        url = metadata.get(name)
        if not isinstance(url, str):
            raise FetchFailed(f"the discovery document names no {name}")
        refusal = keys_url_fault(url, issuer=self._settings.issuer, own_ca=self._settings.ca_file is not None)
        if refusal is not None:
            raise FetchFailed(f"the {name} {refusal}")
        return url


def answered_object(body: bytes) -> Mapping[str, Any]:
    """A provider's answer as one JSON object. Raises FetchFailed."""
    try:
        return read_object(body)
    except UnreadableJson as fault:
        raise FetchFailed(f"the provider's answer {fault}") from None
