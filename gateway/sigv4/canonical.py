"""The canonical request: the one text that signer and verifier both derive from a request.

Escapes stay as the client sent them. Clients that send a reserved character raw sign either that or its escape: the
AWS SDK for C++ (pyarrow) sends `/dt=2024` and signs `/dt%3D2024`; requests sends `+` and botocore signs `%20`. Both
readings name the same resource, so both count: as `written` out first, then as sent. Nothing else is made equal;
`%2F` never becomes `/`, nor `%2e` a dot.
"""

import re
from typing import Final
from urllib.parse import quote_from_bytes

UNRESERVED: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
CONTROLS: Final = bytes(range(32)) + b"\x7f"
_PATH_ALPHABET: Final = UNRESERVED + b"/%"
_PLAIN_PATH_ALPHABET: Final = UNRESERVED + b"/"
_COMPONENT_ALPHABET: Final = UNRESERVED + b"%"
_RAW_IN_PATH: Final = re.compile(rb"[^A-Za-z0-9\-._~/%]")
_RAW_IN_COMPONENT: Final = re.compile(rb"[^A-Za-z0-9\-._~%]")


def kept_path(raw: bytes) -> tuple[bytes, ...]:
    """S3's rule: the path as sent, encoded once, dots and empty segments kept."""
    if not raw:
        return (b"/",)
    if not raw.translate(None, _PATH_ALPHABET):
        return (raw,)
    return (_RAW_IN_PATH.sub(_escape, raw), raw)


def normalised_path(raw: bytes) -> tuple[bytes, ...]:
    """Every other service's rule: dot segments and empty segments removed, then encoded again, escapes included."""
    if not raw:
        return (b"/",)
    if b"//" in raw or b"/." in raw:
        raw = _without_dot_segments(raw)
    if not raw.translate(None, _PLAIN_PATH_ALPHABET):
        return (raw,)
    return (quote_from_bytes(raw, safe="/-._~").encode(),)


def _without_dot_segments(raw: bytes) -> bytes:
    # RFC 3986 5.2.4 as SDKs have it: a final `.` or `..` leaves no slash behind.
    kept: list[bytes] = []
    for segment in raw.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment and segment != b".":
            kept.append(segment)
    return b"/" + b"/".join(kept) + (b"/" if kept and raw.endswith(b"/") else b"")


def written_component(raw: bytes) -> bytes:
    """A key or value of a query with whatever must be escaped escaped; `+` is a blank, as in every HTML form."""
    if not raw.translate(None, _COMPONENT_ALPHABET):
        return raw
    return _RAW_IN_COMPONENT.sub(_escape, raw.replace(b"+", b"%20"))


def _escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]


def canonical_request(
    method: str, path: bytes, query: bytes, header_block: bytes, signed_headers: str, payload_hash: str
) -> bytes:
    """Put the six parts together. No part but the block of headers can hold a line break."""
    return b"\n".join((method.encode(), path, query, header_block, signed_headers.encode(), payload_hash.encode()))
