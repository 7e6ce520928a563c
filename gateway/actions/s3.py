"""What a request to S3 means: its row of the table, and every action that it takes on every resource it touches."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.actions.request_target import read_query, refuse_method_overrides, shown
from gateway.actions.s3_body import RESTORE, read_body
from gateway.actions.s3_copy import CopySource, read_copy_source
from gateway.actions.s3_delete import deletions_seen, deletions_unseen
from gateway.actions.s3_headers import (
    ANNOTATION_DIRECTIVE,
    CONDITION_KEYS,
    COPY_SOURCE,
    DEEDS,
    SWITCHES,
    may_stand_in_query,
    read_headers,
)
from gateway.actions.s3_table import REFUSED, SUBRESOURCES, TABLE, VALUED, Body, Row
from gateway.actions.s3_tags import UNSEEN_TAGS, tags_in_body, tags_in_header
from gateway.actions.s3_target import Level, Target, read_target
from gateway.domain.errors import UnmappedRequest
from gateway.domain.service import Service
from gateway.sigv4.request import HttpRequest

_VERSION: Final = "versionId"
# SDKs write the operation's name there; stores ignore it.
_IGNORED: Final = frozenset({"x-id"})
# Parameter -> condition key, on the two actions that know them.
_LISTING_KEYS: Final = {"prefix": "s3:prefix", "delimiter": "s3:delimiter", "max-keys": "s3:max-keys"}
_LISTING_ACTIONS: Final = frozenset({"s3:ListBucket", "s3:ListBucketVersions"})
_COUNT: Final = re.compile(r"\d{1,10}", re.ASCII)

# What is already at the store: the tags of the object and of the bucket.
_BUCKET_TAGS: Final = frozenset({"aws:resourcetag/", "s3:buckettag/"})
_OBJECT_TAGS: Final = _BUCKET_TAGS | {"s3:existingobjecttag/"}
_ASKS_OBJECT_TAGS: Final = re.compile(
    r"s3:(?:GetObject(?:Version)?|(?:Get|Put)Object(?:Version)?Acl|(?:Get|Put|Delete)Object(?:Version)?Tagging"
    r"|GetObject(?:Version)?Attributes)",
    re.IGNORECASE,
)
_OF_NO_BUCKET: Final = "s3:listallmybuckets"
_RETENTION: Final = "x-amz-object-lock-retain-until-date"

Context = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A request whose parts are read: all of them known, each once."""

    target: Target
    row: Row
    parameters: dict[str, str]
    headers: dict[str, str]
    source: CopySource | None
    common: Context

    @property
    def copies_annotations(self) -> bool:
        return self.source is not None and self.headers.get(ANNOTATION_DIRECTIVE, "EXCLUDE") != "EXCLUDE"


def s3_actions(service: Service, http: HttpRequest, body: bytes | None) -> tuple[ServiceAction, ...]:
    """Every action that must be allowed, the operation's own first.

    `body`: the whole body, whose hash was checked; None where it is not seen. Raises UnmappedRequest, BodyTooLarge.
    """
    request = _read(service, http)
    if request.row.body is Body.KEYS:
        return tuple(_deletions(request, body))
    return tuple(_asked(request, body))


def _read(service: Service, http: HttpRequest) -> _Request:
    refuse_method_overrides(http)
    target = read_target(http, service.hosts)
    query = read_query(http.raw_query)
    headers = read_headers(http.headers)
    presigned = any(name.lower() == "x-amz-signature" for name in query)
    parameters = _own_parameters(query)
    row = _row_of(http.method, target.level, parameters)
    _refuse_foreign(row, parameters, headers)
    return _Request(
        target=target,
        row=row,
        parameters=parameters,
        headers=headers,
        source=read_copy_source(headers[COPY_SOURCE]) if COPY_SOURCE in headers else None,
        common=_common(service, headers, "REST-QUERY-STRING" if presigned else "REST-HEADER"),
    )


def _own_parameters(query: dict[str, str]) -> dict[str, str]:
    """S3's parameters, without the signature's and those that say nothing."""
    parameters = {}
    seen = set()
    for name, value in query.items():
        if name in _IGNORED:
            continue
        if not name.lower().startswith("x-amz-"):
            parameters[name] = value
        elif not may_stand_in_query(name) or name.lower() in seen:
            raise UnmappedRequest(cause=f"the query parameter {shown(name)} belongs into a header, once")
        else:
            seen.add(name.lower())
    return parameters


def _row_of(method: str, level: Level, parameters: dict[str, str]) -> Row:
    for name in parameters.keys() & REFUSED.keys():
        raise UnmappedRequest(cause=REFUSED[name])
    subresources = sorted(parameters.keys() & SUBRESOURCES)
    for name in subresources:
        if bool(parameters[name]) != (name in VALUED):
            raise UnmappedRequest(cause=f"the value of {name}")
    row = TABLE.get((method, level, "&".join(subresources)))
    if row is None:
        raise UnmappedRequest(cause=f"no operation: {shown(method)} {level} {'&'.join(subresources)}".rstrip())
    return row


def _refuse_foreign(row: Row, parameters: dict[str, str], headers: dict[str, str]) -> None:
    """A parameter or a header beside the operation's own: a store might prefer the operation that it belongs to."""
    known = row.parameters | SUBRESOURCES | ({_VERSION} if row.versioned else set())
    if foreign := sorted(parameters.keys() - known):
        raise UnmappedRequest(cause=f"the query parameter {shown(foreign[0])} is not of this operation")
    version = parameters.get(_VERSION)
    if version is not None and (not version or version != version.strip()):
        # MinIO trims it, and takes blanks alone for none: another version than the one that was judged.
        raise UnmappedRequest(cause="a versionId that is empty or framed by blanks")
    deeds = row.grants.keys() | ({COPY_SOURCE} if row.copies else set())
    if foreign := sorted((headers.keys() & DEEDS) - deeds):
        raise UnmappedRequest(cause=f"the header {foreign[0]} is not of this operation")


def _common(service: Service, headers: dict[str, str], authentication: str) -> Context:
    common: Context = {"s3:authType": authentication, "s3:signatureversion": "AWS4-HMAC-SHA256"}
    if "x-amz-content-sha256" in headers:
        common["s3:x-amz-content-sha256"] = headers["x-amz-content-sha256"]
    if service.account is not None:
        common["s3:ResourceAccount"] = common["aws:ResourceAccount"] = service.account
    return common


def _asked(request: _Request, body: bytes | None) -> Iterator[ServiceAction]:
    row, target, version = request.row, request.target, request.parameters.get(_VERSION)
    context = _context(request)
    unseen = row.unseen | ({"s3:object-lock-remaining-retention-days"} if _RETENTION in request.headers else set())
    if row.body is Body.TAGS:
        context |= tags_in_body(body) if body is not None else {}
        unseen |= UNSEEN_TAGS if body is None else frozenset()
    for name in (*(row.versioned if version is not None else row.actions), *_granted(request)):
        own = context if name not in _LISTING_ACTIONS else context | _listing(request.parameters)
        yield ServiceAction(name=name, resource=target.arn, context=own, unseen=unseen | unseen_of(name))
    if request.source is not None:
        yield from _copied(request, request.source)
    if row.body is Body.RESTORE:
        yield from _written_by_restore(request, body)


def _written_by_restore(request: _Request, body: bytes | None) -> Iterator[ServiceAction]:
    """MinIO serves restores of type SELECT, whose body names the bucket that they write into."""
    if body is None:
        yield ServiceAction(name="s3:PutObject", resource=Target().arn, context=request.common, every_key=True)
    else:
        read_body(body, RESTORE)


def _copied(request: _Request, source: CopySource) -> Iterator[ServiceAction]:
    version = {"s3:versionid": source.version} if source.version else {}
    names = ["s3:GetObjectVersion" if source.version else "s3:GetObject"]
    if request.copies_annotations:
        names.append("s3:GetObjectAnnotation")
    for name in names:
        yield ServiceAction(
            name=name,
            resource=source.target.arn,
            context={**request.common, **version},
            unseen=unseen_of(name),
        )


def _context(request: _Request) -> Context:
    headers = request.headers
    context: Context = {**request.common, **request.row.static}
    context.update({key: headers[name] for name, key in CONDITION_KEYS.items() if name in headers})
    if _VERSION in request.parameters:
        context["s3:versionid"] = request.parameters[_VERSION]
    if request.source is not None:
        context["s3:x-amz-copy-source"] = request.source.name
    if "x-amz-tagging" in headers:
        context |= tags_in_header(headers["x-amz-tagging"])
    return context


def _listing(parameters: dict[str, str]) -> Context:
    if "max-keys" in parameters and _COUNT.fullmatch(parameters["max-keys"]) is None:
        raise UnmappedRequest(cause="max-keys is not a number")
    return {key: parameters[name] for name, key in _LISTING_KEYS.items() if name in parameters}


def _granted(request: _Request) -> tuple[str, ...]:
    """The actions that headers ask for beside the operation's own, each once."""
    names: list[str] = []
    for header, granted in request.row.grants.items():
        value = request.headers.get(header)
        if value is not None and _is_on(header, value):
            names += granted
    if request.copies_annotations:
        names.append("s3:PutObjectAnnotation")
    return tuple(dict.fromkeys(names))


def _is_on(header: str, value: str) -> bool:
    if header not in SWITCHES:
        return True
    if value.lower() not in {"true", "false"}:
        raise UnmappedRequest(cause=f"{header} is neither true nor false")
    return value.lower() == "true"


def unseen_of(name: str) -> frozenset[str]:
    """Condition keys of an action of S3, in any case, that only a store could answer: never seen from here."""
    if _ASKS_OBJECT_TAGS.fullmatch(name) is not None:
        return _OBJECT_TAGS
    return frozenset() if name.lower() == _OF_NO_BUCKET else _BUCKET_TAGS


def _deletions(request: _Request, body: bytes | None) -> Iterator[ServiceAction]:
    granted, context, bucket = _granted(request), _context(request), request.target.bucket
    if body is None:
        return deletions_unseen(bucket, granted, context, _BUCKET_TAGS)
    return deletions_seen(bucket, body, granted, context, _BUCKET_TAGS)
