"""Roles that nobody can assume, principals that do not exist, and sessions shorter than clients expect."""

import pytest

from tests.unit.settings.test_lint import warned
from tests.unit.settings.written import Written, marked_line

ONE = "data-platform/One"
NOBODY = "nobody can assume it"
MISSING = "does not exist here"
ROLES = """\
data-platform/Analyst: {{}}
data-platform/One:  # HERE
  trust_policy: {{Version: "2012-10-17", Statement: [{{Effect: {effect}, Principal: {principal}, Action: "{action}"}}]}}
"""


def told(
    written: Written, principal: str, effect: str = "Allow", action: str = "sts:AssumeRole", **sections: str
) -> list[tuple[str, str]]:
    roles = ROLES.format(effect=effect, principal=principal, action=action) + sections.pop("more_roles", "")
    warnings = warned(written, roles=roles, **sections)
    return [(key, message) for _, key, message in warnings if NOBODY in message or MISSING in message]


def test_a_role_without_mapping_and_trust_policy_is_told_at_its_line(written: Written) -> None:
    sections = {"roles": "data-platform/Analyst: {}\ndata-platform/Forgotten: {}  # HERE"}

    (warning,) = warned(written, **sections)

    assert warning[:2] == (marked_line(written.text(**sections)), "roles.data-platform/Forgotten")
    assert warning[2].startswith(f"{NOBODY}: no mapping names it, and no trust_policy admits anybody; add one")


REACHED = {
    "a user": '{AWS: "arn:aws:iam::111122223333:user/ci"}',
    "a mapped role": '{AWS: "arn:aws:iam::111122223333:role/Analyst"}',
    "one session of a mapped role": '{AWS: "arn:aws:sts::111122223333:assumed-role/Analyst/alice"}',
    "an account with a user": '{AWS: "111122223333"}',
    "the root of an account with a user": '{AWS: "arn:aws:iam::111122223333:root"}',
    "everybody": '"*"',
    "everybody of AWS": '{AWS: "*"}',
}


@pytest.mark.parametrize("principal", REACHED.values(), ids=REACHED)
def test_a_role_that_somebody_can_assume_is_in_order(written: Written, principal: str) -> None:
    assert told(written, principal) == []


UNREACHED = {
    "a role that is not configured": '{AWS: "arn:aws:iam::111122223333:role/Gone"}',
    "a user that is not configured": '{AWS: "arn:aws:iam::111122223333:user/Gone"}',
    "a session of a role that is not configured": '{AWS: "arn:aws:sts::111122223333:assumed-role/Gone/alice"}',
    "an account that is not configured": '{AWS: "999988887777"}',
    "an account without users and roles": '{AWS: "444455556666"}',
    "a service": "{Service: ec2.amazonaws.com}",
}


@pytest.mark.parametrize("principal", UNREACHED.values(), ids=UNREACHED)
def test_a_role_that_trusts_only_those_who_do_not_exist_is_told(written: Written, principal: str) -> None:
    role, statement = told(written, principal, action="sts:*")

    assert (statement[0], role[0]) == (f"roles.{ONE}.trust_policy.Statement[0]", f"roles.{ONE}")
    assert MISSING in statement[1]
    assert "its trust_policy admits only who does not exist here" in role[1]


def test_roles_that_only_trust_each_other_are_told(written: Written) -> None:
    other = ROLES.format(effect="Allow", principal='{AWS: "arn:aws:iam::111122223333:role/One"}', action="sts:*")
    other = other.partition("\n")[2].replace(ONE, "data-platform/Two").replace("# HERE", "")

    found = told(written, '{AWS: "arn:aws:iam::111122223333:role/Two"}', more_roles=other)

    assert [key for key, _ in found] == ["roles.data-platform/One", "roles.data-platform/Two"]


def test_a_role_reached_over_two_others_is_in_order(written: Written) -> None:
    other = ROLES.format(effect="Allow", principal='{AWS: "arn:aws:iam::111122223333:role/Analyst"}', action="sts:*")
    other = other.partition("\n")[2].replace(ONE, "data-platform/Two").replace("# HERE", "")

    assert told(written, '{AWS: "arn:aws:iam::111122223333:role/Two"}', more_roles=other) == []


@pytest.mark.parametrize(
    ("effect", "action"), [("Deny", "sts:AssumeRole"), ("Allow", "sts:TagSession"), ("Allow", "s3:*")]
)
def test_a_statement_that_does_not_allow_assuming_the_role_reaches_nobody(
    written: Written, effect: str, action: str
) -> None:
    found = told(written, '{AWS: "arn:aws:iam::111122223333:user/ci"}', effect, action)

    assert [key for key, _ in found] == [f"roles.{ONE}"]


@pytest.mark.parametrize(
    ("principal", "reached"),
    [
        ("arn:aws:iam::111122223333:oidc-provider/login.example.com", True),
        ("login.example.com", True),
        ("*", True),
        ("arn:aws:iam::111122223333:oidc-provider/other.example.com", False),
        ("arn:aws:iam::444455556666:oidc-provider/login.example.com", False),
    ],
)
def test_a_provider_counts_where_it_is_configured_and_of_the_roles_own_account(
    written: Written, principal: str, reached: bool
) -> None:
    found = told(written, f'{{Federated: "{principal}"}}', action="sts:AssumeRoleWithWebIdentity")

    assert (found == []) is reached


def test_a_trust_policy_from_a_json_file_counts(written: Written) -> None:
    (written.folder / "trust.json").write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, '
        '"Action": "sts:AssumeRole"}}'
    )

    roles = "data-platform/Analyst: {}\ndata-platform/One: {trust_policy: '${file:./trust.json}'}"
    assert warned(written, roles=roles) == []


@pytest.mark.parametrize(("written_as", "is_told"), [("15m", True), ("3599", True), ("1h", False), ("12h", False)])
def test_sessions_under_an_hour_are_told(written: Written, written_as: str, is_told: bool) -> None:
    sections = {"roles": f"data-platform/Analyst:\n  max_session_duration: {written_as}  # HERE"}

    found = [(line, key) for line, key, message in warned(written, **sections) if "is under 1h" in message]

    where = (marked_line(written.text(**sections)), "roles.data-platform/Analyst.max_session_duration")
    assert found == ([where] if is_told else [])
