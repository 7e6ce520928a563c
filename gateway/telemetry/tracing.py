"""OpenTelemetry spans, one a request; off unless the standard OTEL_* variables ask for them, and then not imported.

Attributes: OpenTelemetry's semantic conventions for HTTP and RPC (`rpc.system` `aws-api`). Never a path, a query, a
parameter, a user or an address: of a request's content a span holds the action and the error's code.
"""

import importlib
import logging
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

SPAN: Final[ContextVar["RequestSpan | None"]] = ContextVar("span", default=None)
"""The span of the request that is being answered."""

EXTRA: Final = "otel"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_DISABLED: Final = "OTEL_SDK_DISABLED"
_EXPORTER: Final = "OTEL_TRACES_EXPORTER"
_PROPAGATED: Final = ("traceparent", "tracestate")
_SERVICE: Final = "sts-gateway"
_STS: Final = "sts.amazonaws.com"
_LOG: Final = logging.getLogger("gateway.tracing")


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Whether an OTLP endpoint is named and nothing switches tracing off."""
    return (
        any(environment.get(name) for name in _ENDPOINTS)
        and environment.get(_DISABLED, "").lower() != "true"
        and environment.get(_EXPORTER, "otlp") == "otlp"
    )


def tracing_of(environment: Mapping[str, str], version: str) -> "Tracing | None":
    """Tracing as the environment asks; None where it does not, or the extra is not installed, which the log tells.

    Call it in the process that serves: the exporter has a thread, which no fork keeps.
    """
    if not is_wanted(environment):
        return None
    try:
        provider = _provider(version, environment)
    except ImportError:
        _LOG.warning("OTEL_* asks for tracing; install sts-gateway[%s], or nothing is traced", EXTRA)
        return None
    return Tracing(provider)


def _provider(version: str, environment: Mapping[str, str]) -> Any:
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    export = importlib.import_module("opentelemetry.sdk.trace.export")
    otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    resources = importlib.import_module("opentelemetry.sdk.resources")
    named = {"service.version": version}
    if not environment.get("OTEL_SERVICE_NAME"):
        named["service.name"] = _SERVICE
    provider = sdk.TracerProvider(resource=resources.Resource.create(named))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    return provider


class Tracing:
    """Begins spans. `provider` is a TracerProvider of OpenTelemetry's SDK."""

    def __init__(self, provider: Any) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("gateway")
        trace = importlib.import_module("opentelemetry.trace")
        self._server = trace.SpanKind.SERVER
        self._failed = trace.StatusCode.ERROR
        propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
        self._propagator = propagation.TraceContextTextMapPropagator()

    def begin(self, method: str, headers: Mapping[str, str], attributes: Mapping[str, str]) -> "RequestSpan":
        """The span of a request, within the trace that its `traceparent` names."""
        carried = {name: headers[name] for name in _PROPAGATED if name in headers}
        span = self._tracer.start_span(
            method,
            context=self._propagator.extract(carried),
            kind=self._server,
            attributes={"http.request.method": method, **attributes},
        )
        return RequestSpan(span, self._failed)

    def close(self) -> None:
        """Send what is waiting. Blocks for as long as the exporter does."""
        self._provider.shutdown()


class RequestSpan:
    """The span of one request; it is named when its action is known."""

    __slots__ = ("_failed", "_span", "trace_id")

    def __init__(self, span: Any, failed: Any) -> None:
        self._span = span
        self._failed = failed
        self.trace_id: Final = f"{span.get_span_context().trace_id:032x}"

    def tell(self, source: str, action: str, error_code: str | None) -> None:
        """`source`: the service's name in the audit log; `action`: the API's; `error_code`: what the caller reads."""
        service = "STS" if source == _STS else source.partition(".")[0]
        self._span.update_name(f"{service}/{action}")
        self._span.set_attributes({"rpc.system": "aws-api", "rpc.service": service, "rpc.method": action})
        if error_code is not None:
            self._span.set_attribute("error.type", error_code)

    def end(self, status: int) -> None:
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(self._failed)
        self._span.end()
