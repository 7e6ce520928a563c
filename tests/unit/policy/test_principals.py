"""Who a statement is about, and how far a resource's policy carries."""

from typing import Any

import pytest

from gateway.policy.document import PolicyKind
from gateway.policy.evaluate import (
    PrincipalReference,
    evaluate_assumption,
    evaluate_on_resource,
    evaluate_statements,
)
from tests.unit.policy.made import (
    ACCOUNT,
    FEDERATED_USER,
    IAM_USER,
    OIDC,
    OTHER,
    ROLE,
    ROLE_SESSION,
    SESSION,
    USER,
    WEB_IDENTITY,
    policy,
    query,
    stated,
    trusting,
)

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
UNIQUE = "AROAABCDEFGHIJKLMNOPQ"
FOREIGNER = PrincipalReference(account=OTHER, arns=frozenset({f"arn:aws:iam::{OTHER}:user/eve"}), federated=frozenset())
KNOWN_BY_ID = PrincipalReference(account=ACCOUNT, arns=frozenset({ROLE, SESSION, UNIQUE}), federated=frozenset())
USER_SESSION = PrincipalReference(account=ACCOUNT, arns=frozenset({USER, FEDERATED_USER}), federated=frozenset())

NAMED: dict[str, tuple[Any, PrincipalReference | None, bool]] = {
    "everybody, a session": ("*", ROLE_SESSION, True),
    "everybody, nobody known": ("*", None, True),
    "everybody, of a provider": ("*", WEB_IDENTITY, True),
    "all of AWS": ({"AWS": "*"}, IAM_USER, True),
    "all of AWS, nobody known": ({"AWS": ["*", OTHER]}, None, True),
    "the account": ({"AWS": ACCOUNT}, ROLE_SESSION, True),
    "the account's root": ({"AWS": ROOT}, IAM_USER, True),
    "another account": ({"AWS": OTHER}, IAM_USER, False),
    "an account, nobody known": ({"AWS": ACCOUNT}, None, False),
    "an account, of a provider": ({"AWS": ACCOUNT}, WEB_IDENTITY, False),
    "the role": ({"AWS": ROLE}, ROLE_SESSION, True),
    "the session": ({"AWS": SESSION}, ROLE_SESSION, True),
    "another session": ({"AWS": SESSION + "x"}, ROLE_SESSION, False),
    "another role": ({"AWS": ROLE + "x"}, ROLE_SESSION, False),
    "the role in another case": ({"AWS": ROLE.replace("Analyst", "analyst")}, ROLE_SESSION, False),
    "the user": ({"AWS": [ROLE, USER]}, IAM_USER, True),
    "the user, a session": ({"AWS": USER}, ROLE_SESSION, False),
    "a unique id": ({"AWS": UNIQUE}, KNOWN_BY_ID, True),
    "the provider": ({"Federated": OIDC}, WEB_IDENTITY, True),
    "the provider's host": ({"Federated": "login.example.com"}, WEB_IDENTITY, True),
    "another provider": ({"Federated": OIDC + "/x"}, WEB_IDENTITY, False),
    "any provider": ({"Federated": "*"}, WEB_IDENTITY, True),
    "any provider, a user": ({"Federated": "*"}, IAM_USER, False),
    "the provider, of another kind": ({"AWS": ACCOUNT, "Federated": OIDC}, WEB_IDENTITY, True),
    "a service": ({"Service": "ec2.amazonaws.com"}, IAM_USER, False),
}


@pytest.mark.parametrize(("principal", "caller", "expected"), NAMED.values(), ids=NAMED)
def test_a_principal_names(principal: Any, caller: PrincipalReference | None, expected: bool) -> None:
    made = policy(trusting(Principal=principal), kind=PolicyKind.TRUST)

    asked = query("sts:AssumeRole", principal=caller)
    assert evaluate_statements(asked, made.statements).allowed is expected


# NotPrincipal, the caller: whether a Deny is about them, whether an Allow is.
EXCEPTED: dict[str, tuple[Any, PrincipalReference | None, bool, bool]] = {
    "everybody": ("*", IAM_USER, False, False),
    "somebody else": ({"AWS": [OTHER, ROLE]}, IAM_USER, True, True),
    "the account alone": ({"AWS": ACCOUNT}, IAM_USER, True, False),
    "the user alone": ({"AWS": USER}, IAM_USER, True, False),
    "the user and the account": ({"AWS": [USER, ROOT]}, IAM_USER, False, False),
    "the role and the account, a session": ({"AWS": [ROLE, ACCOUNT]}, ROLE_SESSION, True, False),
    "the session and the account": ({"AWS": [SESSION, ACCOUNT]}, ROLE_SESSION, True, False),
    "session, role and account": ({"AWS": [SESSION, ROLE, ACCOUNT]}, ROLE_SESSION, False, False),
    "session, role and account, with an id": ({"AWS": [SESSION, ROLE, ACCOUNT]}, KNOWN_BY_ID, False, False),
    "the provider": ({"Federated": OIDC}, WEB_IDENTITY, False, False),
    "another provider": ({"Federated": OIDC + "/x"}, WEB_IDENTITY, True, True),
    "an account, nobody known": ({"AWS": ACCOUNT}, None, True, True),
}


@pytest.mark.parametrize(("principal", "caller", "denied", "allowed"), EXCEPTED.values(), ids=EXCEPTED)
def test_an_exception_counts_for_a_deny_only_where_it_is_complete(
    principal: Any, caller: PrincipalReference | None, denied: bool, allowed: bool
) -> None:
    asked = query("sts:AssumeRole", principal=caller)
    (deny,) = policy(trusting(Effect="Deny", Principal=None, NotPrincipal=principal), kind=PolicyKind.TRUST).statements
    (allow,) = policy(trusting(Principal=None, NotPrincipal=principal), kind=PolicyKind.TRUST).statements

    assert evaluate_statements(asked, [deny]).explicit_deny is denied
    assert evaluate_statements(asked, [allow]).allowed is allowed


ALLOW = [policy(stated())]
NONE = [policy(stated(Action="sqs:*"))]
DENY = [policy(stated(Effect="Deny"))]

# Principal of the resource's policy, caller, identity, boundary, session: whether the resource's own account allows,
# whether another account does, and whether a role of the own account may be assumed.
Row = tuple[Any, PrincipalReference | None, Any, Any, Any, bool, bool, bool]
RESOURCES: dict[str, Row] = {
    "nobody, own policies allow": ({"AWS": OTHER}, ROLE_SESSION, ALLOW, None, None, True, False, False),
    "nobody, own policies do not": ({"AWS": OTHER}, ROLE_SESSION, NONE, None, None, False, False, False),
    "nobody, session does not": ({"AWS": OTHER}, ROLE_SESSION, ALLOW, None, NONE, False, False, False),
    "account, own policies do not": ({"AWS": ACCOUNT}, ROLE_SESSION, NONE, None, None, False, False, False),
    "account, own policies allow": ({"AWS": ACCOUNT}, ROLE_SESSION, ALLOW, None, None, True, True, True),
    "account, boundary does not": ({"AWS": ROOT}, ROLE_SESSION, ALLOW, NONE, None, False, False, False),
    "role, own policies do not": ({"AWS": ROLE}, ROLE_SESSION, NONE, None, None, True, False, True),
    "role, boundary does not": ({"AWS": ROLE}, ROLE_SESSION, NONE, NONE, None, False, False, False),
    "role, session does not": ({"AWS": ROLE}, ROLE_SESSION, NONE, None, NONE, False, False, False),
    "role, boundary and session allow": ({"AWS": ROLE}, ROLE_SESSION, [], ALLOW, ALLOW, True, False, True),
    "role by id, session does not": ({"AWS": UNIQUE}, KNOWN_BY_ID, NONE, None, NONE, False, False, False),
    "role by id, own policies do not": ({"AWS": UNIQUE}, KNOWN_BY_ID, NONE, None, None, True, False, True),
    "session, nothing else allows": ({"AWS": SESSION}, ROLE_SESSION, NONE, NONE, NONE, True, False, False),
    "session and role, nothing else": ({"AWS": [ROLE, SESSION]}, ROLE_SESSION, NONE, NONE, NONE, True, False, False),
    "session, own policies deny": ({"AWS": SESSION}, ROLE_SESSION, DENY, None, None, False, False, False),
    "session, session policy denies": ({"AWS": SESSION}, ROLE_SESSION, ALLOW, None, DENY, False, False, False),
    "user, nothing else allows": ({"AWS": USER}, IAM_USER, NONE, NONE, None, True, False, False),
    "user, all allow": ({"AWS": USER}, IAM_USER, ALLOW, ALLOW, None, True, True, True),
    "user behind a session, session does not": ({"AWS": USER}, USER_SESSION, NONE, None, NONE, False, False, False),
    "user behind a session, session allows": ({"AWS": USER}, USER_SESSION, NONE, None, ALLOW, True, False, True),
    "federated user, nothing else allows": ({"AWS": FEDERATED_USER}, USER_SESSION, [], None, NONE, True, False, False),
    "everybody, nothing else allows": ("*", ROLE_SESSION, NONE, NONE, NONE, True, False, False),
    "everybody, a foreigner": ("*", FOREIGNER, NONE, None, None, False, True, False),
    "everybody, a foreigner allowed at home": ("*", FOREIGNER, ALLOW, None, None, True, True, True),
    "everybody, nobody known": ("*", None, [], None, None, True, True, True),
    "account, nobody known": ({"AWS": ACCOUNT}, None, [], None, None, False, False, False),
}  # fmt: skip


@pytest.mark.parametrize(
    ("principal", "caller", "identity", "boundary", "session", "home", "abroad", "assumed"),
    RESOURCES.values(),
    ids=RESOURCES,
)
def test_a_resources_policy_carries_as_far_as_it_names_the_caller(
    principal: Any,
    caller: PrincipalReference | None,
    identity: Any,
    boundary: Any,
    session: Any,
    home: bool,
    abroad: bool,
    assumed: bool,
) -> None:
    sets = {"identity": identity, "boundary": boundary, "session": session}
    resource = [policy(stated(Principal=principal), kind=PolicyKind.RESOURCE)]
    trust = [policy(trusting(Principal=principal), kind=PolicyKind.TRUST)]
    asked = query("sts:AssumeRole", principal=caller)

    assert evaluate_on_resource(asked, **sets, resource=resource, owner=ACCOUNT).allowed is home
    assert evaluate_on_resource(asked, **sets, resource=resource, owner=OTHER).allowed is abroad
    assert evaluate_assumption(asked, **sets, trust=trust, owner=ACCOUNT).allowed is assumed


def test_a_trust_policy_must_allow_whatever_the_callers_policies_say() -> None:
    trust = [policy(trusting(Principal={"AWS": OTHER}), kind=PolicyKind.TRUST)]
    asked = query("sts:AssumeRole", principal=ROLE_SESSION)

    decision = evaluate_assumption(asked, identity=ALLOW, boundary=None, session=None, trust=trust, owner=ACCOUNT)

    assert decision.missing == ("trust",)
    assert decision.reason.startswith("no trust policy allows sts:AssumeRole")


def test_a_resources_policy_that_denies_wins() -> None:
    resource = [policy(stated(Principal="*", Effect="Deny"), kind=PolicyKind.RESOURCE)]

    decision = evaluate_on_resource(
        query(principal=ROLE_SESSION), identity=ALLOW, boundary=None, session=None, resource=resource, owner=ACCOUNT
    )

    assert decision.explicit_deny


def test_whom_an_exception_lets_in_still_needs_policies_of_their_own() -> None:
    resource = [policy(stated(Principal=None, NotPrincipal={"AWS": OTHER}), kind=PolicyKind.RESOURCE)]

    def allowed(identity: Any) -> bool:
        return evaluate_on_resource(
            query(principal=IAM_USER), identity=identity, boundary=None, session=None, resource=resource, owner=ACCOUNT
        ).allowed

    assert (allowed(NONE), allowed(ALLOW)) == (False, True)
