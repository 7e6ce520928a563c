"""The bodies of the gateway's own API (`/v1/authenticate`, `/v1/revocations`), written and read on both sides."""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from gateway.domain.authentication import (
    Authenticated,
    AuthenticatedPrincipal,
    EndedSignIn,
    RevocationPage,
    RevocationRequest,
    Revoked,
    ShownRequest,
)
from gateway.domain.clock import utc_text
from gateway.domain.errors import InvalidParameter, UnreadableQuery
from gateway.domain.revocation import Revocation, RevocationKind
from gateway.sigv4.dates import MAXIMUM_EXPIRES

T = TypeVar("T")

MAXIMUM_BODY: Final = 32 * 1024
_MAXIMUM_TEXT: Final = 8_192
_MAXIMUM_CURSOR: Final = 128


class UnreadableAnswer(ValueError):
    """A gateway's answer is none of this API."""


def read_shown_request(body: bytes) -> ShownRequest:
    """The request of `POST /v1/authenticate`. Raises UnreadableQuery, InvalidParameter."""
    given = _object(body)
    expires = given.get("expires")
    if expires is not None and (type(expires) is not int or not 0 < expires <= MAXIMUM_EXPIRES):
        raise InvalidParameter(
            f"`expires` must be a number of seconds from 1 to {MAXIMUM_EXPIRES}", parameter="expires"
        )
    return ShownRequest(
        service=_text(given, "service"),
        access_key_id=_text(given, "accessKeyId"),
        session_token=None if given.get("sessionToken") is None else _text(given, "sessionToken"),
        string_to_sign=_text(given, "stringToSign"),
        signature=_text(given, "signature"),
        expires=expires,
    )


def shown_request(shown: ShownRequest) -> bytes:
    given = {
        "service": shown.service,
        "accessKeyId": shown.access_key_id,
        "sessionToken": shown.session_token,
        "stringToSign": shown.string_to_sign,
        "signature": shown.signature,
        "expires": shown.expires,
    }
    return _written({name: value for name, value in given.items() if value is not None})


def read_revocation_request(body: bytes) -> RevocationRequest:
    """The request of `POST /v1/revocations`. Raises UnreadableQuery, InvalidParameter."""
    given = _object(body)
    kind = _text(given, "kind")
    if kind not in _KINDS:
        raise InvalidParameter(f"`kind` must be one of {', '.join(sorted(_KINDS))}", parameter="kind")
    return RevocationRequest(kind=RevocationKind(kind), value=_text(given, "value"))


def revocation_request(request: RevocationRequest) -> bytes:
    return _written({"kind": request.kind.value, "value": request.value})


def read_cursor(raw_query: bytes) -> str | None:
    """The cursor of `GET /v1/revocations?since=CURSOR`; None without one. Raises UnreadableQuery."""
    given = parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True)
    cursors = [value for name, value in given if name == "since"]
    if len(cursors) > 1 or any(len(one) > _MAXIMUM_CURSOR for one in cursors):
        raise UnreadableQuery("`since` is one cursor that an answer gave")
    return cursors[0] if cursors else None


def revoked(made: Revoked) -> bytes:
    """The answer of `POST /v1/revocations`."""
    return _written({**_told_revocation(made.revocation), "signIns": [_told_sign_in(one) for one in made.sign_ins]})


def revocation_page(page: RevocationPage) -> bytes:
    told = [_told_revocation(one) for one in page.revocations]
    return _written({"cursor": page.cursor, "reset": page.reset, "revocations": told})


def read_revoked(body: bytes) -> Revoked:
    """Raises UnreadableAnswer."""
    return _answered(body, _revoked_of)


def read_revocation_page(body: bytes) -> RevocationPage:
    """Revocations of a kind that only a newer gateway knows are passed over. Raises UnreadableAnswer."""
    return _answered(
        body,
        lambda told: RevocationPage(
            cursor=str(told["cursor"]),
            reset=bool(told["reset"]),
            revocations=tuple(_revocation_of(one) for one in told["revocations"] if one["kind"] in _KINDS),
        ),
    )


def authenticated(answer: Authenticated) -> bytes:
    """The answer of `POST /v1/authenticate`."""
    principal = answer.principal
    return _written(
        {
            "principal": {
                "arn": principal.arn,
                "account": principal.account,
                "accessKeyId": principal.access_key_id,
                "sessionName": principal.session_name,
                "sourceIdentity": principal.source_identity,
                "tags": dict(principal.tags),
                "conditionKeys": _values(principal.condition_keys),
                "sessionId": principal.session_id,
                "roleName": principal.role_name,
                "provider": principal.provider,
                "subject": principal.subject,
                "issuedAt": _moment(principal.issued_at),
            },
            "policies": [[json.loads(document) for document in one] for one in answer.policies],
            "expiration": _moment(answer.expiration),
            "policiesExpire": _moment(answer.policies_expire),
            **(
                {}
                if answer.signing_key is None
                else {"signingKey": base64.b64encode(answer.signing_key).decode("ascii")}
            ),
        }
    )


def read_authenticated(body: bytes) -> Authenticated:
    """Raises UnreadableAnswer."""
    return _answered(body, _authenticated_of)


def _authenticated_of(told: Mapping[str, Any]) -> Authenticated:
    who = told["principal"]
    key = told.get("signingKey")
    return Authenticated(
        principal=AuthenticatedPrincipal(
            arn=who["arn"],
            account=who["account"],
            access_key_id=who["accessKeyId"],
            session_name=who["sessionName"],
            source_identity=who["sourceIdentity"],
            tags=dict(who["tags"]),
            condition_keys=dict(who["conditionKeys"]),
            session_id=who["sessionId"],
            role_name=who["roleName"],
            provider=who["provider"],
            subject=who["subject"],
            issued_at=_optional_time(who["issuedAt"]),
        ),
        policies=tuple(tuple(json.dumps(document) for document in one) for one in told["policies"]),
        expiration=_optional_time(told["expiration"]),
        policies_expire=_time(told["policiesExpire"]),
        signing_key=None if key is None else base64.b64decode(key, validate=True),
    )


def _answered(body: bytes, reading: Callable[[Any], T]) -> T:
    try:
        return reading(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableAnswer(f"the gateway's answer cannot be read: {type(error).__name__}") from None


def _revocation_of(told: Mapping[str, Any]) -> Revocation:
    return Revocation(
        kind=RevocationKind(told["kind"]),
        value=str(told["value"]),
        issued_before=_time(told["issuedBefore"]),
        until=_time(told["until"]),
    )


def _revoked_of(told: Mapping[str, Any]) -> Revoked:
    # A gateway of an earlier version tells of no sign-ins.
    sign_ins = tuple(_sign_in_of(one) for one in told.get("signIns", ()))
    return Revoked(revocation=_revocation_of(told), sign_ins=sign_ins)


def _sign_in_of(told: Mapping[str, Any]) -> EndedSignIn:
    return EndedSignIn(
        id=str(told["id"]),
        provider=str(told["provider"]),
        user_name=str(told["userName"]),
        begun=_time(told["begun"]),
        address=told["sourceIPAddress"],
        client=told["userAgent"],
        programs=tuple(map(str, told["programs"])),
    )


def _told_sign_in(one: EndedSignIn) -> dict[str, Any]:
    return {
        "id": one.id,
        "provider": one.provider,
        "userName": one.user_name,
        "begun": _moment(one.begun),
        "sourceIPAddress": one.address,
        "userAgent": one.client,
        "programs": list(one.programs),
    }


def _told_revocation(one: Revocation) -> dict[str, str | None]:
    return {
        "kind": one.kind.value,
        "value": one.value,
        "issuedBefore": _moment(one.issued_before),
        "until": _moment(one.until),
    }


def _values(keys: Mapping[str, Sequence[str]]) -> dict[str, str | list[str]]:
    return {name: value if isinstance(value, str) else list(value) for name, value in keys.items()}


def _object(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body, object_pairs_hook=_pairs)
    except (ValueError, RecursionError):
        raise UnreadableQuery("The body must be a JSON object, no member of it given twice") from None
    if not isinstance(given, dict):
        raise UnreadableQuery("The body must be a JSON object, no member of it given twice")
    return given


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) != len(pairs):
        raise ValueError("a member is given twice")
    return given


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value or len(value) > _MAXIMUM_TEXT:
        raise InvalidParameter(f"`{name}` must be a text of 1 to {_MAXIMUM_TEXT} characters", parameter=name)
    # Lone surrogates, which JSON can hold and UTF-8 cannot.
    if not value.isascii() and value.encode("utf-8", "replace").decode() != value:
        raise InvalidParameter(f"`{name}` is not valid Unicode", parameter=name)
    return value


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else utc_text(moment)


def _time(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def _optional_time(text: str | None) -> datetime | None:
    return None if text is None else _time(text)


def _written(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


_KINDS: Final = frozenset(kind.value for kind in RevocationKind)
