"""Honest documents and queries, of which a case changes one thing."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.policy.context import RequestContext
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.policy.evaluate import PrincipalReference, Query

LONG = bool(os.environ.get("STS_GATEWAY_LONG"))
SCALE = 10 if LONG else int(os.environ.get("STS_TEST_SCALE", "1"))
ACCOUNT = "111122223333"
OTHER = "444455556666"
VERSION = "2012-10-17"
OLD_VERSION = "2008-10-17"
OBJECT = "arn:aws:s3:::lake/team/part-1"
USER = f"arn:aws:iam::{ACCOUNT}:user/ci"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Analyst"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"
FEDERATED_USER = f"arn:aws:sts::{ACCOUNT}:federated-user/alice"
OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/login.example.com"

ROLE_SESSION = PrincipalReference(account=ACCOUNT, arns=frozenset({SESSION, ROLE}), federated=frozenset())
IAM_USER = PrincipalReference(account=ACCOUNT, arns=frozenset({USER}), federated=frozenset())
WEB_IDENTITY = PrincipalReference(account=None, arns=frozenset(), federated=frozenset({OIDC, "login.example.com"}))


def stated(**changed: Any) -> dict[str, Any]:
    """A statement that allows everything; an element given as None is left out."""
    values = {"Effect": "Allow", "Action": "*", "Resource": "*", **changed}
    return {name: value for name, value in values.items() if value is not None}


def trusting(**changed: Any) -> dict[str, Any]:
    return stated(**{"Resource": None, "Principal": "*", "Action": "sts:AssumeRole", **changed})


def document(*statements: Mapping[str, Any], version: str = VERSION) -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def policy(
    *statements: Mapping[str, Any], kind: PolicyKind = PolicyKind.IDENTITY, name: str = "p", version: str = VERSION
) -> Policy:
    return parse_policy(document(*statements, version=version), kind, name=name)


def query(
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    principal: PrincipalReference | None = None,
    **context: str | Sequence[str],
) -> Query:
    """`context`: keys with `__` for `:`."""
    known = {key.replace("__", ":"): value for key, value in context.items()}
    return Query(action=action, resource=resource, context=RequestContext.of(known), principal=principal)


def asked(context: Mapping[str, str | Sequence[str]]) -> Query:
    return Query(action="s3:GetObject", resource=OBJECT, context=RequestContext.of(context))
