"""One SAML identity provider as a connector: metadata, the reader of its answers, and what is sent to it."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.connectors.connector import Examination
from gateway.connectors.fetch import Resolve, resolve
from gateway.connectors.saml import logout, redirect_binding, requests
from gateway.connectors.saml.certificates import usable_certificates
from gateway.connectors.saml.files import own_key, reading_of
from gateway.connectors.saml.logout import LogoutExpectation
from gateway.connectors.saml.metadata import IdpMetadata
from gateway.connectors.saml.metadata_source import (
    DEADLINE_SECONDS,
    FetchedMetadata,
    FileMetadata,
    MetadataPace,
    MetadataSource,
)
from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.refusals import misshapen
from gateway.connectors.saml.saved_answer import SavedAnswer, as_parameter, judged
from gateway.connectors.saml.service_provider import ServiceProvider
from gateway.connectors.saml.settings import SamlSettings, is_address
from gateway.connectors.saml.trust import AttributeNames, SamlTrust
from gateway.connectors.saml.way_out import way_out
from gateway.connectors.saml.workers import Stuck
from gateway.domain.assertion import NameId, ProvenAssertion, Solicitation, UnverifiedAssertion
from gateway.domain.clock import Clock
from gateway.domain.errors import ProviderUnreachable
from gateway.domain.identity import ProviderType
from gateway.domain.logout import Departure, LogoutMessage, LogoutRequest, SentLogout


class SamlConnector:
    """Proves the assertions of one identity provider; a SamlProvider."""

    provider_type: Final = ProviderType.SAML

    def __init__(
        self,
        *,
        name: str,
        settings: SamlSettings,
        public_url: str,
        clock: Clock,
        pace: MetadataPace = MetadataPace(),  # noqa: B008  frozen
        monotonic: Callable[[], float] = time.monotonic,
        resolve: Resolve = resolve,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """`deadline`: seconds for one fetch of metadata.

        Raises ValueError, with the mend, where a file of the settings cannot be used.
        """
        self.name: Final = name
        self.allows_idp_initiated: Final = settings.allow_idp_initiated
        self._settings = settings
        self._clock = clock
        key = own_key(settings)
        self._own = ServiceProvider.at(public_url, name, settings.entity_id, key)
        read = reading_of(settings)
        self._metadata: MetadataSource
        if is_address(settings.metadata):
            self._metadata = FetchedMetadata(
                provider=name,
                url=settings.metadata,
                read=read,
                clock=clock,
                resolve=resolve,
                pace=pace,
                monotonic=monotonic,
                deadline=deadline,
            )
        else:
            self._metadata = FileMetadata(provider=name, path=Path(settings.metadata), read=read, clock=clock)
        self._reader = AssertionReader(provider=name, clock=clock)
        self._trusted: tuple[IdpMetadata, SamlTrust] | None = None

    @property
    def issuer(self) -> str:
        """The provider's entityID; empty while its metadata was never fetched."""
        return "" if self._metadata.current is None else self._metadata.current.entity_id

    @property
    def last_error(self) -> str | None:
        return self._metadata.last_error

    @property
    def metadata_fetched_at(self) -> datetime | None:
        return self._metadata.fetched_at

    @property
    def metadata_valid_until(self) -> datetime | None:
        return None if self._metadata.current is None else self._metadata.current.valid_until

    @property
    def metadata_failures(self) -> int:
        return self._metadata.failures

    def health(self) -> Mapping[str, str | datetime]:
        """The age and the end of the metadata, and how many certificates it vouches for."""
        metadata = self._metadata.current
        facts: dict[str, str | datetime] = {"Metadata fetched": self._metadata.fetched_at or "not yet"}
        if metadata is not None:
            facts["Certificates"] = str(len(metadata.certificates))
            facts["Metadata valid until"] = metadata.valid_until or "it does not say"
        if self._metadata.failures:
            facts["Failed attempts to get metadata"] = str(self._metadata.failures)
        return facts

    async def start(self) -> None:
        """Begin to keep the provider's metadata fresh; returns at once, whether or not the provider answers."""
        await self._metadata.start()

    async def aclose(self) -> None:
        self._reader.close()
        await self._metadata.aclose()

    async def examine(self, _username: str | None = None, /) -> Examination:
        """The provider's metadata, asked for now."""
        found = await self._metadata.fetched_now()
        if found is None:
            mend = "correct metadata or metadata_certificate, or let the gateway reach it"
            return Examination(faults=(f"{self.last_error}; {mend}",))
        until = "" if found.valid_until is None else f", valid until {found.valid_until:%Y-%m-%d %H:%M} UTC"
        count = len(found.certificates)
        answers = (f"{found.entity_id} signs with {count} certificate{'' if count == 1 else 's'}{until}",)
        return Examination(answers=answers, lacks=found.weak)

    async def verify(self, assertion: UnverifiedAssertion, solicitation: Solicitation) -> ProvenAssertion:
        """Prove what `assertion` says, by the metadata in force. Uses nothing up.

        Raises InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim, InvalidTags, ProviderUnreachable.
        """
        trust = self._trust_in(await self._metadata.sought())
        return await self._reader.verify(assertion, solicitation, trust)

    async def saved(self, content: bytes) -> SavedAnswer:
        """What came of an answer that somebody kept. Raises UnicodeDecodeError, ProviderUnreachable, ValueError."""
        trust = self._trust_in(await self._metadata.sought())
        return judged(as_parameter(content), trust)

    def service_metadata(self) -> bytes:
        return self._own.metadata()

    async def begin(self, relay_state: str) -> tuple[str, str]:
        metadata = await self._metadata.sought()
        if metadata.sign_in is None:
            cause = "its metadata has no SingleSignOnService of the redirect binding"
            raise ProviderUnreachable(provider=self.name, cause=cause)
        request_id = requests.new_id()
        request = requests.authn_request(
            request_id=request_id,
            destination=metadata.sign_in,
            acs_url=self._own.acs_url,
            entity_id=self._own.entity_id,
            now=self._clock.now(),
        )
        address = redirect_binding.address_with(
            metadata.sign_in, redirect_binding.REQUEST, request, relay_state, self._own.key
        )
        return request_id, address

    async def logout_message(self, sent: SentLogout) -> LogoutMessage:
        metadata = await self._metadata.sought()
        expected = LogoutExpectation(
            issuer=metadata.entity_id,
            slo_url=self._own.slo_url,
            keys=usable_certificates(metadata.certificates),
            decryption_key=None if self._own.key is None else self._own.key.decrypting,
            now=self._clock.now(),
        )
        try:
            return await self._reader.run(logout.read, sent, expected)
        except Stuck:
            misshapen("reading the logout message did not end in time")

    async def begin_logout(self, name_id: NameId, session_index: str | None) -> tuple[str, Departure] | None:
        way = way_out(self._metadata.current, self._own.key)
        if way is None:
            return None
        request_id = requests.new_id()
        request = requests.logout_request(
            request_id=request_id,
            destination=way.endpoint.location,
            entity_id=self._own.entity_id,
            now=self._clock.now(),
            name_id=name_id,
            session_indexes=() if session_index is None else (session_index,),
        )
        return request_id, way.request(request)

    async def logout_answer(self, request: LogoutRequest) -> Departure | None:
        way = way_out(self._metadata.current, self._own.key)
        if way is None:
            return None
        answer = requests.logout_response(
            destination=way.endpoint.response_location,
            entity_id=self._own.entity_id,
            now=self._clock.now(),
            in_response_to=request.request_id,
        )
        return way.response(answer, request.relay_state)

    def _trust_in(self, metadata: IdpMetadata) -> SamlTrust:
        """What follows from this metadata, made once for it."""
        if self._trusted is None or self._trusted[0] is not metadata:
            self._trusted = metadata, trust_in(self.name, self._settings, self._own, metadata)
        return self._trusted[1]


def trust_in(name: str, settings: SamlSettings, own: ServiceProvider, metadata: IdpMetadata) -> SamlTrust:
    """Whom the gateway believes, and what it is there itself."""
    paths = settings.attributes
    return SamlTrust(
        provider=name,
        issuer=metadata.entity_id,
        certificates=metadata.certificates,
        entity_id=own.entity_id,
        acs_url=own.acs_url,
        private_key=own.key.pem if own.key is not None and own.key.decrypting is not None else None,
        attributes=AttributeNames(username=paths.username, groups=paths.groups, email=paths.email),
        max_authentication_age=timedelta(seconds=settings.max_authentication_age),
    )
