"""Mappings and trust policies as statements of the policy engine, with the anchors that the index files them under."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from gateway.domain import role as domain
from gateway.domain.arn import issuer_path
from gateway.domain.directory_names import comparable
from gateway.domain.grant import StatementId
from gateway.domain.identity import ProviderType
from gateway.policy.conditions import Holds
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy, PolicyKind, Statement, parse_policy
from gateway.policy.selection import Selects
from gateway.roles.condition_keys import ACR, AMR, AUTHENTICATION_AGE, GROUPS, PROVIDER, Reader, claim_key, readers
from gateway.roles.index import Anchor, anchor
from gateway.roles.session_tags import TagTemplate

Part = TypeVar("Part")

_REMEMBERED: Final = 1_024
TAG_SESSION: Final = "sts:TagSession"
SET_SOURCE_IDENTITY: Final = "sts:SetSourceIdentity"
ASSUME_ROLE: Final[Mapping[ProviderType, str]] = {
    ProviderType.OIDC: "sts:AssumeRoleWithWebIdentity",
    ProviderType.SAML: "sts:AssumeRoleWithSAML",
    ProviderType.LDAP: "sts:AssumeRoleWithLDAPIdentity",
}
"""What a login of each type of provider is permission for."""

TRUST_POLICY: Final = "trust_policy"
# In documents of this version `${` is plain text, as it is in mappings.
_WITHOUT_VARIABLES: Final = "2008-10-17"
_VARIABLE: Final = "${"
_OIDC_PROVIDER: Final = ":oidc-provider/"
# Operator to whether its values are literal: conditions that hold only if the key has one of the values.
_ANCHORING: Final[Mapping[str, bool]] = {
    "StringEquals": True,
    "ForAnyValue:StringEquals": True,
    "StringLike": False,
    "ForAnyValue:StringLike": False,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MappingStatement:
    """One mapping, compiled: the statement that all its roles share, what its keys are read from, its tags.

    What a decision needs is laid out for it: of ten thousand mappings none is in the processor's cache, and each
    object on the way to an answer costs more than looking at it. The rest is made when it is asked for.
    """

    mapping_id: StatementId
    selects: Selects
    """Of the actions."""
    holds: tuple[Holds, ...]
    """Of each condition."""
    tags: tuple[TagTemplate, ...]
    readers: Mapping[str, Reader]
    mapping: domain.Mapping
    statement: Statement
    issuer: str

    def allows(self, action: str, context: RequestContext) -> bool:
        """Whether the statement, which is an Allow for whoever it may be, allows `action` (in lower case)."""
        if not self.selects(action, context):
            return False
        for holds in self.holds:  # noqa: SIM110  a generator costs more than the conditions
            if not holds(context):
                return False
        return True

    @property
    def document(self) -> Mapping[str, Any]:
        """The statement as a document of its own, for explaining."""
        return {"Version": _WITHOUT_VARIABLES, "Statement": [self.statement.written()]}

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        issuer = issuer_path(self.issuer).lower()
        return tuple(
            anchor(issuer, condition.key.lower(), condition.values, literal=_ANCHORING[condition.operator])
            for condition in self.statement.conditions
            if condition.operator in _ANCHORING
        )

    @classmethod
    def compiled(cls, mapping: domain.Mapping, provider_type: ProviderType, issuer: str) -> "MappingStatement":
        """Raises ValueError: a pattern whose group names were not made, a tag template with an unknown field."""
        if mapping.group_pattern is not None and not mapping.groups:
            # Without the names the statement would let in everybody of the provider.
            raise ValueError(f"{mapping.mapping_id} has a group_pattern without the group names that it stands for")
        statement = _statement(mapping, provider_type)
        return cls(
            mapping_id=StatementId(mapping.mapping_id),
            selects=statement.actions.selects,
            holds=tuple(condition.holds for condition in statement.conditions),
            tags=tuple(TagTemplate.of(key, template) for key, template in mapping.session_tags.items()),
            readers=_readers_of(statement.condition_keys),
            mapping=mapping,
            statement=statement,
            issuer=issuer,
        )


def _statement(mapping: domain.Mapping, provider_type: ProviderType) -> Statement:
    if provider_type is ProviderType.LDAP:
        # However a DN or a name of a directory is spelt, it is compared in one form, here and where it is read.
        mapping_groups = frozenset(comparable(group) for group in mapping.groups)
    else:
        mapping_groups = mapping.groups
    document = {
        "Version": _WITHOUT_VARIABLES,
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": [ASSUME_ROLE[provider_type], TAG_SESSION, SET_SOURCE_IDENTITY],
                "Condition": {
                    operator: keys for operator, keys in _conditions(mapping, mapping_groups).items() if keys
                },
            }
        ],
    }
    (parsed,) = parse_policy(document, PolicyKind.TRUST, name=mapping.mapping_id).statements
    return replace(parsed, actions=_shared(parsed.actions), conditions=tuple(_shared(one) for one in parsed.conditions))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrustPolicy:
    """The trust policy that a role states itself, compiled; without one it has no statements."""

    document: Mapping[str, Any]
    policies: tuple[Policy, ...] = ()
    """One, or none."""
    statements: tuple[Statement, ...] = ()
    readers: Mapping[str, Reader]
    anchors: tuple[tuple[Anchor, ...], ...] = ()
    """Of each Allow statement, where something of it can be an anchor."""

    @classmethod
    def compiled(cls, document: Mapping[str, Any] | None, issuers: Mapping[str, str]) -> "TrustPolicy":
        """`issuers`: provider name to issuer, of all providers. Raises MalformedPolicyDocument."""
        if document is None:
            return _NO_POLICY
        policy: Policy = parse_policy(document, PolicyKind.TRUST, name=TRUST_POLICY)
        return cls(
            document=document,
            policies=(policy,),
            statements=policy.statements,
            # A variable's key too: without its value an Allow would never match, and a Deny would be walked around.
            readers=readers(policy.named_keys, issuers.values()),
            anchors=tuple(
                (*_stated_anchors(statement, issuers.values()), *_principal_anchors(statement, issuers))
                for statement in statements_of(document)
                if statement["Effect"] == "Allow"
            ),
        )


_NO_POLICY: Final = TrustPolicy(document={}, readers={})


@lru_cache(maxsize=_REMEMBERED)
def _shared(part: Part) -> Part:
    """One object for all that say the same: of ten thousand mappings most parts are alike, and memory is slow."""
    return part


@lru_cache(maxsize=_REMEMBERED)
def _readers_of(keys: frozenset[str]) -> Mapping[str, Reader]:
    return readers(keys, ())


def statements_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The statements of a document as written; one alone may stand without a list around it."""
    written = document.get("Statement", ())
    return (written,) if isinstance(written, Mapping) else written


def texts_of(value: Any) -> tuple[str, ...]:
    """The values of one condition key as written: one alone, or a list; numbers and booleans as JSON writes them."""
    values = value if isinstance(value, list | tuple) else (value,)
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in values)


def _conditions(mapping: domain.Mapping, groups: frozenset[str]) -> dict[str, dict[str, list[str]]]:
    """Operator to key to values; operators without keys included."""
    require = mapping.require
    # All listed methods must be there, and the values of one key are ORed: each method asks under a key of its own.
    methods = [AMR] if len(require.amr) == 1 else [f"{AMR}/{number}" for number in range(len(require.amr))]
    within = require.authenticated_within
    return {
        "StringEquals": {PROVIDER: [mapping.provider], **({ACR: list(require.acr)} if require.acr else {})},
        "ForAnyValue:StringEquals": {
            **({GROUPS: sorted(groups)} if groups else {}),
            **{key: [method] for key, method in zip(methods, require.amr, strict=True)},
        },
        "ForAnyValue:StringLike": {claim_key(path): list(globs) for path, globs in mapping.claims.items()},
        "NumericLessThanEquals": {} if within is None else {AUTHENTICATION_AGE: [str(within)]},
    }


def _stated_anchors(statement: Mapping[str, Any], issuers: Iterable[str]) -> Iterator[Anchor]:
    """Conditions on a provider's own claims that can only hold for somebody who has one of the values."""
    # The longest first, as where the keys are read.
    paths = sorted((issuer_path(issuer).lower() for issuer in issuers), key=len, reverse=True)
    for operator, keys in (statement.get("Condition") or {}).items():
        if operator not in _ANCHORING:
            continue
        for key, values in keys.items():
            issuer = next((path for path in paths if key.lower().startswith(f"{path}:")), None)
            texts = texts_of(values)
            if issuer is not None and not any(_VARIABLE in text for text in texts):
                yield anchor(issuer, key.lower(), texts, literal=_ANCHORING[operator])


def _principal_anchors(statement: Mapping[str, Any], issuers: Mapping[str, str]) -> Iterator[Anchor]:
    """What the Principal says of whose people can match, where that is nobody or the people of one provider."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or any("*" in texts_of(values) for values in principal.values()):
        return
    named = texts_of(principal.get("Federated", ()))
    if not named:
        yield Anchor(issuer="", key=PROVIDER.lower())
    elif len(named) == 1 and _OIDC_PROVIDER in named[0]:
        path = named[0].partition(_OIDC_PROVIDER)[2].lower()
        providers = {provider for provider, issuer in issuers.items() if issuer_path(issuer).lower() == path}
        yield Anchor(issuer=path, key=PROVIDER.lower(), texts=frozenset(providers))
