"""Policy documents: the grammar, and a policy compiled from one.

Source: IAM User Guide, "Grammar of the IAM JSON policy language". Whatever is not in it is refused with the path to the
fault, never passed over: a policy that means less or more than it says is worse than none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from gateway.domain.errors import MalformedPolicyDocument
from gateway.policy.conditions import Condition, compile_conditions, is_negated
from gateway.policy.elements import Reader, known_members, shown, step, text_of
from gateway.policy.index import StatementIndex
from gateway.policy.json_text import read_document
from gateway.policy.principals import Principals, compile_principals
from gateway.policy.selection import Selection, actions, others, resources
from gateway.policy.statement import Statement
from gateway.policy.variables import Source, Variable

__all__ = ["Policy", "PolicyKind", "Statement", "canonical", "parse_policy"]


class PolicyKind(StrEnum):
    IDENTITY = "identity"
    SESSION = "session"
    BOUNDARY = "boundary"
    TRUST = "trust"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One document, compiled. Two are equal where they say the same under the same name, in whatever form."""

    name: str
    kind: PolicyKind
    version: str
    document_id: str | None
    statements: tuple[Statement, ...]
    index: StatementIndex = field(compare=False, repr=False)

    @property
    def has_variables(self) -> bool:
        return self.version == _WITH_VARIABLES

    @property
    def named_keys(self) -> frozenset[str]:
        """Every condition key that a condition asks for or a variable stands for, in lower case."""
        asked = {key.lower() for statement in self.statements for key in statement.condition_keys}
        variables = (one for one in self.statements if self.has_variables)
        return frozenset(asked.union(*(statement.variable_keys for statement in variables)))

    def canonical_json(self) -> str:
        """The document in one form: `parse_policy` makes an equal policy of it."""
        document = {
            "Version": self.version,
            **({} if self.document_id is None else {"Id": self.document_id}),
            "Statement": [statement.written() for statement in self.statements],
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def canonical(policy: Policy) -> str:
    return policy.canonical_json()


def parse_policy(source: str | bytes | Mapping[str, Any], kind: PolicyKind, *, name: str) -> Policy:
    """Read and compile one document. Time is linear in its size.

    `source`: JSON text, or what a reader of JSON or YAML made of it. `name` leads the ids of the statements.
    Raises MalformedPolicyDocument with the path to the first fault.
    """
    document = known_members(source if isinstance(source, Mapping) else read_document(source), "", _DOCUMENT)
    version = _version(document)
    if "Id" in document and kind not in _NAMING:
        raise MalformedPolicyDocument("Id", f"a policy of kind {kind} has no Id; remove it")
    reader = _StatementReader(kind=kind, reader=Reader(has_variables=version == _WITH_VARIABLES))
    statements = tuple(
        reader.statement(written, f"Statement[{number}]", f"{name}.Statement[{number}]")
        for number, written in enumerate(_statements(document))
    )
    _check_sids(statements)
    return Policy(
        name=name,
        kind=kind,
        version=version,
        document_id=text_of(document["Id"], "Id") if "Id" in document else None,
        statements=statements,
        index=StatementIndex(statements),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _StatementReader:
    """Reads the statements of one document; `path` is where one stands."""

    kind: PolicyKind
    reader: Reader

    def statement(self, value: Any, path: str, statement_id: str) -> Statement:
        written = known_members(value, path, _STATEMENT)
        self._check_elements(written, path)
        allows, sid, principals = _allows(written, path), self._sid(written, path), self._principals(written, path)
        actions, resources = self._actions(written, path), self._resources(written, path)
        conditions = compile_conditions(written.get("Condition", {}), step(path, "Condition"), self.reader)
        return Statement(
            statement_id=statement_id,
            allows=allows,
            sid=sid,
            principals=principals,
            excludes_principals=_PRINCIPAL[1] in written,
            actions=actions,
            resources=resources,
            conditions=conditions,
            needs=tuple(self._excepted(resources, conditions)) if allows else (),
        )

    def _check_elements(self, written: Mapping[str, Any], path: str) -> None:
        for pair in (_PRINCIPAL, _ACTION, _RESOURCE):
            given = [name for name in pair if name in written]
            if len(given) > 1:
                raise MalformedPolicyDocument(path, f"has {pair[0]} and {pair[1]}; keep one of them")
            if given and self.kind not in _KINDS_WITH[pair]:
                raise MalformedPolicyDocument(
                    step(path, given[0]), f"does not belong in a policy of kind {self.kind}; remove it"
                )
            if not given and self.kind in _KINDS_WITH[pair]:
                raise MalformedPolicyDocument(path, f"has no {pair[0]}")

    def _sid(self, written: Mapping[str, Any], path: str) -> str | None:
        if "Sid" not in written:
            return None
        sid = text_of(written["Sid"], step(path, "Sid"))
        if self.kind is not PolicyKind.RESOURCE and not _SID.fullmatch(sid):
            raise MalformedPolicyDocument(step(path, "Sid"), "may hold letters A-Z, a-z and digits only")
        return sid

    def _principals(self, written: Mapping[str, Any], path: str) -> Principals | None:
        name = next((one for one in _PRINCIPAL if one in written), None)
        return None if name is None else compile_principals(written[name], step(path, name), self.reader)

    def _actions(self, written: Mapping[str, Any], path: str) -> Selection:
        name = _ACTION[0] if _ACTION[0] in written else _ACTION[1]
        selected = actions(self.reader.texts(written[name], step(path, name)))
        return selected if name == _ACTION[0] else others(selected)

    def _resources(self, written: Mapping[str, Any], path: str) -> Selection | None:
        name = next((one for one in _RESOURCE if one in written), None)
        if name is None:
            return None
        selected = resources(self.reader.texts(written[name], step(path, name)))
        return selected if name == _RESOURCE[0] else others(selected)

    def _excepted(self, resources: Selection | None, conditions: tuple[Condition, ...]) -> Iterator[Variable]:
        """The variables in NotResource, and in values that must not match.

        IAM User Guide, "Variables and tags": a variable that cannot be resolved may make the whole statement invalid.
        An exception of nothing would make an Allow one of everything; a Deny is all the wider for it, and stays.
        """
        texts = list(resources.written) if resources is not None and resources.excluded else []
        texts += [value for one in conditions if is_negated(one.operator) for value in one.values]
        for text in texts:
            tokens = Source(text=text, path="", has_variables=self.reader.has_variables).pattern()
            yield from (token for token in tokens if isinstance(token, Variable))


def _version(document: Mapping[str, Any]) -> str:
    version = text_of(document.get("Version", _VERSIONS[0]), "Version")
    if version not in _VERSIONS:
        raise MalformedPolicyDocument("Version", f"must be {_VERSIONS[1]} (or {_VERSIONS[0]}, without variables)")
    return version


def _statements(document: Mapping[str, Any]) -> list[Any] | tuple[Any, ...]:
    if "Statement" not in document:
        raise MalformedPolicyDocument("", "has no Statement")
    written = document["Statement"]
    if isinstance(written, Mapping):
        return [written]
    if not isinstance(written, list | tuple):
        raise MalformedPolicyDocument("Statement", "must be a statement or a list of statements")
    if not written:
        raise MalformedPolicyDocument("Statement", "is an empty list; a policy has at least one statement")
    return written


def _allows(written: Mapping[str, Any], path: str) -> bool:
    if "Effect" not in written:
        raise MalformedPolicyDocument(path, "has no Effect; write Allow or Deny")
    effect = written["Effect"]
    if not isinstance(effect, str) or effect not in _EFFECTS:
        raise MalformedPolicyDocument(step(path, "Effect"), "must be Allow or Deny")
    return _EFFECTS[effect]


def _check_sids(statements: tuple[Statement, ...]) -> None:
    seen: set[str] = set()
    for number, statement in enumerate(statements):
        if statement.sid and statement.sid in seen:
            raise MalformedPolicyDocument(
                f"Statement[{number}].Sid", f"{shown(statement.sid)} is another one's Sid too"
            )
        seen.add(statement.sid or "")


_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_WITH_VARIABLES: Final = _VERSIONS[1]
_SID: Final = re.compile(r"[A-Za-z0-9]*")
_EFFECTS: Final = {"Allow": True, "Deny": False}
_PRINCIPAL: Final = ("Principal", "NotPrincipal")
_ACTION: Final = ("Action", "NotAction")
_RESOURCE: Final = ("Resource", "NotResource")
_DOCUMENT: Final = ("Version", "Id", "Statement")
_STATEMENT: Final = ("Sid", "Effect", *_PRINCIPAL, *_ACTION, *_RESOURCE, "Condition")
_NAMING: Final = frozenset({PolicyKind.TRUST, PolicyKind.RESOURCE})
_KINDS_WITH: Final[Mapping[tuple[str, str], frozenset[PolicyKind]]] = {
    _PRINCIPAL: _NAMING,
    _ACTION: frozenset(PolicyKind),
    _RESOURCE: frozenset(PolicyKind) - {PolicyKind.TRUST},
}
