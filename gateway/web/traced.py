"""A span around each request; stands in front of the doors only where tracing is on."""

from gateway.telemetry.tracing import SPAN, Tracing
from gateway.web.asgi import Application, Message, Receive, Scope, Send
from gateway.web.edge import CLIENT_GONE
from gateway.web.limits import ClientDisconnected
from gateway.web.origin import origin_of


class Traced:
    """Wraps the application inside the edge, which has found the request's origin."""

    __slots__ = ("_app", "_tracing")

    def __init__(self, app: Application, tracing: Tracing) -> None:
        self._app = app
        self._tracing = tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = origin_of(scope)
        attributes = {
            "aws.request_id": origin.request_id,
            "url.scheme": scope["scheme"],
            "network.protocol.version": scope.get("http_version", "1.1"),
        }
        if origin.user_agent:
            attributes["user_agent.original"] = origin.user_agent
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracing.begin(scope["method"], headers, attributes)
        status = 500  # of what raises here: the edge answers it so

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        token = SPAN.set(span)
        try:
            await self._app(scope, receive, seen)
        except ClientDisconnected:
            status = CLIENT_GONE
            raise
        finally:
            SPAN.reset(token)
            span.end(status)
