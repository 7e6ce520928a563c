"""What the webhook counts, and how Prometheus reads it."""

import time
from enum import StrEnum
from typing import Final

from gateway.telemetry.cells import Board
from gateway.telemetry.exposition import exposition
from gateway.telemetry.metrics import Registry, counter, gauge, greatest, histogram


class Outcome(StrEnum):
    """How a review ended."""

    MUTATED = "mutated"
    COMPLETE = "complete"
    """It has all that it asks for already, or leaves itself alone."""
    UNANNOTATED = "unannotated"
    SKIPPED = "skipped"
    """By its label, or because it is none that can be changed."""
    LEFT_ALONE = "left_alone"
    """It asks for a role and gets nothing: whoever created it was told why."""
    UNKNOWN_SERVICE_ACCOUNT = "unknown_service_account"
    """Admitted as it is, since there is no such service account."""
    UNDECIDED = "undecided"
    """The API server did not answer: not admitted by the webhook; its failurePolicy decides."""
    UNREADABLE = "unreadable"


REVIEWS: Final = counter("webhook_reviews_total", "Reviews of pods, by how they ended.", "outcome")
WARNINGS: Final = counter("webhook_warnings_total", "Warnings that creators of pods were shown.")
DURATION: Final = histogram("webhook_review_duration_seconds", "Time from a review read to its answer.")
LOOK_UP: Final = histogram("webhook_look_up_duration_seconds", "Time of the API server's answer to a look-up.")
CERTIFICATE_EXPIRES: Final = gauge(
    "webhook_certificate_expires_timestamp_seconds", "When the certificate in use ends.", merge=greatest
)
CERTIFICATE_FAULTS: Final = counter(
    "webhook_certificate_faults_total", "Changes of the certificate's files that were not taken."
)
METRICS: Final = (REVIEWS, WARNINGS, DURATION, LOOK_UP, CERTIFICATE_EXPIRES, CERTIFICATE_FAULTS)


class WebhookMeters:
    """One process's counts."""

    def __init__(self) -> None:
        self._board = Board()
        registry = Registry(METRICS, self._board.pages[0])
        self._reviews = {outcome: registry.counter(REVIEWS, outcome.value) for outcome in Outcome}
        self._warnings = registry.counter(WARNINGS)
        self._duration = registry.histogram(DURATION)
        self.look_up = registry.histogram(LOOK_UP)
        self.certificate_expires = registry.gauge(CERTIFICATE_EXPIRES)
        self.certificate_faults = registry.counter(CERTIFICATE_FAULTS)

    def reviewed(self, outcome: Outcome, *, warnings: int, began: float) -> None:
        """`began`: by the monotonic clock."""
        self._reviews[outcome].inc()
        self._warnings.add(warnings)
        self._duration.observe(time.monotonic() - began)

    def page(self) -> bytes:
        return exposition(METRICS, self._board)
