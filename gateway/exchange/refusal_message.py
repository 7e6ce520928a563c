"""The encoded authorization message: why a signed request was refused, sealed for whoever may decode it.

Its length is always the same. Of two lengths the one that is taken would tell how much the message holds, and whoever
fills a request up to the border between them would read, a bit a request, what only those may know who may decode it:
whether a role exists, its tags, the statement that denied. Shape of the decoded text: AWS STS API Reference,
"DecodeAuthorizationMessage".
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.errors import InvalidAuthorizationMessage
from gateway.domain.principal import Principal
from gateway.policy.decision import Decision
from gateway.policy.query import Query
from gateway.policy.statement import Statement
from gateway.sealing.envelope import SealBroken, Sealer, content_capacity

PURPOSE: Final = "authorization-message-of-account"
LENGTH: Final = 2_048
KEPT: Final = timedelta(hours=24)
_TIME_BYTES: Final = 8
_LENGTH_BYTES: Final = 2
_ACCOUNT_BYTES: Final = 12
_MAXIMUM_PLAIN: Final = 64 * 1024
_TOLD_STATEMENTS: Final = 10
_TOLD_VALUES: Final = 10
_MAXIMUM_VALUE: Final = 256


class RefusalMessages:
    """Seals and opens messages of one gateway."""

    __slots__ = ("_sealer",)

    def __init__(self, sealer: Sealer) -> None:
        """`sealer`: of purpose PURPOSE."""
        self._sealer = sealer

    def of_decision(self, principal: Principal, query: Query, decision: Decision, now: datetime) -> str:
        """The message of a decision that denies. Raises KeyringUnavailable."""
        matched = decision.matched if decision.explicit_deny else ()
        return self._sealed(_told(principal, query, matched), principal.account, now)

    def of_refusal(self, principal: Principal, query: Query, now: datetime) -> str:
        """The message of a refusal that no statement made. Raises KeyringUnavailable."""
        return self._sealed(_told(principal, query, ()), principal.account, now)

    def decoded(self, message: str, account: str, now: datetime) -> str:
        """The JSON text of a message, for somebody of `account`.

        Raises InvalidAuthorizationMessage: not ours, changed, a day old, or about a caller of another account. What an
        account's administrator allows counts in that account alone.
        """
        try:
            content = self._sealer.open(message)
        except SealBroken as broken:
            raise InvalidAuthorizationMessage(cause=broken.cause) from None
        at = datetime.fromtimestamp(int.from_bytes(content[:_TIME_BYTES], "big"), UTC)
        if now >= at + KEPT:
            raise InvalidAuthorizationMessage(cause="the message is older than a day")
        if content[_TIME_BYTES : _TIME_BYTES + _ACCOUNT_BYTES] != account.encode():
            raise InvalidAuthorizationMessage(cause="the message is about a caller of another account")
        body = content[_TIME_BYTES + _ACCOUNT_BYTES :]
        length = int.from_bytes(body[:_LENGTH_BYTES], "big")
        return zlib.decompressobj().decompress(body[_LENGTH_BYTES : _LENGTH_BYTES + length], _MAXIMUM_PLAIN).decode()

    def _sealed(self, told: dict[str, Any], account: str, now: datetime) -> str:
        seconds = int(now.timestamp())
        packed = _fitting(told)
        head = seconds.to_bytes(_TIME_BYTES, "big") + account.encode()
        content = head + len(packed).to_bytes(_LENGTH_BYTES, "big") + packed
        return self._sealer.seal(content.ljust(content_capacity(LENGTH), b"\0"), now=seconds)


def _fitting(told: dict[str, Any]) -> bytes:
    """The told, packed; what is too long for the message is told in less."""
    for less in _lesser(told):
        packed = zlib.compress(json.dumps(less, separators=(",", ":"), ensure_ascii=False).encode(), 9)
        if len(packed) <= content_capacity(LENGTH) - _TIME_BYTES - _ACCOUNT_BYTES - _LENGTH_BYTES:
            return packed
    raise AssertionError("the least that is told fits every message")


def _lesser(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The whole; without what the request filled; without the statements; without anything that may be long."""
    yield told
    context = {**told["context"], "conditions": {"items": []}}
    yield {**told, "context": context}
    yield {**told, "context": context, "matchedStatements": {"items": []}}
    bare = {"principal": {"id": "", "arn": ""}, "action": "", "resource": "", "conditions": {"items": []}}
    yield {**told, "context": bare, "matchedStatements": {"items": []}}


def _told(principal: Principal, query: Query, denied_by: Sequence[Statement]) -> dict[str, Any]:
    return {
        "allowed": False,
        "explicitDeny": bool(denied_by),
        "matchedStatements": {"items": [_statement(one, principal) for one in denied_by[:_TOLD_STATEMENTS]]},
        "failures": {"items": []},
        "context": {
            "principal": {"id": principal.unique_id, "arn": principal.arn},
            "action": query.action,
            "resource": query.resource,
            "conditions": {
                "items": [
                    {"key": key, "values": _items([value[:_MAXIMUM_VALUE] for value in values[:_TOLD_VALUES]])}
                    for key, values in sorted(query.context.values.items())
                ]
            },
        },
    }


def _statement(statement: Statement, principal: Principal) -> dict[str, Any]:
    written = statement.written()
    return {
        "statementId": statement.sid or statement.statement_id,
        "effect": "DENY",
        "principals": _items([principal.unique_id]),
        "principalGroups": {"items": []},
        "actions": _items(_texts(written.get("Action", written.get("NotAction", [])))),
        "resources": _items(_texts(written.get("Resource", written.get("NotResource", [])))),
        "conditions": {
            "items": [
                {"key": key, "values": _items(_texts(values))}
                for keys in written.get("Condition", {}).values()
                for key, values in keys.items()
            ]
        },
    }


def _items(values: Sequence[str]) -> dict[str, Any]:
    return {"items": [{"value": value} for value in values]}


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
