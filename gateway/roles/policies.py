"""What roles may do: their identity policies, boundaries and managed policies, compiled once."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from gateway.domain.role import PolicyReference, Role
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.roles.identity_keys import carried

_MANAGED: Final = "arn:aws:iam::{account}:policy/"


class RolePolicies:
    """The compiled policies of all roles, by role ARN; one document that many roles carry is compiled once."""

    __slots__ = ("_boundaries", "_carried", "_identity", "_managed")

    def __init__(self, roles: Iterable[Role], policies: Mapping[str, Mapping[str, Any]]) -> None:
        """`policies`: name to document, as under `policies` of the configuration. Raises MalformedPolicyDocument."""
        compiled: dict[tuple[int, PolicyKind], Policy] = {}
        named: dict[int, frozenset[str]] = {}

        def compile_once(reference: PolicyReference, kind: PolicyKind) -> Policy:
            # The documents live as long as this call, so their ids are theirs alone; names may be alike by accident.
            key = (id(reference.document), kind)
            if key not in compiled:
                compiled[key] = parse_policy(reference.document, kind, name=reference.name)
                named[id(reference.document)] = carried(compiled[key].named_keys)
            return compiled[key]

        self._identity: dict[str, tuple[Policy, ...]] = {}
        self._boundaries: dict[str, tuple[Policy, ...] | None] = {}
        self._carried: dict[str, frozenset[str]] = {}
        for role in roles:
            arn, boundary = str(role.arn), role.permissions_boundary
            self._identity[arn] = tuple(compile_once(one, PolicyKind.IDENTITY) for one in role.policies)
            self._boundaries[arn] = None if boundary is None else (compile_once(boundary, PolicyKind.BOUNDARY),)
            documents = [one.document for one in (*role.policies, *([] if boundary is None else [boundary]))]
            self._carried[arn] = frozenset().union(*(named[id(document)] for document in documents))
        self._managed = {
            name: parse_policy(document, PolicyKind.SESSION, name=name) for name, document in policies.items()
        }

    def identity(self, role: Role) -> tuple[Policy, ...]:
        return self._identity[str(role.arn)]

    def boundary(self, role: Role) -> tuple[Policy, ...] | None:
        return self._boundaries[str(role.arn)]

    def carried_keys(self, role: Role) -> frozenset[str]:
        return self._carried[str(role.arn)]

    def managed(self, arn: str, account: str) -> Policy | None:
        prefix = _MANAGED.format(account=account)
        return self._managed.get(arn.removeprefix(prefix)) if arn.startswith(prefix) else None
