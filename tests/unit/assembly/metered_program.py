"""A metered server as a process of its own: `python metered_program.py WORKERS`, with an internal listener."""

import os
import sys

from gateway.assembly.routing import ByListener, Router
from gateway.assembly.server import serve
from gateway.assembly.worker import ServerSettings
from gateway.domain.errors import InternalFault
from gateway.doors.operations import metrics, probes
from gateway.telemetry import log
from gateway.telemetry.meters import Meters
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.edge import Edge
from gateway.web.responses import Answer, send_answer


def made(meters: Meters) -> Application:
    """`/pid` counts and tells the worker's; the internal listener has `/metrics`; both have the probes."""
    probing = probes.routes(unready)

    async def pid(_scope: Scope, _receive: Receive, send: Send) -> None:
        meters.action("Pid").succeeded()
        await send_answer(send, Answer(status=200, body=str(os.getpid()).encode()))

    inside = ByListener(
        public=Router({"/pid": pid, **probing}), internal=Router({**probing, **metrics.routes(meters.text)})
    )
    edge = Edge(
        inside,
        render_fault=rendered,
        trusted_proxies=(),
        public_url="http://127.0.0.1:1",
        access_log=None,
        meter=meters.http,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await edge(scope, receive, send)
            return
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})

    return app


def rendered(fault: InternalFault, request_id: str) -> Answer:
    return Answer(status=500, body=f"{fault} {request_id}".encode())


async def unready() -> list[str]:
    return []


if __name__ == "__main__":
    log.configure()
    settings = ServerSettings(drain=1.0, linger=0.3, finish=5)
    code = serve(made, host="127.0.0.1", port=0, workers=int(sys.argv[1]), settings=settings, internal=("127.0.0.1", 0))
    sys.exit(code)
