"""A server as a process of its own: `python program.py PORT WORKERS DRAIN PATIENCE`; its log on standard error."""

import asyncio
import os
import sys
import time

from gateway.assembly.server import serve
from gateway.assembly.worker import ServerSettings
from gateway.doors.operations.probes import routes
from gateway.telemetry import log
from gateway.web.asgi import Receive, Scope, Send
from gateway.web.responses import Answer, send_answer


async def unready() -> list[str]:
    return []


PROBES = routes(unready)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """`/SECONDS` answers with the worker's pid after so long; `/stuck` never lets the loop go on."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["path"] in PROBES:
        await PROBES[scope["path"]](scope, receive, send)
    elif scope["path"] == "/stuck":
        time.sleep(60)
    else:
        await asyncio.sleep(float(scope["path"][1:] or 0))
        await send_answer(send, Answer(status=200, body=str(os.getpid()).encode()))


async def live(receive: Receive, send: Send) -> None:
    await receive()
    failing = "FAILING" in os.environ
    await send({"type": "lifespan.startup.failed" if failing else "lifespan.startup.complete"})
    await receive()
    os.write(2, b"application ended\n")  # in one write: two workers share the stream
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    port, workers, drain, patience = sys.argv[1:]
    log.configure()
    settings = ServerSettings(drain=float(drain), linger=1.0, finish=5, patience=float(patience))
    sys.exit(serve(lambda _: application, host="127.0.0.1", port=int(port), workers=int(workers), settings=settings))
