"""Honest roles, mappings and identities, of which a case changes one thing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.domain import role as domain
from gateway.domain.arn import RoleArn
from gateway.domain.identifiers import role_id
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.role import Requirement, Role
from gateway.roles.catalog import Catalog
from gateway.roles.decision import AssumptionRequest, TrustDecision

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ACCOUNT = "111122223333"
ISSUERS = {"workforce": "https://login.example.com", "cluster": "https://k8s.example.com/"}
REQUEST = AssumptionRequest(session_name="alice", source_ip="192.0.2.7", secure_transport=True)
OIDC_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"


def role(name: str = "lake/Analyst", **changed: Any) -> Role:
    own = name.partition("/")[2]
    values = {
        "arn": RoleArn(account=ACCOUNT, path="/", name=own),
        "role_id": role_id(ACCOUNT, own),
        "maximum_duration": 3600,
    }
    return Role(name=name, **{**values, **changed})


def mapping(number: int = 0, **changed: Any) -> domain.Mapping:
    values = {"mapping_id": f"mappings[{number}]", "provider": "workforce", "roles": ("lake/Analyst",)}
    if isinstance(changed.get("require"), dict):
        changed["require"] = Requirement(**changed["require"])
    return domain.Mapping(**{**values, **changed})


def identity(**changed: Any) -> Identity:
    """Alice of `workforce`; `claims` are added to those that every token has."""
    provider = changed.get("provider", "workforce")
    subject = changed.get("subject", "alice")
    claims = {"iss": ISSUERS.get(provider, ""), "sub": subject, "aud": "sts.amazonaws.com", **changed.pop("claims", {})}
    values = {
        "provider": provider,
        "provider_type": ProviderType.OIDC,
        "issuer": ISSUERS.get(provider, "https://unknown.example.com"),
        "subject": subject,
        "audience": "sts.amazonaws.com",
        "username": "alice",
        "claims": claims,
    }
    if isinstance(changed.get("groups"), set | list):
        changed["groups"] = frozenset(changed["groups"])
    return Identity(**{**values, **changed})


def trust_policy(*statements: Mapping[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def trusted(effect: str = "Allow", **changed: Any) -> dict[str, Any]:
    """A statement about the people of `workforce`."""
    values = {"Effect": effect, "Principal": {"Federated": OIDC_ARN}, "Action": "sts:AssumeRoleWithWebIdentity"}
    return {**values, **changed}


def catalog(
    *mappings: domain.Mapping, roles: Sequence[Role] = (), policies: Mapping[str, Any] | None = None
) -> Catalog:
    return Catalog.compile(roles=roles or [role()], mappings=mappings, issuers=ISSUERS, policies=policies or {})


def decide(catalog: Catalog, person: Identity, request: AssumptionRequest = REQUEST) -> TrustDecision:
    """The decision about the first role."""
    return catalog.may_assume(catalog.roles[0], person, request, NOW)
