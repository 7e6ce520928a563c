"""The strict reading of a request's path, query and headers: one meaning at every proxy and store, or refused."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.domain.errors import UnmappedRequest
from gateway.sigv4.request import HttpRequest

MOST_PARAMETERS: Final = 64

# `#` and `?` end a path at some readers, raw bytes beyond ASCII are decoded in as many ways as there are servers.
_PATH: Final = re.compile(rb"/(?:[!\"$&-<=>@-~]|%[0-9A-Fa-f]{2})*")
# `+` is a space to some readers, `;` parts parameters; whoever means the character itself sends it encoded.
_QUERY: Final = re.compile(rb"(?:[!\"$&-*,-:<-~]|%[0-9A-Fa-f]{2})*")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# `.` and `..` between separators of any kind, also where something behind us would decode once more, and with the path
# parameters that Java servers cut off (`..;x`).
_SEPARATOR: Final = r"(?:[/\\]|%(?:25)*(?:2f|5c))"
_DOT_SEGMENT: Final = re.compile(
    rf"(?:\A|{_SEPARATOR})(?:\.|%(?:25)*2e){{1,2}}(?:;[^/\\]*)?(?={_SEPARATOR}|\Z)", re.IGNORECASE
)
_DEFAULT_PORTS: Final = (":443", ":80")
# A framework behind us that honours one of these serves another method than the one that was judged.
_METHOD_OVERRIDES: Final = frozenset({b"x-http-method", b"x-http-method-override", b"x-method-override"})


def read_path(raw_path: bytes) -> str:
    """The path, percent-decoded once. Raises UnmappedRequest for what servers are known to read in two ways."""
    if _PATH.fullmatch(raw_path) is None:
        raise UnmappedRequest(cause="the path does not begin with / or holds a byte that must be percent-encoded")
    path = _decoded(raw_path)
    refuse_dot_segments(path)
    return path


def refuse_dot_segments(path: str) -> None:
    if _DOT_SEGMENT.search(path) is not None:
        raise UnmappedRequest(cause="the path holds a . or .. segment")


def refuse_control_characters(text: str) -> None:
    if _CONTROL.search(text) is not None:
        raise UnmappedRequest(cause="a NUL or another control character")


def read_query(raw_query: bytes) -> dict[str, str]:
    """The parameters of a query, each once, percent-decoded; one without a value holds an empty text."""
    if not raw_query:
        return {}
    if _QUERY.fullmatch(raw_query) is None:
        raise UnmappedRequest(cause="the query holds a byte that must be percent-encoded")
    parts = [part for part in raw_query.split(b"&") if part]
    if len(parts) > MOST_PARAMETERS:
        raise UnmappedRequest(cause=f"the query has more than {MOST_PARAMETERS} parameters")
    parameters: dict[str, str] = {}
    for part in parts:
        name, _, value = part.partition(b"=")
        _add(parameters, _decoded(name), _decoded(value))
    return parameters


def _add(parameters: dict[str, str], name: str, value: str) -> None:
    if not name:
        raise UnmappedRequest(cause="a query parameter without a name")
    if name in parameters:
        # A store may read the first where the gateway judged the last.
        raise UnmappedRequest(cause=f"the query parameter {shown(name)} is given twice")
    parameters[name] = value


def header_of(http: HttpRequest, name: bytes) -> str | None:
    """The one value of a header; None where it is absent. Raises UnmappedRequest where it is given twice."""
    values = [value for given, value in http.headers if given == name]
    if len(values) > 1:
        raise UnmappedRequest(cause=f"the header {shown(name.decode('latin-1'))} is given twice")
    return header_text(values[0]) if values else None


def header_text(value: bytes) -> str:
    try:
        text = value.decode().strip(" \t")
    except UnicodeDecodeError:
        raise UnmappedRequest(cause="a header that is not UTF-8") from None
    refuse_control_characters(text)
    return text


def host_of(http: HttpRequest) -> str:
    """The host that the client called, in lower case."""
    host = header_of(http, b"host")
    if not host:
        raise UnmappedRequest(cause="the request names no host")
    return host.lower()


def spellings_of(host: str) -> tuple[str, ...]:
    """`host` as it was sent, and without a default port: an entry without a port stands for both."""
    return (host, *(host.removesuffix(port) for port in _DEFAULT_PORTS if host.endswith(port)))


def is_one_of(host: str, hosts: tuple[str, ...]) -> bool:
    spellings = spellings_of(host)
    return any(entry.lower() in spellings for entry in hosts)


def refuse_method_overrides(http: HttpRequest) -> None:
    for name, _ in http.headers:
        if name.replace(b"_", b"-") in _METHOD_OVERRIDES:
            raise UnmappedRequest(cause="a header that replaces the method")


def shown(text: str) -> str:
    """A text of the caller's, short and escaped, for the audit log."""
    return ascii(text[:64])


def _decoded(raw: bytes) -> str:
    try:
        text = (unquote_to_bytes(raw) if b"%" in raw else raw).decode()
    except UnicodeDecodeError:
        raise UnmappedRequest(cause="a path or query that is not UTF-8") from None
    refuse_control_characters(text)
    return text
