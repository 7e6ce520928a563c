"""What the metrics know of identity providers: how fresh the keys and the metadata are that prove their people."""

from datetime import datetime
from typing import Final

from gateway.telemetry.metrics import Registry, counter, gauge, greatest, least

JWKS_FETCHED: Final = gauge(
    "jwks_fetched_timestamp_seconds",
    "When the provider's keys in use were fetched or read; the oldest of all workers.",
    "provider",
    merge=least,
)
JWKS_FAILING: Final = gauge(
    "jwks_refresh_failing",
    "1 while the latest attempt to fetch the provider's keys has failed in some worker, else 0.",
    "provider",
    merge=greatest,
)
JWKS_FAILURES: Final = counter(
    "jwks_refresh_failures_total", "Attempts to fetch the provider's keys that failed.", "provider"
)
SAML_FETCHED: Final = gauge(
    "saml_metadata_fetched_timestamp_seconds",
    "When the SAML provider's metadata in use was fetched or read; the oldest of all workers.",
    "provider",
    merge=least,
)
SAML_FAILING: Final = gauge(
    "saml_metadata_refresh_failing",
    "1 while the latest attempt to fetch the SAML provider's metadata has failed in some worker, or the metadata has "
    "ended, else 0.",
    "provider",
    merge=greatest,
)
SAML_FAILURES: Final = counter(
    "saml_metadata_refresh_failures_total", "Attempts to fetch the SAML provider's metadata that failed.", "provider"
)
SAML_ENDS: Final = gauge(
    "saml_metadata_valid_until_timestamp_seconds",
    "When the SAML provider's metadata in use ends; absent where it does not say.",
    "provider",
    merge=least,
)

OF_PROVIDERS: Final = (JWKS_FETCHED, JWKS_FAILING, JWKS_FAILURES, SAML_FETCHED, SAML_FAILING, SAML_FAILURES, SAML_ENDS)


class ProviderMeter:
    """What is known of one provider's keys."""

    __slots__ = ("_failing", "_failures", "_fetched", "_seen")

    def __init__(self, registry: Registry, provider: str) -> None:
        self._fetched = registry.gauge(JWKS_FETCHED, provider)
        self._failing = registry.gauge(JWKS_FAILING, provider)
        self._failures = registry.counter(JWKS_FAILURES, provider)
        self._fetched.forget()
        self._seen = 0

    def tell(self, *, fetched_at: datetime | None, is_failing: bool, failures: int) -> None:
        """`failures`: since the provider's connector was made; one that a reload made begins anew."""
        if fetched_at is not None:
            self._fetched.set(fetched_at.timestamp())
        self._failing.set(is_failing)
        self._failures.add(failures - self._seen if failures >= self._seen else failures)
        self._seen = failures

    def forget(self) -> None:
        """The provider is no more configured."""
        self._fetched.forget()
        self._failing.forget()


class MetadataMeter:
    """What is known of one SAML provider's metadata."""

    __slots__ = ("_ends", "_failing", "_failures", "_fetched", "_seen")

    def __init__(self, registry: Registry, provider: str) -> None:
        self._fetched = registry.gauge(SAML_FETCHED, provider)
        self._failing = registry.gauge(SAML_FAILING, provider)
        self._failures = registry.counter(SAML_FAILURES, provider)
        self._ends = registry.gauge(SAML_ENDS, provider)
        self._fetched.forget()
        self._ends.forget()
        self._seen = 0

    def tell(
        self, *, fetched_at: datetime | None, valid_until: datetime | None, is_failing: bool, failures: int
    ) -> None:
        """`failures`: since the provider's connector was made; one that a reload made begins anew."""
        for one, moment in ((self._fetched, fetched_at), (self._ends, valid_until)):
            if moment is None:
                one.forget()
            else:
                one.set(moment.timestamp())
        self._failing.set(is_failing)
        self._failures.add(failures - self._seen if failures >= self._seen else failures)
        self._seen = failures

    def forget(self) -> None:
        """The provider is no more configured."""
        for one in (self._fetched, self._failing, self._ends):
            one.forget()
