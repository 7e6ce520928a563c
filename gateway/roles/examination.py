"""How each statement of a role's trust fares with one identity, condition by condition.

For explanations, not for decisions. There is one engine here too: each condition is asked of the policy engine as a
statement of its own, so that no second reading of conditions can drift from the first.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from gateway.domain.grant import StatementId
from gateway.policy.context import RequestContext
from gateway.policy.document import PolicyKind, parse_policy
from gateway.policy.evaluate import evaluate_statements
from gateway.roles.claim_values import Value
from gateway.roles.condition_keys import Facts, Reader
from gateway.roles.decision import Refusal
from gateway.roles.judgement import query, with_session
from gateway.roles.statements import ASSUME_ROLE, TRUST_POLICY, MappingStatement, statements_of, texts_of
from gateway.roles.trust import RoleTrust

_PRINCIPAL: Final = ("Principal", "NotPrincipal")
_ACTION: Final = ("Action", "NotAction")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition as written, and the values that its key has; None where the key is absent."""

    operator: str
    key: str
    wanted: tuple[str, ...]
    found: tuple[str, ...] | None
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One statement: `mappings[N]` with its mapping's provider, or `trust_policy.Statement[N]` with its Sid."""

    statement_id: StatementId
    allows: bool
    names_principal: bool
    names_action: bool
    conditions: tuple[Condition, ...]
    provider: str | None = None
    sid: str | None = None

    @property
    def matches(self) -> bool:
        return self.names_principal and self.names_action and all(one.holds for one in self.conditions)

    @property
    def failed(self) -> tuple[Condition, ...]:
        return tuple(one for one in self.conditions if not one.holds)


def examine(trust: RoleTrust, facts: Facts) -> tuple[Examined, ...]:
    """Every statement of the role's trust, mappings first, each in the configuration's order.

    `facts.tags` are those of the session that would be granted.
    """
    facts = replace(facts, role=trust.role)
    mapped = [_mapping(one, facts) for one in trust.mappings]
    granting = [one for one, examined in zip(trust.mappings, mapped, strict=True) if examined.matches]
    # Where the mappings' tags contradict each other, the rest is told as for a session without tags.
    with contextlib.suppress(Refusal):
        facts = with_session(granting, facts)
    return (*mapped, *_stated(trust, facts))


def _mapping(one: MappingStatement, facts: Facts) -> Examined:
    (written,) = statements_of(one.document)
    examined = _examined(one.document, written, _known(one.readers, facts), facts)
    return replace(examined, statement_id=StatementId(one.mapping.mapping_id), provider=one.mapping.provider)


def _stated(trust: RoleTrust, facts: Facts) -> Iterator[Examined]:
    known = _known(trust.stated.readers, facts)
    for number, written in enumerate(statements_of(trust.stated.document)):
        examined = _examined(trust.stated.document, written, known, facts)
        yield replace(examined, statement_id=StatementId(f"{TRUST_POLICY}.Statement[{number}]"), sid=written.get("Sid"))


def _examined(
    document: Mapping[str, Any], written: Mapping[str, Any], known: Mapping[str, Value], facts: Facts
) -> Examined:
    judge = _Judge(document=document, effect=written["Effect"], known=known, facts=facts)
    return Examined(
        statement_id=StatementId(""),
        allows=written["Effect"] == "Allow",
        names_principal=judge.holds({name: written[name] for name in _PRINCIPAL if name in written}),
        names_action=judge.holds({name: written[name] for name in _ACTION if name in written}),
        conditions=tuple(
            Condition(
                operator=operator,
                key=key,
                wanted=texts_of(values),
                found=_found(known.get(key.lower())),
                holds=judge.holds({"Condition": {operator: {key: values}}}),
            )
            for operator, keys in (written.get("Condition") or {}).items()
            for key, values in keys.items()
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Asks the engine about one element of a statement, all else of which is made to match."""

    document: Mapping[str, Any]
    effect: str
    known: Mapping[str, Value]
    facts: Facts

    def holds(self, element: Mapping[str, Any]) -> bool:
        action = ASSUME_ROLE[self.facts.identity.provider_type]
        statement = {"Effect": self.effect, **element}
        if not any(name in statement for name in _PRINCIPAL):
            statement["Principal"] = "*"
        if not any(name in statement for name in _ACTION):
            statement["Action"] = action
        # What `${` means depends on the version of the document that the element stands in.
        version = {"Version": self.document["Version"]} if "Version" in self.document else {}
        policy = parse_policy({**version, "Statement": [statement]}, PolicyKind.TRUST, name="examined")
        decision = evaluate_statements(query(action, RequestContext.of(self.known), self.facts), policy.statements)
        return decision.allowed or decision.explicit_deny


def _known(readers: Mapping[str, Reader], facts: Facts) -> dict[str, Value]:
    known: dict[str, Value] = {}
    for key, reader in readers.items():
        try:
            value = reader(facts)
        except Refusal:
            # The decision's cause tells of it; here the key is as absent as it is to every condition.
            continue
        if value is not None:
            known[key] = value
    return known


def _found(value: Value | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    return (value,) if isinstance(value, str) else tuple(value)
