"""One policy document of MinIO as a policy of the configuration: what is kept, what is left out, and why."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.document import PolicyKind, parse_policy

VERSION: Final = "2012-10-17"
_OF_MINIO_ITSELF: Final = ("admin:", "kms:")
_FOREIGN_TO_A_NAME: Final = re.compile(r"[^A-Za-z0-9_+=,.@-]+")
_LONGEST_NAME: Final = 128
_VARIABLE: Final = re.compile(r"\$\{([^{}$,'*?]+)")
_WHOLE_BUCKET: Final = re.compile(r"(arn:aws:s3:::[^/]+)/\*")
_EVERYTHING: Final = "*"
_ALL_OF_S3: Final = "arn:aws:s3:::*"
_EVERY_SERVICE: Final = "*:"
_NARROWING: Final = frozenset({("Deny", "Resource"), ("Allow", "NotResource")})
_KEPT: Final = ("Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition")
# Of a key of the request, by how it begins, longest first where two fit: what becomes of it here.
_KEYS: Final = {
    "aws:username": "MinIO has a directory person's DN there; here it is the username. For the DN write ldap:user",
    "aws:groups": "no request here has it; write ldap:groups or jwt:groups",
    "jwt:": "works as in MinIO, for people of an OpenID Connect provider; the session token carries the claim",
    "ldap:": "works as in MinIO, for people of a directory; the session token carries the attribute",
    "svc:": "MinIO's service accounts do not come along: no request here has it",
    "s3:existingobjecttag/": "the gateway does not see the tags of stored objects: no request here has it",
}


class UnusableExport(Exception):
    """A file is not what MinIO's client writes, or holds what cannot be moved; the message names file and mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedPolicy:
    """`name` is the configuration's, `old_name` MinIO's. `document` is None where nothing of it means anything here."""

    name: str
    old_name: str
    document: Mapping[str, Any] | None
    notes: tuple[str, ...]


def moved_policy(file: str, export: Mapping[str, Any]) -> MovedPolicy:
    """`export`: what `mc admin policy info` printed into `file`, with or without `--json`, or the bare document.

    Raises UnusableExport.
    """
    old_name, written = _unwrapped(file, export)
    name = fitting_name(old_name, _LONGEST_NAME)
    notes = [] if name == old_name else [f"called {old_name} in MinIO"]
    document = _moved(file, written, notes)
    if document is None:
        notes.append("nothing is left of it, so it is not written")
    else:
        notes += _told_keys(document)
        _check(file, name, document)
    return MovedPolicy(name=name, old_name=old_name, document=document, notes=tuple(notes))


def fitting_name(text: str, longest: int) -> str:
    """`text` in the letters that names of policies and roles may have."""
    return _FOREIGN_TO_A_NAME.sub("-", text)[:longest] or "-"


def _unwrapped(file: str, export: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """MinIO's name of the policy, and the document: `{policyInfo: {PolicyName, Policy}}` and older forms of it."""
    info = export.get("policyInfo", export)
    name = export.get("policy") if isinstance(export.get("policy"), str) else None
    if isinstance(info, Mapping):
        name = info.get("PolicyName") or name or file.removesuffix(".json")
        document = info.get("Policy") or export.get("policyJSON") or info
        if isinstance(name, str) and isinstance(document, Mapping) and "Statement" in document:
            return name, document
    raise UnusableExport(f"{file} holds no policy; save what `mc admin policy info ALIAS NAME` prints")


def _moved(file: str, written: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any] | None:
    statements = written["Statement"] if isinstance(written["Statement"], list) else [written["Statement"]]
    if not all(isinstance(one, Mapping) for one in statements):
        raise UnusableExport(f"{file}: a statement is no object; save what `mc admin policy info ALIAS NAME` prints")
    if not written.get("Version"):
        # MinIO has variables in documents of any version; here one without a version has none.
        notes.append(f"Version {VERSION} added: without it ${{...}} would be plain text")
    kept = [moved for at, one in enumerate(statements) if (moved := _statement(file, at, one, notes)) is not None]
    return {"Version": written.get("Version") or VERSION, "Statement": kept} if kept else None


def _statement(file: str, at: int, written: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any] | None:
    """The statement without what concerns MinIO's own administration; None where that is all of it."""
    unknown = [key for key in written if key not in _KEPT]
    if unknown:
        # Left out, it could be the very thing that narrows the statement.
        raise UnusableExport(f"{file}: Statement[{at}] has {unknown[0]!r}, which no policy here has; take it out")
    given = {key: written[key] for key in _KEPT if written.get(key) not in (None, "", {}, [])}
    statement = _with_buckets(at, _within_s3(file, at, given, notes), notes)
    if "Action" not in statement:
        return statement
    actions = _texts(statement["Action"])
    own = [action for action in actions if action.lower().startswith(_OF_MINIO_ITSELF)]
    if not own:
        return statement
    left = [action for action in actions if action not in own]
    what = "is left out" if not left else f"loses {', '.join(own)}"
    notes.append(f"Statement[{at}] {what}: admin:* and kms:* are MinIO's own administration, which stays with MinIO")
    return {**statement, "Action": left} if left else None


def _within_s3(file: str, at: int, statement: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any]:
    """An Allow as MinIO means it. What it does not name is S3's there, and here the gateway's own too: gateway:Revoke.

    Raises UnusableExport.
    """
    if statement.get("Effect") != "Allow":
        return statement
    if "NotAction" not in statement:
        actions = _texts(statement.get("Action", []))
        wide = [one for one in actions if one == _EVERYTHING or one.startswith(_EVERY_SERVICE)]
        if not wide:
            return statement
        notes.append(f"Statement[{at}]: `*` is S3's actions in MinIO, and here every service's: written as s3:*")
        own = [f"s3:{one.removeprefix(_EVERY_SERVICE)}" if one in wide else one for one in actions]
        return {**statement, "Action": own}
    if "NotResource" in statement:
        raise UnusableExport(
            f"{file}: Statement[{at}] allows by NotAction and NotResource, which here were more than S3; write Action"
        )
    resources = _texts(statement.get("Resource", []))
    if _EVERYTHING not in resources:
        return statement
    notes.append(
        f"Statement[{at}]: NotAction is S3's other actions in MinIO, and here every service's: on {_ALL_OF_S3}"
    )
    return {**statement, "Resource": [_ALL_OF_S3 if one == _EVERYTHING else one for one in resources]}


def _with_buckets(at: int, statement: Mapping[str, Any], notes: list[str]) -> Mapping[str, Any]:
    """The statement with the buckets themselves that `BUCKET/*` covers in MinIO, where they make it allow less.

    MinIO compares a request about a bucket as `BUCKET/`. An Allow is not widened: later versions of MinIO withhold from
    it what changes the bucket.
    """
    element = "NotResource" if "NotResource" in statement else "Resource"
    resources = _texts(statement.get(element, []))
    buckets = [match[1] for text in resources if (match := _WHOLE_BUCKET.fullmatch(text)) and match[1] not in resources]
    if not buckets:
        return statement
    if (statement.get("Effect"), element) in _NARROWING:
        notes.append(f"Statement[{at}] names {', '.join(buckets)} too, which BUCKET/* covers in MinIO and not here")
        return {**statement, element: [*resources, *buckets]}
    if any("bucket" in action.lower() or "*" in action for action in _texts(statement.get("Action", "*"))):
        notes.append(
            f"Statement[{at}]: in MinIO BUCKET/* is the bucket itself too, here its objects alone; for listing and the "
            f"like add {', '.join(buckets)}"
        )
    return statement


def _told_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """A note for each condition key and variable whose value comes from elsewhere than in MinIO, or from nowhere."""
    for key in dict.fromkeys(key.strip() for key in _keys(document)):
        told = next((sentence for prefix, sentence in _KEYS.items() if key.lower().startswith(prefix)), None)
        if told is not None:
            yield f"{key}: {told}"


def _keys(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield from _VARIABLE.findall(node)
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if name == "Condition" and isinstance(value, Mapping):
                yield from (key for keys in value.values() if isinstance(keys, Mapping) for key in keys)
            yield from _keys(value)
    elif isinstance(node, list):
        for item in node:
            yield from _keys(item)


def _check(file: str, name: str, document: Mapping[str, Any]) -> None:
    try:
        parse_policy(document, PolicyKind.IDENTITY, name=name)
    except MalformedPolicyDocument as fault:
        raise UnusableExport(f"{file}: {fault.path}: {fault.problem}; correct the file, or take it out") from None


def _texts(value: Any) -> Sequence[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values]
