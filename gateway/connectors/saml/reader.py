"""Reads the answers of one identity provider without keeping the event loop, or anybody else, waiting."""

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from gateway.connectors.saml.trust import SamlTrust
from gateway.connectors.saml.verification import Verification
from gateway.connectors.saml.workers import Busy, Stuck, Workers
from gateway.domain.assertion import ProvenAssertion, Solicitation, UnverifiedAssertion
from gateway.domain.clock import Clock
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable

P = ParamSpec("P")
T = TypeVar("T")


class AssertionReader:
    """Verifies in threads of its own: what hangs at one provider's answers keeps nobody of another's waiting."""

    def __init__(self, *, provider: str, clock: Clock, workers: Workers | None = None) -> None:
        self._provider: Final = provider
        self._clock: Final = clock
        self._workers: Final = workers or Workers(provider)
        self._ready: Verification | None = None

    async def verify(
        self, assertion: UnverifiedAssertion, solicitation: Solicitation, trust: SamlTrust
    ) -> ProvenAssertion:
        """Prove what `assertion` says. `trust`: one object for as long as nothing in it changes; it is made ready once.

        Raises InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim, InvalidTags; ProviderUnreachable where no turn
        came in time; ValueError where nothing can be verified with `trust`.
        """
        try:
            return await self.run(self.verify_now, assertion, solicitation, trust)
        except Stuck:
            raise InvalidIdentityToken(
                "The SAML response is not valid", cause="verifying the response did not end in time"
            ) from None

    def verify_now(
        self, assertion: UnverifiedAssertion, solicitation: Solicitation, trust: SamlTrust
    ) -> ProvenAssertion:
        """As `verify`, blocking whoever calls."""
        return self._verification(trust).verify(assertion, solicitation, self._clock.now())

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `function` gives, called in one of the provider's threads. Raises Stuck, ProviderUnreachable."""
        try:
            return await self._workers.run(function, *args, **kwargs)
        except Busy:
            raise ProviderUnreachable(
                provider=self._provider, cause="too many SAML responses of the provider are being verified"
            ) from None

    def close(self) -> None:
        """Let idle threads end."""
        self._workers.close()

    def _verification(self, trust: SamlTrust) -> Verification:
        ready = self._ready
        if ready is None or ready.trust is not trust:
            ready = self._ready = Verification.of(trust)
        return ready
