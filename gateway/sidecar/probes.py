"""`/healthz`, `/readyz` and `/metrics`: whether the sidecar lives, and whether each role has something to give out."""

from collections.abc import Iterator, Sequence
from typing import Final

from gateway.client.held import NothingToGive
from gateway.sidecar.instants import written
from gateway.sidecar.message import Fault, Request, Response, text_response
from gateway.sidecar.roles import Served

PATHS: Final = ("/healthz", "/readyz", "/metrics")

_ENDS: Final = "sts_gateway_sidecar_credentials_end_timestamp_seconds"
_FAILING: Final = "sts_gateway_sidecar_renewal_failing_since_timestamp_seconds"
_METRICS: Final = f"""\
# HELP {_ENDS} When the credentials that are held end; 0: there are none.
# TYPE {_ENDS} gauge
%(ends)s# HELP {_FAILING} Since when renewing fails; 0: it does not.
# TYPE {_FAILING} gauge
%(failing)s"""


class Probes:
    """`least`: seconds that credentials must have left to be given out, of an hour."""

    def __init__(self, roles: Sequence[Served], least: float) -> None:
        self._roles = roles
        self._least = least
        self._answers = dict(zip(PATHS, (_alive, self._readiness, self._metrics), strict=True))

    def answer(self, request: Request) -> Response:
        """Codes of faults and times and no more, because anybody may look. Raises Fault."""
        if request.method not in {"GET", "HEAD"}:
            raise Fault(405, "MethodNotAllowed", "send GET", headers={"allow": "GET, HEAD"})
        return self._answers[request.path]()

    def _readiness(self) -> Response:
        lines = tuple(self._lines())
        ready = all(ready for ready, _ in lines)
        return text_response(200 if ready else 503, "".join(f"{line}\n" for _, line in lines))

    def _lines(self) -> Iterator[tuple[bool, str]]:
        for role in self._roles:
            try:
                given = role.held.give(least=self._least)
            except NothingToGive as fault:
                yield False, f"{role.shown}: not ready: {fault.code}"
            else:
                since = role.held.failing_since
                failing = "" if since is None else f", and renewing fails since {written(since)}"
                yield True, f"{role.shown}: ready, until {written(given.keys.expires)}{failing}"

    def _metrics(self) -> Response:
        ends = "".join(_sample(_ENDS, role, role.held.ends) for role in self._roles)
        failing = "".join(_sample(_FAILING, role, role.held.failing_since) for role in self._roles)
        return text_response(200, _METRICS % {"ends": ends, "failing": failing})


def _alive() -> Response:
    return text_response(200, "alive\n")


def _sample(name: str, role: Served, value: float | None) -> str:
    # A role's name has no character that Prometheus would want escaped.
    return f'{name}{{role="{role.shown}"}} {value or 0:.0f}\n'
