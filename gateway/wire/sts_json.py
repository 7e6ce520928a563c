"""STS's answers and errors as JSON, which AWS gives to whoever sends `Accept: application/json`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.wire.sts_answers import Answer, Member

CONTENT_TYPE: Final = "application/json"
_XML: Final = frozenset({"text/xml", "application/xml"})


def is_wanted(accept: str | None) -> bool:
    """Whether an Accept header names JSON, and no XML before it. `*/*` and no header mean XML."""
    if accept is None or accept == "*/*":
        return False
    for offer in accept.lower().split(","):
        media = offer.partition(";")[0].strip()
        if media in _XML or media == CONTENT_TYPE:
            return media == CONTENT_TYPE
    return False


def answer(result: Answer, request_id: str) -> bytes:
    body = {f"{result.action}Result": _object(result.members), "ResponseMetadata": {"RequestId": request_id}}
    return _written({f"{result.action}Response": body})


def error(*, kind: str, code: str, message: str, request_id: str) -> bytes:
    """`kind`: Sender or Receiver."""
    return _written({"Error": {"Code": code, "Message": message, "Type": kind}, "RequestId": request_id})


def _object(members: Mapping[str, Member]) -> dict[str, object]:
    return {name: _value(member) for name, member in members.items() if member is not None}


def _value(member: Member) -> object:
    if isinstance(member, Mapping):
        return _object(member)
    # Seconds since the epoch here, ISO 8601 in XML.
    return int(member.timestamp()) if isinstance(member, datetime) else member


def _written(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
