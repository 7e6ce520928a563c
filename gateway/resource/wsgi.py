"""The WSGI middleware, for Flask, Django and their like: what comes through is signed, allowed, and has its caller."""

import io
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from gateway.domain.errors import BodyTooLarge, GatewayError, InternalFault, MalformedSignedRequest
from gateway.domain.origin import RequestOrigin
from gateway.resource.caller import CURRENT
from gateway.resource.middleware import MAXIMUM_BODY
from gateway.resource.refusals import Refused, refused
from gateway.resource.verifier import Verifier
from gateway.sigv4.request import HttpRequest

CALLER: Final = "gateway.caller"
"""Name in the request's environment."""
_HEADER: Final = "HTTP_"
_OTHER_HEADERS: Final = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
# Gunicorn and Werkzeug write the first, uWSGI and mod_wsgi the second. PATH_INFO is decoded: no signature is of it.
_TARGETS: Final = ("RAW_URI", "REQUEST_URI")

Environment = dict[str, Any]
Application = Callable[..., Iterable[bytes]]


class SigV4Wsgi:
    """Lets requests through that `verifier` allows. `open_paths` and `maximum_body` are as SigV4Middleware has them.

    `gateway.resource.require` works in the application; frameworks that answer its ActionDenied by themselves get what
    to answer from `refusal`.
    """

    def __init__(
        self,
        app: Application,
        verifier: Verifier,
        *,
        open_paths: Collection[str] = (),
        maximum_body: int = MAXIMUM_BODY,
    ) -> None:
        self._app = app
        self._verifier = verifier
        self._open_paths = frozenset(path.encode("ascii") for path in open_paths)
        self._maximum_body = maximum_body

    def __call__(self, environ: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            path, query = _target(environ)
            if path in self._open_paths:
                return self._app(environ, start_response)
            body = _body(environ, self._maximum_body)
            caller = self._verifier.verify(_http(environ, path, query), body, _origin(environ))
        except GatewayError as error:
            return _answered(self._refused(error, environ["REQUEST_METHOD"]), start_response)
        served = {**environ, CALLER: caller, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        token = CURRENT.set(caller)
        try:
            return self._app(served, start_response)
        except GatewayError as error:
            return _answered(self._refused(error, environ["REQUEST_METHOD"]), start_response)
        finally:
            CURRENT.reset(token)

    def refusal(self, error: GatewayError, method: str) -> tuple[bytes, int, list[tuple[str, str]]]:
        """Body, status and headers: what a Flask error handler returns."""
        made = self._refused(error, method)
        return made.body, made.status, list(made.headers)

    def _refused(self, error: GatewayError, method: str) -> Refused:
        return refused(error, self._verifier.service, method=method)


def _target(environ: Environment) -> tuple[bytes, bytes]:
    """Path and query as they came over the wire. Raises InternalFault, MalformedSignedRequest."""
    told = next((environ[name] for name in _TARGETS if environ.get(name)), None)
    if told is None:
        raise InternalFault(cause=f"the WSGI server tells neither {' nor '.join(_TARGETS)}")
    target = told.encode("latin-1")
    if not target.startswith(b"/"):
        # RFC 9112 3.2.2: the absolute form, which proxies are sent.
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path, _, query = target.partition(b"?")
    routed = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}".encode("latin-1")
    # Servers let proxies say what the application routes by (Gunicorn: headers PATH_INFO and SCRIPT_NAME): it must be
    # what was signed, or a signature for one path would open another.
    if unquote_to_bytes(path) != routed or query != environ.get("QUERY_STRING", "").encode("latin-1"):
        raise MalformedSignedRequest("The request's target is not the one that is served.")
    return path, query


def _body(environ: Environment, maximum: int) -> bytes:
    """Raises BodyTooLarge."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit():
        if int(length) > maximum:
            raise BodyTooLarge(limit=maximum)
        return bytes(environ["wsgi.input"].read(int(length)))
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = bytes(environ["wsgi.input"].read(maximum + 1))
    if len(body) > maximum:
        raise BodyTooLarge(limit=maximum)
    return body


def _http(environ: Environment, path: bytes, query: bytes) -> HttpRequest:
    return HttpRequest(
        method=environ["REQUEST_METHOD"], raw_path=path, raw_query=query, headers=tuple(_headers(environ))
    )


def _headers(environ: Environment) -> Iterator[tuple[bytes, bytes]]:
    for name, value in environ.items():
        if name in _OTHER_HEADERS and value:
            yield _OTHER_HEADERS[name].encode("ascii"), value.encode("latin-1")
        elif name.startswith(_HEADER) and name.removeprefix(_HEADER) not in _OTHER_HEADERS:
            yield name.removeprefix(_HEADER).replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")


def _origin(environ: Environment) -> RequestOrigin:
    """What the server says of its peer; behind a proxy it is the server that believes the proxy's headers, or not."""
    return RequestOrigin(
        request_id=str(uuid.uuid4()),
        source_ip=environ.get("REMOTE_ADDR") or None,
        user_agent=environ.get("HTTP_USER_AGENT"),
        secure_transport=environ.get("wsgi.url_scheme") == "https",
    )


def _answered(made: Refused, start_response: Callable[..., Any]) -> Iterable[bytes]:
    headers = [*made.headers, ("content-length", str(len(made.body)))]
    start_response(f"{made.status} {HTTPStatus(made.status).phrase}", headers)
    return [made.body]
