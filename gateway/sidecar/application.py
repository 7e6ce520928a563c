"""Which part answers a request of the sidecar, after the checks that all share."""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from gateway.sidecar import container, imds
from gateway.sidecar.container import ContainerCredentials
from gateway.sidecar.guard import check_caller
from gateway.sidecar.imds import InstanceMetadata
from gateway.sidecar.listening import Hosts
from gateway.sidecar.message import Fault, Request, Response
from gateway.sidecar.probes import PATHS, Probes

_QUIET: Final = 60.0
"""Seconds between two lines about callers without the right token: one such client asks five times."""


class Application:
    """Everything that the sidecar's port answers. `metadata`: None without `--imds`; `tell`: writes a line."""

    def __init__(
        self,
        *,
        hosts: Hosts,
        credentials: ContainerCredentials,
        metadata: InstanceMetadata | None,
        probes: Probes,
        steady: Callable[[], float],
        tell: Callable[[str], None],
    ) -> None:
        self._hosts = hosts
        self._credentials = credentials
        self._metadata = metadata
        self._probes = probes
        self._steady = steady
        self._tell = tell
        self._strangers = 0
        self._told: float | None = None

    def answer(self, request: Request) -> Response:
        """Raises Fault."""
        check_caller(request, self._hosts)
        if request.path in PATHS:
            return self._probes.answer(request)
        if request.path == container.PATH or request.path.startswith(f"{container.PATH}/"):
            return self._guarded(request)
        if self._metadata is not None and request.path.startswith(imds.ROOT):
            return self._metadata.answer(request)
        raise Fault(404, "NotFound", f"credentials are at {container.PATH}")

    def _guarded(self, request: Request) -> Response:
        try:
            return self._credentials.answer(request)
        except Fault as fault:
            # JavaScript's chain asks once more without any token, which is no stranger's doing.
            if fault.status == HTTPStatus.UNAUTHORIZED and "authorization" in request.headers:
                self._count()
            raise

    def _count(self) -> None:
        self._strangers += 1
        now = self._steady()
        if self._told is None or now - self._told >= _QUIET:
            self._tell(f"requests with a wrong authorization token: {self._strangers}")
            self._strangers, self._told = 0, now


def only_probes(probes: Probes, paths: Sequence[str] = PATHS) -> Callable[[Request], Response]:
    """What the port for the kubelet answers: nothing of value, to anybody."""

    def answer(request: Request) -> Response:
        if request.path in paths:
            return probes.answer(request)
        raise Fault(404, "NotFound", f"here are {' and '.join(paths)}")

    return answer
