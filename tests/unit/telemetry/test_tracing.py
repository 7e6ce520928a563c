"""Tracing: off without a word, and on as OpenTelemetry's variables say, with nothing secret in a span."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.telemetry.tracing import SPAN, Tracing, is_wanted, tracing_of
from gateway.web.asgi import Application, Message, Receive, Scope, Send
from gateway.web.edge import Edge
from gateway.web.limits import ClientDisconnected
from gateway.web.responses import Answer, send_answer
from gateway.web.traced import Traced
from tests.unit.web.serving import scope_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
STS = "sts.amazonaws.com"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Collector:
    """A collector of OTLP over HTTP."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resource(self) -> dict[str, str]:
        return {one.key: one.value.string_value for one in self.requests[0].resource_spans[0].resource.attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def tracing(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Tracing:
    monkeypatch.setenv(ENDPOINT, collector.url)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    made = tracing_of({ENDPOINT: collector.url}, "1.2.3")
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({ENDPOINT: ""}, False),
        ({ENDPOINT: "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318/v1/metrics"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "True"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_SDK_DISABLED": "false"}, True),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({ENDPOINT: "http://c:4318", "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_the_standard_variables_switch_it_on(environment: Mapping[str, str], wanted: bool) -> None:
    assert is_wanted(environment) is wanted


def test_off_it_is_not_even_imported() -> None:
    program = (
        "import sys, gateway.assembly.build\n"
        "from gateway.telemetry.tracing import tracing_of\n"
        "assert tracing_of({}, '1') is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)

    assert ended.stdout == "[]\n"


def test_without_the_extra_it_stays_off_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry.sdk")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk", None)

    assert tracing_of({ENDPOINT: "http://c:4318"}, "1") is None
    assert "install sts-gateway[otel]" in caplog.text


async def asked(app: Application, tracing: Tracing, *headers: tuple[bytes, bytes]) -> list[Message]:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    edge = Edge(
        Traced(app, tracing),
        render_fault=lambda _, __: Answer(status=500),
        trusted_proxies=(),
        public_url="http://127.0.0.1:1",
        access_log=None,
    )
    scope = scope_of(*headers, query_string=b"Token=secret", path="/secret", raw_path=b"/secret", http_version="1.1")
    await edge(scope, receive, send)
    return sent


def saying(status: int, error_code: str | None = None) -> Application:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        span = SPAN.get()
        assert span is not None
        span.tell(STS, "AssumeRoleWithWebIdentity", error_code)
        await send_answer(send, Answer(status=status))

    return app


async def test_a_request_is_a_span_of_its_callers_trace(tracing: Tracing, collector: Collector) -> None:
    sent = await asked(
        saying(200),
        tracing,
        (b"traceparent", f"00-{TRACE}-{PARENT}-01".encode()),
        (b"authorization", b"secret"),
        (b"user-agent", b"aws-cli/2"),
    )
    tracing.close()

    (span,) = collector.spans
    assert (span.name, span.kind) == ("STS/AssumeRoleWithWebIdentity", span.SPAN_KIND_SERVER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    headers = dict(sent[0]["headers"])
    assert {one.key: one.value.string_value or one.value.int_value for one in span.attributes} == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "url.scheme": "http",
        "network.protocol.version": "1.1",
        "user_agent.original": "aws-cli/2",
        "rpc.system": "aws-api",
        "rpc.service": "STS",
        "rpc.method": "AssumeRoleWithWebIdentity",
        "aws.request_id": headers[b"x-amzn-requestid"].decode(),
    }
    assert collector.resource.items() >= {"service.name": "sts-gateway", "service.version": "1.2.3"}.items()
    assert "secret" not in str(collector.requests)


async def test_a_refusal_is_named_and_no_failure_of_the_server(tracing: Tracing, collector: Collector) -> None:
    await asked(saying(403, "AccessDenied"), tracing)
    tracing.close()

    (span,) = collector.spans
    assert "AccessDenied" in [one.value.string_value for one in span.attributes if one.key == "error.type"]
    assert span.status.code == 0


async def test_a_bug_is_a_failed_span_and_shows_nothing(tracing: Tracing, collector: Collector) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("secret")

    assert (await asked(app, tracing))[0]["status"] == 500
    tracing.close()

    (span,) = collector.spans
    assert (span.name, span.status.code) == ("GET", 2)
    assert "secret" not in str(collector.requests)


async def test_a_client_that_left_is_no_failure(tracing: Tracing, collector: Collector) -> None:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnected

    await asked(app, tracing)
    tracing.close()

    (span,) = collector.spans
    assert span.status.code == 0
    assert [one.value.int_value for one in span.attributes if one.key == "http.response.status_code"] == [499]


async def test_the_span_ends_with_its_request(tracing: Tracing) -> None:
    await asked(saying(200), tracing)

    assert SPAN.get() is None
    tracing.close()
