"""AdmissionReview v1: what the API server asks about a pod, and how it is answered."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.webhook.json_patch import Operation, encoded
from gateway.webhook.pod import Pod

API_VERSION: Final = "admission.k8s.io/v1"
KIND: Final = "AdmissionReview"
_PODS: Final = ("", "v1", "pods")
_WARNING_LENGTH: Final = 256
"""Kubernetes cuts longer ones, and drops those beyond 4,096 characters in all."""
_WARNINGS: Final = 12


class UnreadableReview(Exception):
    """A body that is no AdmissionReview of version v1; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodReview:
    """One question. `is_creation`: of a new pod, which is all that is ever changed."""

    uid: str
    namespace: str
    is_creation: bool
    pod: Pod


def read(body: bytes) -> PodReview:
    """Raises UnreadableReview."""
    try:
        review = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableReview("the body is not JSON") from None
    if not isinstance(review, dict) or (review.get("apiVersion"), review.get("kind")) != (API_VERSION, KIND):
        raise UnreadableReview(f"the body is no {KIND} of {API_VERSION}")
    request = review.get("request")
    if not isinstance(request, dict) or not isinstance(request.get("uid"), str) or not request["uid"]:
        raise UnreadableReview("the review has no request with a uid")
    pod = request.get("object")
    return PodReview(
        uid=request["uid"],
        namespace=str(request.get("namespace") or ""),
        is_creation=_is_creation_of_a_pod(request) and isinstance(pod, dict),
        pod=Pod(document=pod if isinstance(pod, dict) else {}),
    )


def answer(review: PodReview, operations: Sequence[Operation], warnings: Sequence[str]) -> bytes:
    """The pod is allowed, with this patch; whoever creates it sees the warnings."""
    response: dict[str, Any] = {"uid": review.uid, "allowed": True}
    if operations:
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(encoded(operations)).decode("ascii")}
    if warnings:
        response["warnings"] = list(_shown(warnings))
    return json.dumps({"apiVersion": API_VERSION, "kind": KIND, "response": response}, separators=(",", ":")).encode()


def _is_creation_of_a_pod(request: Mapping[str, Any]) -> bool:
    resource = request.get("resource")
    if not isinstance(resource, dict) or request.get("operation") != "CREATE" or request.get("subResource"):
        return False
    return tuple(resource.get(name, "") for name in ("group", "version", "resource")) == _PODS


def _shown(warnings: Sequence[str]) -> Iterator[str]:
    for warning in warnings[:_WARNINGS]:
        # Names of what a pod holds are not validated yet: no control character of theirs reaches a terminal.
        # Cut before it is looked at: a name may be megabytes.
        text = f"sts-gateway: {warning}"[: _WARNING_LENGTH + 1]
        printable = "".join(letter if letter.isprintable() else "?" for letter in text)
        yield printable if len(printable) <= _WARNING_LENGTH else f"{printable[: _WARNING_LENGTH - 3]}..."
