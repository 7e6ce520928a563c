"""What policies allow, told in words for the people whom they concern. Never decides anything."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.policy.condition_words import condition_told
from gateway.policy.document import Policy
from gateway.policy.named_words import actions_told, listed, resource_told
from gateway.policy.statement import Statement

_BUCKET: Final = re.compile(r"arn:aws:s3:::[^/*?]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One statement. `actions`, `resources` and `conditions` are ends of sentences; all conditions must hold."""

    statement_id: str
    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """`May read objects on everything in the bucket lake, only if you come over TLS.`"""
        condition = f", {_IF[self.allows]} {listed(self.conditions)}" if self.conditions else ""
        return f"{_MAY[self.allows]} {listed(self.actions)} on {listed(self.resources)}{condition}."


def told(policies: Iterable[Policy]) -> tuple[Told, ...]:
    """Every statement of `policies`: first what is allowed, then what is denied whatever allows it."""
    statements = [(one, policy) for policy in policies for one in policy.statements]
    found = [_told(statement, policy.has_variables) for statement, policy in statements]
    return (*(one for one in found if one.allows), *(one for one in found if not one.allows))


def _told(statement: Statement, has_variables: bool) -> Told:  # noqa: FBT001  of the policy's version
    actions = actions_told(statement.actions.written)
    selection = statement.resources
    written = ("*",) if selection is None else selection.written
    resources = _resources(written, has_variables)
    return Told(
        statement_id=statement.statement_id,
        allows=statement.allows,
        actions=(_except(actions),) if statement.actions.excluded else actions,
        resources=(
            (f"everything but {listed(resources)}",) if selection is not None and selection.excluded else resources
        ),
        conditions=tuple(condition_told(one, has_variables) for one in statement.conditions),
    )


def _except(actions: Sequence[str]) -> str:
    return f"do anything except {listed([one.removeprefix('do ') for one in actions], 'or')}"


def _resources(written: Sequence[str], has_variables: bool) -> tuple[str, ...]:  # noqa: FBT001
    """Each as words; a bucket and all that is in it, which policies name apart, as one."""
    whole = {one for one in written if _BUCKET.fullmatch(one) and f"{one}/*" in written}
    inside = {f"{one}/*" for one in whole}
    return tuple(
        resource_told(one, has_variables) + (" and everything in it" if one in whole else "")
        for one in written
        if one not in inside
    )


_MAY: Final = {True: "May", False: "May never"}
_IF: Final = {True: "only if", False: "if"}
