"""One review from its bytes to its answer: look the service account up, decide, count, and say what was not done."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.client.kubernetes import KubernetesRefusal, KubernetesUnreachable
from gateway.webhook.admission import PodReview, answer, read
from gateway.webhook.annotations import SKIP_POD
from gateway.webhook.meters import Outcome, WebhookMeters
from gateway.webhook.mutation import Mutation, mutation
from gateway.webhook.settings import WebhookSettings

LookUp = Callable[[str, str], Awaitable[Mapping[str, str] | None]]
"""From namespace and name to a service account's annotations; None where there is none. Never from a cache."""

_LOG: Final = logging.getLogger("gateway.webhook")
_TOLD: Final = 12
_LONGEST: Final = 253
"""Characters of what a log line shows of a review, which may come from anybody; Kubernetes takes no longer names."""


class Undecided(Exception):
    """The service account could not be read, so that nobody knows what the pod needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Answers reviews. Every way in which a pod of an annotated account stays as it is, is told and counted."""

    settings: WebhookSettings
    look_up: LookUp
    meters: WebhookMeters

    async def answered(self, body: bytes) -> bytes:
        """The AdmissionReview to answer with. Raises UnreadableReview, Undecided."""
        began = time.monotonic()
        outcome, warnings = Outcome.UNREADABLE, 0
        try:
            review = read(body)
            outcome = Outcome.UNDECIDED
            outcome, made = await self._decided(review)
            warnings = len(made.warnings)
            return answer(review, made.operations, made.warnings)
        finally:
            self.meters.reviewed(outcome, warnings=warnings, began=began)

    async def _decided(self, review: PodReview) -> tuple[Outcome, Mutation]:
        pod = review.pod
        label = f"{self.settings.annotation_prefix}/{SKIP_POD}"
        if not review.is_creation or pod.is_mirror or label in pod.labels:
            return Outcome.SKIPPED, Mutation()
        annotations = await self._annotations(review)
        if annotations is None:
            return Outcome.UNKNOWN_SERVICE_ACCOUNT, self._of_unknown_account(review)
        made = mutation(self.settings, pod, annotations)
        for warning in made.warnings[:_TOLD]:
            _LOG.warning("a pod of %s in %s: %s", pod.service_account, review.namespace, warning[:_LONGEST])
        return _outcome_of(made), made

    async def _annotations(self, review: PodReview) -> Mapping[str, str] | None:
        began = time.monotonic()
        name, namespace = review.pod.service_account, review.namespace
        try:
            return await self.look_up(namespace, name)
        except (KubernetesUnreachable, KubernetesRefusal, TimeoutError) as fault:
            reason = str(fault) or "the API server took too long"
            _LOG.error("service account %s in %s: %s; the review is left undecided", name, namespace, reason)
            # Not allowed and not denied: the API server does by failurePolicy what its operator has chosen.
            raise Undecided(f"service account {name} in {namespace} could not be read: {reason}") from None
        finally:
            self.meters.look_up.observe(time.monotonic() - began)

    def _of_unknown_account(self, review: PodReview) -> Mutation:
        name, namespace = review.pod.service_account[:_LONGEST], review.namespace[:_LONGEST]
        told = f"there is no service account {name} in {namespace}: the pod stays as it is"
        _LOG.warning("%s", told)
        return Mutation(warnings=[told])


def _outcome_of(made: Mutation) -> Outcome:
    if not made.wished:
        return Outcome.UNANNOTATED
    if made.operations:
        return Outcome.MUTATED
    return Outcome.LEFT_ALONE if made.warnings else Outcome.COMPLETE
