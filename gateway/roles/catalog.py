"""All roles, and the one answer to who may assume them: trust statements judged by the policy engine over an index."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from gateway.domain import role as domain
from gateway.domain.arn import issuer_path, saml_provider_arn
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import Role
from gateway.policy.document import Policy
from gateway.roles.claim_values import Value
from gateway.roles.condition_keys import Facts, Reader, values_of
from gateway.roles.decision import AssumptionRequest, Refusal, RoleChoice, TrustDecision
from gateway.roles.examination import Examined, examine
from gateway.roles.judgement import judge
from gateway.roles.policies import RolePolicies
from gateway.roles.statements import MappingStatement
from gateway.roles.trust import RoleTrust, TrustIndex

_NO_REQUEST: Final = AssumptionRequest()


class Catalog:
    """The roles of one configuration. Never changes: a reload compiles another and puts it in this one's place."""

    __slots__ = ("_by_name", "_index", "_issuers", "_policies", "_trusts")

    def __init__(self, *, trusts: Sequence[RoleTrust], policies: RolePolicies, issuers: Mapping[str, str]) -> None:
        self._trusts: Final = {str(trust.role.arn): trust for trust in trusts}
        self._by_name: Final = {trust.role.name: trust.role for trust in trusts}
        self._index: Final = TrustIndex(trusts, issuers)
        self._policies: Final = policies
        self._issuers: Final = dict(issuers)

    @classmethod
    def compile(
        cls,
        *,
        roles: Sequence[Role],
        mappings: Sequence[domain.Mapping],
        issuers: Mapping[str, str],
        policies: Mapping[str, Mapping[str, Any]],
        provider_types: Mapping[str, ProviderType] | None = None,
    ) -> "Catalog":
        """Compile everything that a decision needs.

        `issuers`: provider name to issuer, of all providers; `policies`: name to document, those that `PolicyArns` may
        name; `provider_types`: provider name to type, those left out being OIDC.

        Raises MalformedPolicyDocument; ValueError: two issuers that ARNs and condition keys cannot tell apart, a
        mapping of an unknown provider or role, or one that `MappingStatement.compiled` refuses.
        """
        types = provider_types or {}
        if len({issuer_path(issuer).lower() for issuer in issuers.values()}) != len(issuers):
            raise ValueError("two providers have issuers that differ only by scheme, case or a final slash")
        by_role: dict[str, list[MappingStatement]] = {role.name: [] for role in roles}
        for mapping in mappings:
            if mapping.provider not in issuers or not by_role.keys() >= set(mapping.roles):
                raise ValueError(f"{mapping.mapping_id} names a provider or a role that is not configured")
            provider_type = types.get(mapping.provider, ProviderType.OIDC)
            compiled = MappingStatement.compiled(mapping, provider_type, issuers[mapping.provider])
            for name in mapping.roles:
                by_role[name].append(compiled)
        trusts = [RoleTrust.compiled(role, by_role[role.name], issuers) for role in roles]
        return cls(trusts=trusts, policies=RolePolicies(roles, policies), issuers=issuers)

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(self._by_name.values())

    def role_by_name(self, name: str) -> Role | None:
        """The role that the configuration calls `ALIAS/NAME`."""
        return self._by_name.get(name)

    def role_by_arn(self, arn: str) -> Role | None:
        """The role of this ARN; None where it is no role's ARN or there is no such role."""
        trust = self._trusts.get(arn)
        return None if trust is None else trust.role

    def policies_of(self, role: Role) -> tuple[Policy, ...]:
        """What the role may do: one set, of whose policies some must allow."""
        return self._policies.identity(role)

    def boundary_of(self, role: Role) -> tuple[Policy, ...] | None:
        """The set that must allow too; None where the role has no boundary."""
        return self._policies.boundary(role)

    def carried_keys(self, role: Role) -> frozenset[str]:
        """The identity's keys, in lower case, that policies or boundary name, so that a session must carry them."""
        return self._policies.carried_keys(role)

    def managed_policy(self, arn: str, account: str) -> Policy | None:
        """The policy that `PolicyArns` names, `arn:aws:iam::ACCOUNT:policy/NAME` with NAME from `policies`.

        `account` is the role's: a managed policy of another account is none. None too where there is no such name.
        """
        return self._policies.managed(arn, account)

    def trust_of(self, role: Role) -> RoleTrust:
        """What may give the role, for listing."""
        return self._trusts[str(role.arn)]

    def examine(
        self, role: Role, identity: Identity, request: AssumptionRequest, now: datetime
    ) -> tuple[Examined, ...]:
        """How each statement of the role's trust fares with `identity`, for explaining; `may_assume` decides."""
        facts = Facts(identity=identity, request=request, now=now)
        return examine(self._trusts[str(role.arn)], facts)

    def may_assume(self, role: Role, identity: Identity, request: AssumptionRequest, now: datetime) -> TrustDecision:
        """Decide whether `identity` may assume `role`, and what the session then carries.

        Some Allow of the mappings or of the role's trust policy must match and no Deny; where the session would carry
        tags or a source identity, `sts:TagSession` and `sts:SetSourceIdentity` must be allowed likewise.
        """
        trust = self._trusts.get(str(role.arn))
        if trust is None:
            return TrustDecision(allowed=False, cause=f"there is no role {role.arn}")
        facts = Facts(identity=identity, request=request, now=now, role=role)
        candidates = trust.preselect(facts)
        known = trust.readers if len(candidates) == len(trust.mappings) else _readers_of(candidates)
        return self._decision(trust, candidates, values_of(known, facts), facts)

    def roles_of(
        self, identity: Identity, now: datetime, request: AssumptionRequest = _NO_REQUEST
    ) -> tuple[RoleChoice, ...]:
        """All roles that `may_assume` allows, by name."""
        facts = Facts(identity=identity, request=request, now=now)
        candidates = self._index.preselect(facts)
        known = _readers_of([one for several in candidates.values() for one in several])
        values = values_of(known, facts)
        choices = ((trust, self._decision(trust, several, values, facts)) for trust, several in candidates.items())
        granted = (
            RoleChoice(role=trust.role, allowed_by=decision.allowed_by)
            for trust, decision in choices
            if decision.allowed
        )
        return tuple(sorted(granted, key=lambda choice: choice.role.name))

    def _decision(
        self,
        trust: RoleTrust,
        candidates: Sequence[MappingStatement],
        values: Mapping[str, Value],
        facts: Facts,
    ) -> TrustDecision:
        try:
            self._check_provider(facts.identity)
            _check_named(facts.identity, trust.role)
            return judge(trust, candidates, values, facts)
        except Refusal as refusal:
            return TrustDecision(allowed=False, cause=refusal.cause)

    def _check_provider(self, identity: Identity) -> None:
        # An identity of a provider that a reload has taken away or pointed elsewhere is nobody's any more.
        if self._issuers.get(identity.provider) != identity.authority:
            raise Refusal(f"no provider {identity.provider} with the identity's issuer is configured")


def _check_named(identity: Identity, role: Role) -> None:
    """A provider that lists roles narrows what is granted here; the list itself grants nothing."""
    if identity.only_roles is None:
        return
    pair = str(role.arn), saml_provider_arn(role.arn.account, identity.provider)
    if pair not in identity.only_roles:
        raise Refusal(f"the assertion's Role attribute does not name {pair[0]},{pair[1]}")


def _readers_of(candidates: Sequence[MappingStatement]) -> Mapping[str, Reader]:
    return {key: reader for one in candidates for key, reader in one.readers.items()}
