"""The probes: is the process alive, and may it have traffic."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.draining import is_draining
from gateway.web.responses import TEXT, Answer, send_answer

Unready = Callable[[], Awaitable[Sequence[str]]]
"""Tells what keeps this process from serving: `configuration`, `keyring`, `state`; nothing when it is ready.

Never an identity provider or a directory: their outage must not take replicas out.
"""

_METHODS: Final = ("GET", "HEAD")
_FINE: Final = Answer(status=200, body=b"ok\n", headers=TEXT)
_METHOD_REFUSED: Final = Answer(
    status=405,
    body=b"A probe is asked with GET or HEAD\n",
    headers=(*TEXT, (b"allow", b"GET, HEAD")),
)


def routes(unready: Unready) -> Mapping[str, Application]:
    """The operations door: path to application."""
    return {"/healthz": _healthz, "/readyz": _Readyz(unready)}


async def _healthz(scope: Scope, _: Receive, send: Send) -> None:
    await send_answer(send, _FINE if scope["method"] in _METHODS else _METHOD_REFUSED)


class _Readyz:
    def __init__(self, unready: Unready) -> None:
        self._unready = unready

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        await send_answer(send, await self._answer(scope) if scope["method"] in _METHODS else _METHOD_REFUSED)

    async def _answer(self, scope: Scope) -> Answer:
        # A server that is about to end says so before it is asked anything else: its state may be closing already.
        reasons = ["draining"] if is_draining(scope) else await self._unready()
        if not reasons:
            return _FINE
        return Answer(status=503, body="".join(f"{reason}\n" for reason in reasons).encode(), headers=TEXT)
