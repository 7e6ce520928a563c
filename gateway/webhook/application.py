"""What the webhook's paths answer: reviews, probes and metrics."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.telemetry.exposition import CONTENT_TYPE
from gateway.webhook.admission import UnreadableReview
from gateway.webhook.message import Head, Refused, Response, plain
from gateway.webhook.reviewer import Reviewer, Undecided

MUTATE: Final = "/mutate"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """`is_ready`: whether reviews should come here."""

    reviewer: Reviewer
    is_ready: Callable[[], bool]

    async def answered(self, head: Head, body: bytes) -> Response:
        """Raises Refused."""
        method, answer = self._paths().get(head.path, (None, None))
        if answer is None:
            raise Refused(404, f"nothing is here; reviews are answered at {MUTATE}")
        if head.method != method and not (method == "GET" and head.method == "HEAD"):
            raise Refused(405, f"send {method}")
        response = await answer(head, body)
        return response if head.method != "HEAD" else Response(status=response.status, body=b"")

    def _paths(self) -> Mapping[str, tuple[str, Callable[[Head, bytes], Awaitable[Response]]]]:
        return {
            MUTATE: ("POST", self._mutate),
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/metrics": ("GET", self._metrics),
        }

    async def _mutate(self, head: Head, body: bytes) -> Response:
        if head.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            raise Refused(415, f"send {_JSON}")
        try:
            review = await self.reviewer.answered(body)
        except UnreadableReview as fault:
            raise Refused(400, str(fault)) from None
        except Undecided as fault:
            raise Refused(503, str(fault)) from None
        return Response(status=200, body=review, content_type=_JSON)

    async def _healthz(self, _head: Head, _body: bytes) -> Response:
        return plain(200, "alive")

    async def _readyz(self, _head: Head, _body: bytes) -> Response:
        return plain(200, "ready") if self.is_ready() else plain(503, "draining")

    async def _metrics(self, _head: Head, _body: bytes) -> Response:
        return Response(status=200, body=self.reviewer.meters.page(), content_type=CONTENT_TYPE)
