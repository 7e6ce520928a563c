"""Finding roles, and what they may do."""

from typing import Any

import pytest

from gateway.domain.arn import RoleArn
from gateway.domain.errors import MalformedPolicyDocument
from gateway.domain.role import PolicyReference
from gateway.roles.condition_keys import claim_key, claim_path
from tests.unit.roles.made import ACCOUNT, NOW, REQUEST, catalog, identity, mapping, role

READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}
PATHED = RoleArn(account=ACCOUNT, path="/team/", name="Analyst")


def test_a_role_is_found_by_its_arn_and_by_its_name() -> None:
    one, other = role(arn=PATHED), role("lake/Admin")
    made = catalog(roles=[one, other])

    assert made.roles == (one, other)
    assert made.role_by_arn(f"arn:aws:iam::{ACCOUNT}:role/team/Analyst") is one
    assert made.role_by_name("lake/Admin") is other
    assert made.role_by_name("lake/admin") is None


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:iam::{ACCOUNT}:role/Analyst",
        f"arn:aws:iam::{ACCOUNT}:role/team/analyst",
        "arn:aws:iam::444455556666:role/team/Analyst",
        f"arn:aws:iam::{ACCOUNT}:user/team/Analyst",
        "nothing",
        "",
    ],
)
def test_another_arn_finds_no_role(arn: str) -> None:
    assert catalog(roles=[role(arn=PATHED)]).role_by_arn(arn) is None


def test_a_role_of_another_configuration_is_refused() -> None:
    made = catalog(mapping())
    gone = role("lake/Gone")

    assert made.may_assume(gone, identity(), REQUEST, NOW).cause == f"there is no role {gone.arn}"


def test_policies_are_compiled_in_their_order() -> None:
    references = (PolicyReference(name="read", document=READ), PolicyReference(name="inline", document=WRITE))
    made = catalog(roles=[role(policies=references), role("lake/None")])

    first, second = made.roles
    assert [policy.name for policy in made.policies_of(first)] == ["read", "inline"]
    assert made.policies_of(second) == ()


def test_one_document_of_many_roles_is_compiled_once() -> None:
    reference = PolicyReference(name="read", document=READ)
    made = catalog(roles=[role(policies=(reference,)), role("lake/B", policies=(reference,))])

    first, second = made.roles
    assert made.policies_of(first)[0] is made.policies_of(second)[0]


def test_two_documents_of_one_name_stay_two() -> None:
    made = catalog(
        roles=[
            role(policies=(PolicyReference(name="x", document=READ),)),
            role("lake/B", policies=(PolicyReference(name="x", document=WRITE),)),
        ]
    )

    first, second = (made.policies_of(one)[0] for one in made.roles)
    assert first.canonical_json() != second.canonical_json()


def test_a_boundary_is_a_set_of_its_own() -> None:
    bounded = role(permissions_boundary=PolicyReference(name="limit", document=READ))
    made = catalog(roles=[bounded, role("lake/Free")])

    boundary = made.boundary_of(bounded)
    assert boundary is not None
    assert [policy.name for policy in boundary] == ["limit"]
    assert made.boundary_of(made.roles[1]) is None


MANAGED: dict[str, tuple[str, str, bool]] = {
    "of the role's account": (f"arn:aws:iam::{ACCOUNT}:policy/read-lake", ACCOUNT, True),
    "of another account": ("arn:aws:iam::444455556666:policy/read-lake", ACCOUNT, False),
    "of AWS": ("arn:aws:iam::aws:policy/read-lake", ACCOUNT, False),
    "with a path": (f"arn:aws:iam::{ACCOUNT}:policy/x/read-lake", ACCOUNT, False),
    "unknown": (f"arn:aws:iam::{ACCOUNT}:policy/read", ACCOUNT, False),
    "not an ARN": ("read-lake", ACCOUNT, False),
}


@pytest.mark.parametrize(("arn", "account", "found"), MANAGED.values(), ids=MANAGED)
def test_a_managed_policy_is_one_of_the_configuration_in_the_roles_account(arn: str, account: str, found: bool) -> None:
    policy = catalog(policies={"read-lake": READ}).managed_policy(arn, account)

    assert (policy is not None) is found


@pytest.mark.parametrize("place", ["policies", "permissions_boundary", "managed"])
def test_a_policy_outside_the_grammar_is_refused_at_load(place: str) -> None:
    broken: dict[str, Any] = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*"}]}
    reference = PolicyReference(name="broken", document=broken)
    changed: dict[str, Any] = {"policies": (reference,)} if place == "policies" else {place: reference}

    with pytest.raises(MalformedPolicyDocument):
        catalog(roles=[role(**({} if place == "managed" else changed))], policies={"p": broken})


def test_roles_are_told_by_name() -> None:
    names = ["lake/C", "lake/A", "lake/B"]
    made = catalog(mapping(roles=("lake/B", "lake/C")), roles=[role(name) for name in names])

    assert [choice.role.name for choice in made.roles_of(identity(), NOW)] == ["lake/B", "lake/C"]


@pytest.mark.parametrize(
    "path", ["sub", "Sub", "realm_access.roles", "https://example.com/Team", "%53ub", "größe", "a b"]
)
def test_a_claims_key_tells_its_path_whatever_its_case(path: str) -> None:
    assert claim_path(claim_key(path)) == path
    assert claim_path(claim_key(path).lower()) == path


def test_claims_that_differ_by_case_have_keys_of_their_own() -> None:
    assert claim_key("Sub").lower() != claim_key("sub").lower()
