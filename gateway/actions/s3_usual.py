"""The plain requests to S3, recognised at a glance: one object or one whole bucket, and no header that means more.

What is not recognised here is for `s3` to read, which reads these alike.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.actions.request_target import refuse_method_overrides
from gateway.actions.s3_headers import ANNOTATION_DIRECTIVE, CONDITION_KEYS, DEEDS, read_headers
from gateway.actions.s3_table import TABLE, Row
from gateway.actions.s3_target import Level, target_of
from gateway.domain.errors import UnmappedRequest
from gateway.sigv4.canonical import UNRESERVED
from gateway.sigv4.request import HttpRequest

_LONGEST_PATH: Final = 2_048
_BUCKETS: Final = 1_024
_ALPHABET: Final = UNRESERVED + b"/%"
_ARN: Final = "arn:aws:s3:::"
# What each of these stands for is one character of a key to every reader; `%2F`, `%2E`, `%25` and their like are not.
_ESCAPES: Final = re.compile(rb"(?:[^%]|%(?:20|21|24|26|27|28|29|2A|2B|2C|3A|3B|3D|40))*")
_QUERY: Final = re.compile(rb"(?:x-id=[A-Za-z]{1,64})?")
_MEANING_MORE: Final = frozenset({*DEEDS, *CONDITION_KEYS, ANNOTATION_DIRECTIVE})
_PLAIN: Final = (
    *((method, Level.OBJECT) for method in ("GET", "HEAD", "PUT", "DELETE")),
    *((method, Level.BUCKET) for method in ("GET", "HEAD")),
)
USUAL_ROWS: Final[Mapping[tuple[str, bool], Row]] = {
    (method, level is Level.OBJECT): TABLE[method, level, ""] for method, level in _PLAIN
}
"""By method, and whether it is about an object. Each takes one action."""


def are_usual(names: Iterable[bytes]) -> bool:
    """Whether headers of these names, each there once, neither fill condition keys nor ask for more."""
    headers = tuple((name, b"") for name in names)
    try:
        refuse_method_overrides(HttpRequest(method="GET", raw_path=b"/", raw_query=b"", headers=headers))
        return read_headers(headers).keys().isdisjoint(_MEANING_MORE)
    except UnmappedRequest:
        return False


def is_usual_query(raw_query: bytes) -> bool:
    """Whether the query says nothing, and is its own canonical form."""
    return not raw_query or _QUERY.fullmatch(raw_query) is not None


def usual_resource(raw_path: bytes, bucket: str | None) -> tuple[str, bool] | None:
    """The ARN, and whether it is an object's. `bucket`: the one that the host names; None: the path begins with it.

    The path is its own canonical form. None for every path that is not plain.
    """
    if raw_path.translate(None, _ALPHABET) or b"/." in raw_path or b"//" in raw_path or len(raw_path) > _LONGEST_PATH:
        return None
    plain = raw_path
    if b"%" in raw_path:
        plain = raw_path.replace(b"%3D", b"=").replace(b"%20", b" ")
        if b"%" in plain:
            if _ESCAPES.fullmatch(raw_path) is None:
                return None
            plain = unquote_to_bytes(raw_path)
    path = plain.decode("ascii")
    if bucket is None:
        bucket, _, key = path[1:].partition("/")
    else:
        key = path[1:]
        if key[:5].lower() == "minio":
            return None
    if not is_bucket(bucket) or path[:1] != "/":
        return None
    return (f"{_ARN}{bucket}/{key}", True) if key else (f"{_ARN}{bucket}", False)


@lru_cache(maxsize=_BUCKETS)
def is_bucket(name: str) -> bool:
    """Whether a bucket may have this name."""
    try:
        target_of(name, "")
    except UnmappedRequest:
        return False
    return True
