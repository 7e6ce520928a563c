"""The gateway's own metrics: what each one is, and the children that the hot paths move. Reference: docs/metrics.md."""

import platform
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from gateway.domain.errors import (
    AccessDenied,
    AuthenticationError,
    GatewayError,
    GrantError,
    IdentityError,
    ProviderUnreachable,
    RequestError,
    ServiceError,
)
from gateway.telemetry.cells import Board
from gateway.telemetry.exposition import exposition
from gateway.telemetry.metrics import Counter, Gauge, Registry, counter, gauge, greatest, histogram, least, total
from gateway.telemetry.provider_meters import OF_PROVIDERS, MetadataMeter, ProviderMeter

AUTHORIZE: Final = "Authorize"
"""The action under which every request to a resource server is counted: the client names those, without end."""

UNKNOWN: Final = "Unknown"
OK: Final = "ok"
OUTCOMES: Final[Mapping[type[GatewayError], str]] = {
    RequestError: "invalid",
    IdentityError: "denied",
    ProviderUnreachable: "error",
    GrantError: "denied",
    AuthenticationError: "denied",
    AccessDenied: "denied",
    ServiceError: "error",
    GatewayError: "error",
}

BUILD: Final = gauge("build_info", "1, with the versions that run.", "version", "python", merge=greatest)
WORKER_STARTS: Final = counter("worker_starts_total", "Processes that began to serve, replaced ones included.")
REQUESTS: Final = counter(
    "requests_total",
    "Answers of the exchange: outcome ok, denied, invalid or error; code as the client and the audit log have it.",
    "action",
    "outcome",
    "code",
)
DURATION: Final = histogram(
    "request_duration_seconds",
    "Time of the exchange for a request, from the request read to its audit line written.",
    "action",
)
MINTED: Final = counter(
    "sessions_minted_total",
    "Sessions handed out; provider is empty where AWS credentials signed for them.",
    "action",
    "provider",
)
AUDIT_FAILURES: Final = counter(
    "audit_write_failures_total",
    "Audit lines that could not be written: request says whether it was refused, or went on and the line was dropped.",
    "request",
)
KEYRING_KEYS: Final = gauge("keyring_keys", "Sealing keys in the keyring.", merge=least)
KEYRING_CREATED: Final = gauge(
    "keyring_newest_key_created_timestamp_seconds", "When the newest sealing key was made.", merge=least
)
KEYRING_SEALS_FROM: Final = gauge(
    "keyring_newest_key_seals_from_timestamp_seconds", "From when on the newest sealing key seals.", merge=least
)
KEYRING_NEXT: Final = gauge(
    "keyring_next_seals_from_timestamp_seconds",
    "From when on the next key will seal; absent while none is waiting.",
    merge=least,
)
KEYRING_FAULTS: Final = counter("keyring_faults_total", "Changes of the keyring's file that were not taken.")
CLOCK_DRIFT: Final = gauge(
    "clock_drift_seconds", "How far the system's clock was stepped back behind the gateway's own.", merge=greatest
)
REVOCATION_LAG: Final = gauge(
    "revocation_lag_seconds",
    "How long ago the revocations were read from the store; the most of all workers.",
    merge=greatest,
)
LOOP_LAG: Final = histogram("event_loop_lag_seconds", "How much later than asked the event loop woke, once a second.")
HTTP_RESPONSES: Final = counter("http_responses_total", "Answers by class of status.", "status")
HTTP_DURATION: Final = histogram(
    "http_request_duration_seconds", "Time from a request's head to the end of its answer, the client's own included."
)
CERTIFICATE_ENDS: Final = gauge(
    "certificate_expires_timestamp_seconds",
    "When the gateway's own certificate in use ends; absent where it serves without TLS.",
    merge=least,
)
CONNECTIONS: Final = gauge("http_connections", "Open connections.", merge=total)
CONNECTIONS_REFUSED: Final = counter(
    "http_connections_refused_total", "Connections closed at once: too many in all or from one address."
)
REQUESTS_REFUSED: Final = counter(
    "http_requests_refused_total", "Requests beyond a bound of HTTP, answered before any application.", "status"
)

METRICS: Final = (
    *(BUILD, WORKER_STARTS, REQUESTS, DURATION, MINTED, AUDIT_FAILURES),
    *OF_PROVIDERS,
    *(KEYRING_KEYS, KEYRING_CREATED, KEYRING_SEALS_FROM, KEYRING_NEXT, KEYRING_FAULTS),
    *(
        CLOCK_DRIFT,
        REVOCATION_LAG,
        LOOP_LAG,
        HTTP_RESPONSES,
        HTTP_DURATION,
        CERTIFICATE_ENDS,
        CONNECTIONS,
        CONNECTIONS_REFUSED,
        REQUESTS_REFUSED,
    ),
)


def outcome_of(error: GatewayError) -> str:
    """The outcome of a request that ended so."""
    return next(OUTCOMES[ancestor] for ancestor in type(error).__mro__ if ancestor in OUTCOMES)


class ActionMeter:
    """Counts the answers of one action."""

    __slots__ = ("_action", "_minted", "_ok", "_refused", "_registry", "took")

    def __init__(self, registry: Registry, action: str) -> None:
        self._registry = registry
        self._action = action
        self._ok = registry.counter(REQUESTS, action, OK, "")
        self._refused: dict[tuple[str, str], Counter] = {}
        self._minted: dict[str, Counter] = {}
        self.took: Final = registry.histogram(DURATION, action).observe

    def succeeded(self) -> None:
        self._ok.inc()

    def refused(self, outcome: str, code: str) -> None:
        found = self._refused.get((outcome, code))
        if found is None:
            found = self._registry.counter(REQUESTS, self._action, outcome, code)
            self._refused[outcome, code] = found
        found.inc()

    def minted(self, provider: str) -> None:
        found = self._minted.get(provider)
        if found is None:
            found = self._minted[provider] = self._registry.counter(MINTED, self._action, provider)
        found.inc()


class HttpMeter:
    """Counts answers, connections, and what is refused before any application."""

    __slots__ = (
        "_connections",
        "_refused",
        "_registry",
        "_responses",
        "certificate_ends",
        "connection_refused",
        "took",
    )

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        ends = registry.gauge(CERTIFICATE_ENDS)
        ends.forget()
        self.certificate_ends: Final = ends.set
        self._responses = [registry.counter(HTTP_RESPONSES, f"{digit}xx").inc for digit in range(1, 6)]
        self._connections = registry.gauge(CONNECTIONS)
        self._connections.set(0)
        self._refused: dict[int, Counter] = {}
        self.connection_refused: Final = registry.counter(CONNECTIONS_REFUSED).inc
        self.took: Final = registry.histogram(HTTP_DURATION).observe

    def answered(self, status: int, seconds: float) -> None:
        self._responses[status // 100 - 1]()
        self.took(seconds)

    def connected(self, total: int) -> None:
        self._connections.set(total)

    def request_refused(self, status: int) -> None:
        found = self._refused.get(status)
        if found is None:
            found = self._refused[status] = self._registry.counter(REQUESTS_REFUSED, str(status))
        found.inc()


class KeyringMeter:
    """What is known of the keyring."""

    __slots__ = ("_created", "_keys", "_next", "_seals_from", "fault")

    def __init__(self, registry: Registry) -> None:
        self._keys = registry.gauge(KEYRING_KEYS)
        self._created = registry.gauge(KEYRING_CREATED)
        self._seals_from = registry.gauge(KEYRING_SEALS_FROM)
        self._next = registry.gauge(KEYRING_NEXT)
        self.fault: Final = registry.counter(KEYRING_FAULTS).inc
        for one in (self._keys, self._created, self._seals_from, self._next):
            one.forget()

    def tell(self, keys: Iterable[tuple[datetime, datetime]], now: datetime) -> None:
        """`keys`: when each was made and from when on it seals; at least one."""
        told = list(keys)
        self._keys.set(len(told))
        self._created.set(max(created for created, _ in told).timestamp())
        self._seals_from.set(max(seals_from for _, seals_from in told).timestamp())
        waiting = [seals_from for _, seals_from in told if seals_from > now]
        if waiting:
            self._next.set(min(waiting).timestamp())
        else:
            self._next.forget()


class Meters:
    """All metrics of one process. `board` and `number` are those that the server gave it."""

    def __init__(self, board: Board, number: int = 0) -> None:
        self._board = board
        self._registry = registry = Registry(METRICS, board.pages[number])
        self._actions: dict[str, ActionMeter] = {}
        self._providers: dict[str, ProviderMeter] = {}
        self._saml: dict[str, MetadataMeter] = {}
        self.http: Final = HttpMeter(registry)
        self.keyring: Final = KeyringMeter(registry)
        self.loop_lag: Final = registry.histogram(LOOP_LAG).observe
        self.clock_drift: Final[Gauge] = registry.gauge(CLOCK_DRIFT)
        self.revocation_lag: Final[Gauge] = registry.gauge(REVOCATION_LAG)
        self.revocation_lag.forget()
        self.audit_refused: Final = registry.counter(AUDIT_FAILURES, "refused").inc
        self.audit_dropped: Final = registry.counter(AUDIT_FAILURES, "dropped").inc
        registry.counter(WORKER_STARTS).inc()

    @classmethod
    def alone(cls) -> "Meters":
        """Those of a process that has no others beside it."""
        return cls(Board())

    def action(self, name: str) -> ActionMeter:
        """`name`: one of the gateway's own, never one that a client made up."""
        found = self._actions.get(name)
        if found is None:
            found = self._actions[name] = ActionMeter(self._registry, name)
        return found

    def provider(self, name: str) -> ProviderMeter:
        found = self._providers.get(name)
        if found is None:
            found = self._providers[name] = ProviderMeter(self._registry, name)
        return found

    def saml_provider(self, name: str) -> MetadataMeter:
        found = self._saml.get(name)
        if found is None:
            found = self._saml[name] = MetadataMeter(self._registry, name)
        return found

    def keep_saml_providers(self, names: Iterable[str]) -> None:
        """Forget what is known of all others."""
        for name in self._saml.keys() - set(names):
            self._saml.pop(name).forget()

    def keep_providers(self, names: Iterable[str]) -> None:
        """Forget what is known of all others."""
        for name in self._providers.keys() - set(names):
            self._providers.pop(name).forget()

    def tell_build(self, version: str) -> None:
        self._registry.gauge(BUILD, version, platform.python_version()).set(1)

    def text(self) -> bytes:
        """The metrics of all workers in Prometheus' text format."""
        return exposition(METRICS, self._board)
