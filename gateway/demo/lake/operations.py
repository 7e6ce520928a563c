"""What the lake does once the exchange has allowed it: one function an operation, found in a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, unquote

from gateway.demo.lake.bucket import MAXIMUM_KEYS, ListingQuery, StoredObject, listing
from gateway.demo.lake.listing_xml import list_result
from gateway.domain.errors import InvalidParameter, UnmappedRequest
from gateway.web.responses import Answer, Headers
from gateway.wire import s3_xml

_BINARY: Final = "application/octet-stream"
_XML: Final[Headers] = ((b"content-type", s3_xml.CONTENT_TYPE.encode("ascii")),)


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeRequest:
    """An allowed request. `bucket` and `key` are those of the resource that was judged; `key` is empty for a bucket."""

    bucket: str
    key: str
    query: Mapping[str, str]
    content_type: str | None
    body: bytes
    now: datetime
    request_id: str


Objects = dict[str, StoredObject]
Operation = Callable[[Objects, LakeRequest], Answer]


def operation_for(method: str, action: str, query: Mapping[str, str]) -> Operation:
    """The function for a judged action. Raises UnmappedRequest for what the gateway can judge and the lake cannot do.

    A parameter that nobody reads here could mean another operation (`uploadId`, `versionId`): it is refused by name.
    """
    operation, parameters = _OPERATIONS.get((method, action), (None, frozenset()))
    if operation is None:
        raise UnmappedRequest(cause=f"the lake has no operation for {method} and {action}")
    unread = [name for name in query if name not in parameters and not name.lower().startswith("x-amz-")]
    if unread:
        raise UnmappedRequest(cause=f"the lake does not read the parameter {unread[0]}")
    return operation


def query_of(raw_query: bytes) -> Mapping[str, str]:
    return dict(parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True))


def missing(code: str, message: str, request_id: str) -> Answer:
    """S3's answer where there is nothing: NoSuchKey, NoSuchBucket."""
    return Answer(status=404, body=s3_xml.error(code=code, message=message, request_id=request_id), headers=_XML)


def _get(objects: Objects, request: LakeRequest) -> Answer:
    stored = objects.get(request.key)
    if stored is None:
        return missing("NoSuchKey", "The specified key does not exist.", request.request_id)
    headers = (
        (b"content-type", stored.content_type.encode("latin-1")),
        (b"etag", stored.etag.encode("ascii")),
        (b"last-modified", format_datetime(stored.modified_at, usegmt=True).encode("ascii")),
    )
    return Answer(status=200, body=stored.content, headers=headers)


def _put(objects: Objects, request: LakeRequest) -> Answer:
    stored = StoredObject(content=request.body, content_type=request.content_type or _BINARY, modified_at=request.now)
    objects[request.key] = stored
    return Answer(status=200, headers=((b"etag", stored.etag.encode("ascii")),))


def _delete(objects: Objects, request: LakeRequest) -> Answer:
    objects.pop(request.key, None)
    return Answer(status=204)


def _list(objects: Objects, request: LakeRequest) -> Answer:
    if request.query.get("list-type") != "2":
        raise UnmappedRequest(cause="the lake lists by ListObjectsV2 alone (list-type=2)")
    asked = ListingQuery(
        prefix=request.query.get("prefix", ""),
        delimiter=request.query.get("delimiter", ""),
        after=unquote(request.query.get("continuation-token", "")) or request.query.get("start-after", ""),
        maximum=_maximum(request.query.get("max-keys", str(MAXIMUM_KEYS))),
    )
    body = list_result(
        bucket=request.bucket,
        query=asked,
        listing=listing(objects, asked),
        objects=objects,
        url_encoded=request.query.get("encoding-type") == "url",
    )
    return Answer(status=200, body=body, headers=_XML)


def _maximum(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidParameter("Provided max-keys not an integer or within integer range", parameter="max-keys")
    return min(int(text[:9]), MAXIMUM_KEYS)


def _exists(_objects: Objects, _request: LakeRequest) -> Answer:
    return Answer(status=200)


_OBJECT: Final = frozenset({"x-id"})
_LISTING: Final = frozenset(
    {
        "list-type",
        "prefix",
        "delimiter",
        "max-keys",
        "continuation-token",
        "start-after",
        "encoding-type",
        "fetch-owner",
        "x-id",
    }
)
_OPERATIONS: Final[Mapping[tuple[str, str], tuple[Operation, frozenset[str]]]] = MappingProxyType(
    {
        ("GET", "s3:GetObject"): (_get, _OBJECT),
        ("HEAD", "s3:GetObject"): (_get, _OBJECT),
        ("PUT", "s3:PutObject"): (_put, _OBJECT),
        ("DELETE", "s3:DeleteObject"): (_delete, _OBJECT),
        ("GET", "s3:ListBucket"): (_list, _LISTING),
        ("HEAD", "s3:ListBucket"): (_exists, frozenset()),
    }
)
"""By method and action, and the query parameters that the operation reads."""
