"""Requests of STS in AWS's Query protocol: which action is asked for, and its parameters as they were sent.

An action is one row of `sts_operations.OPERATIONS` and, where it has parameters, one reader of `sts_requests`.
Parameters that no row names are ignored, as AWS ignores them; a name that is nearly one of a row is refused, because an
ignored `policyArns` would widen a session.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.errors import MethodRefused, MissingAction, UnknownAction, UnreadableQuery, UnsupportedMedia
from gateway.wire import form
from gateway.wire.form import called, read_fields
from gateway.wire.sts_operations import ACTIONS_OF_STS, OPERATIONS, Operation
from gateway.wire.sts_shapes import Rows

VERSION: Final = "2011-06-15"
_METHODS: Final = ("GET", "POST")
_SHOWN: Final = re.compile(r"[\w.:-]{1,128}", re.ASCII)
_FORM: Final = "application/x-www-form-urlencoded"
USUAL_FORMS: Final = frozenset({_FORM, f"{_FORM}; charset=utf-8"})
_UTF8: Final = frozenset({"utf-8", "utf8"})
_ENCODINGS: Final = frozenset({"", "identity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a request sends besides its signature, each name once. `values` holds secrets and is never printed."""

    method: str
    values: Mapping[str, str] = field(repr=False)

    @property
    def action(self) -> str | None:
        """The action's name as sent; None where there is none or it is empty."""
        return self.values.get("Action") or None


_ACTION_SPELLINGS: Final = {name.lower(): name for name in OPERATIONS}
_PLAIN_SPELLINGS: Final = {
    name.lower(): name
    for name in (
        "Action",
        "Version",
        *(shape.name for operation in OPERATIONS.values() for shape in operation.shapes),
    )
}
_LIST_SPELLINGS: Final = {
    shape.name: (shape.spelling, shape.written)
    for operation in OPERATIONS.values()
    for shape in operation.shapes
    if isinstance(shape, Rows)
}
_SIGNATURE_PREFIX: Final = "x-amz-"
_SIGNATURE_SPELLINGS: Final = {
    name.lower(): name
    for name in (
        "X-Amz-Algorithm",
        "X-Amz-Content-Sha256",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Region-Set",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
    )
}
_PLAIN: Final = frozenset(_PLAIN_SPELLINGS.values())
_KNOWN: Final = _PLAIN | frozenset(_SIGNATURE_SPELLINGS.values())


def read(
    method: str, raw_query: bytes, body: bytes, content_type: str | None, *, content_encoding: str | None = None
) -> Parameters:
    """Read the parameters of query and form; a presigned URL's `X-Amz-*` are left to whoever checks the signature.

    raw_query: without the `?`, undecoded. body: whole. content_type, content_encoding: the headers' values.
    Raises MethodRefused, UnsupportedMedia, and UnreadableQuery for what could be read in two ways: one name in query
    and form, or a name that differs from a known one in case or in the form of a list.
    """
    if method not in _METHODS:
        raise MethodRefused(f"STS takes {' and '.join(_METHODS)}", allowed=_METHODS)
    if body:
        _check_body(method, content_type, content_encoding)
    if not raw_query:
        usual = usual_fields(body)
        if usual is not None:
            # Nothing but whole names of ours, as most requests are: none of what follows could find a fault.
            return Parameters(method=method, values=usual)
    sent = read_fields(raw_query, _KNOWN)
    values = {name: value for name, value in sent.items() if not _is_of_the_signature(name)}
    sent_in_form = read_fields(body, _KNOWN)
    for name in sent_in_form:
        if name in values:
            raise UnreadableQuery(f"{called(name, _KNOWN)} stands in the query and in the form; give it once")
        if name[:6].lower() == _SIGNATURE_PREFIX:
            raise UnreadableQuery("The form has X-Amz- parameters; they belong in the query, or in headers")
    values.update(sent_in_form)
    for name in values:
        if name not in _PLAIN:
            _check_name(name)
    return Parameters(method=method, values=values)


def usual_fields(body: bytes) -> Mapping[str, str] | None:
    """A form's fields where each has a whole name of ours, as `read` gives them; None for others.

    Raises UnreadableQuery.
    """
    return form.usual_fields(body, _PLAIN)


def operation_of(parameters: Parameters) -> Operation:
    """The action that is asked for.

    Raises MissingAction; UnknownAction for another action, or another version or none; MethodRefused for a GET with
    what must not stand in a URL: URLs end in logs, histories and Referer headers.
    """
    action = parameters.action
    if action is None:
        raise MissingAction
    version = parameters.values.get("Version") or None
    operation = OPERATIONS.get(action)
    if operation is None or version != VERSION:
        raise UnknownAction(
            action=_shown(action),
            version=version and _shown(version),
            hint=_hint(action),
        )
    if operation.carries_secret and parameters.method != "POST":
        raise MethodRefused(f"{operation.name} carries a secret: send it as POST, never as GET", allowed=("POST",))
    return operation


def _check_body(method: str, content_type: str | None, content_encoding: str | None) -> None:
    if content_type in USUAL_FORMS and content_encoding is None and method == "POST":
        return
    if method == "GET":
        raise UnreadableQuery("A GET request of STS has no body: send the parameters in the query, or use POST")
    if (content_encoding or "").strip().lower() not in _ENCODINGS:
        raise UnsupportedMedia("The body is compressed: send it without Content-Encoding")
    media, *arguments = (content_type or "").split(";")
    if media.strip().lower() != _FORM:
        raise UnsupportedMedia(f"The body is not a form: send it as Content-Type {_FORM}")
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in _UTF8:
            raise UnsupportedMedia("The form is not UTF-8: send it with charset=utf-8, or without a charset")


def _is_of_the_signature(name: str) -> bool:
    if name[:6].lower() != _SIGNATURE_PREFIX:
        return False
    spelling = _SIGNATURE_SPELLINGS.get(name.lower(), name)
    if spelling != name:
        raise UnreadableQuery(f"The parameter {name} is written {spelling}")
    return True


def _check_name(name: str) -> None:
    head, dot, _ = name.partition(".")
    spelling = _PLAIN_SPELLINGS.get(head.lower())
    if spelling is None:
        return
    listed = _LIST_SPELLINGS.get(spelling)
    if listed is None:
        raise UnreadableQuery(f"The parameter {spelling} is written so, and once: {spelling}=VALUE")
    pattern, written = listed
    if not dot or pattern.fullmatch(name) is None:
        raise UnreadableQuery(f"The list {spelling} is written {written}, with N counted from 1")


def _shown(text: str) -> str:
    """What an action or a version begins with: where a form is joined by `;`, a password comes after it."""
    found = _SHOWN.match(text)
    return found[0] if found else "(unreadable)"


def _hint(action: str) -> str:
    if action in OPERATIONS:
        return f"; send Version={VERSION}"
    if action in ACTIONS_OF_STS:
        return "; it is an action of STS that this gateway has not"
    spelling = _ACTION_SPELLINGS.get(action.lower())
    return f"; the action is written {spelling}" if spelling is not None else ""
