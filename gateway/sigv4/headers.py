"""The headers of a signed request: joined and trimmed as signers do, and every one signed that must be."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from gateway.domain.errors import MalformedSignedRequest

MAXIMUM_HEADERS: Final = 200
MAXIMUM_HEADER_BYTES: Final = 65_536
_REMEMBERED: Final = 1_024
_LONGEST_REMEMBERED: Final = 512
CONTENT_SHA256: Final = b"x-amz-content-sha256"

# Two of these would leave open which one counts; of the rest, a conforming signer joins repeated ones with a comma.
_SINGLE: Final = frozenset(
    (
        b"authorization",
        b"content-length",
        b"content-md5",
        b"content-type",
        b"date",
        b"host",
        b"range",
        b"transfer-encoding",
    )
)
_AMZ: Final = b"x-amz-"
# `x-amz-copy-source: b/k,x` and two headers `b/k` and `x` have one canonical form: only lists may be split.
_REPEATABLE_AMZ: Final = (b"x-amz-meta-", b"x-amz-object-attributes", b"x-amz-optional-object-attributes")
_CONTROLS: Final = bytes(byte for byte in range(32) if byte != 0x09) + b"\x7f"
# RFC 9110 5.6.2, lower-case: an upper-case `X-Amz-` would pass by every check of its name.
_NAME_ALPHABET: Final = b"abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"
_SHOWN: Final = re.compile(r"[a-z0-9_.-]{1,128}")


def read_headers(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """One value a name; repeated headers joined as a signer joins them.

    Raises MalformedSignedRequest for too many, for control characters, for a name that is not one in lower case (as
    ASGI gives them), and for a repeated header of which only one can count.
    """
    if not headers:
        return {}
    if len(headers) > MAXIMUM_HEADERS:
        raise MalformedSignedRequest(f"The request has more than {MAXIMUM_HEADERS} headers")
    names, values = zip(*headers, strict=True)
    _check_characters(b"".join(names), b"".join(values))
    fields: dict[bytes, bytes] = dict(headers)
    return fields if len(fields) == len(headers) else _joined(headers)


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for name, value in headers:
        if name not in fields:
            fields[name] = value
            continue
        if name in _SINGLE or (name.startswith(_AMZ) and not name.startswith(_REPEATABLE_AMZ)):
            raise MalformedSignedRequest(
                f"The header {_shown(name)} is given more than once",
                kind="two_mechanisms" if name == b"authorization" else "header",
            )
        fields[name] = _trimmed(fields[name]) + b"," + _trimmed(value)
    return fields


def _check_characters(names: bytes, values: bytes) -> None:
    if len(values) > MAXIMUM_HEADER_BYTES:
        raise MalformedSignedRequest(f"The request's headers are longer than {MAXIMUM_HEADER_BYTES} bytes")
    # A line break in a value would let it stand for a header of its own in the canonical request.
    if len(values.translate(None, _CONTROLS)) != len(values):
        raise MalformedSignedRequest("A header holds control characters")
    if names.translate(None, _NAME_ALPHABET):
        raise MalformedSignedRequest("A header's name is not a lower-case one")


def read_signed_headers(text: str, *, kind: str) -> tuple[str, ...]:
    """Read `host;x-amz-date`. Raises MalformedSignedRequest unless sorted and without repetition."""
    names = _sorted_names(text) if len(text) <= _LONGEST_REMEMBERED else _sorted_names.__wrapped__(text)
    if names is None:
        raise MalformedSignedRequest("SignedHeaders must be sorted, each name once", kind=kind)
    return names


# A client signs the same headers again and again.
@lru_cache(maxsize=_REMEMBERED)
def _sorted_names(text: str) -> tuple[str, ...] | None:
    names = text.split(";")
    return tuple(names) if names == sorted(set(names)) else None


def covered_headers(fields: Mapping[bytes, bytes], signed_headers: str) -> bytes:
    """The canonical block of the signed headers (`host;x-amz-date`), all there, and all that must be signed among them.

    Raises MalformedSignedRequest when one is absent, or `host` or an x-amz-* header is unsigned: they change what is
    asked for.
    """
    names = signed_headers.encode("latin-1").split(b";")
    if b"host" not in names:
        raise MalformedSignedRequest(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.", kind="unsigned_headers"
        )
    unsigned = [name for name in fields if name[:6] == _AMZ and name not in names]
    if unsigned:
        raise MalformedSignedRequest(
            "There were headers present in the request which were not signed: "
            + ", ".join(_shown(name) for name in sorted(unsigned)[:8]),
            kind="unsigned_headers",
        )
    try:
        return b"".join([name + b":" + b" ".join(fields[name].split()) + b"\n" for name in names])
    except KeyError as absent:
        raise MalformedSignedRequest(
            f"'{_shown(absent.args[0])}' is named as a SignedHeader, but it does not exist in the HTTP request"
        ) from None


def _trimmed(value: bytes) -> bytes:
    return b" ".join(value.split())


def _shown(name: bytes) -> str:
    text = name[:129].decode("latin-1")
    return text if _SHOWN.fullmatch(text) else "(unreadable)"
