"""Condition keys and actions that are spelt almost right."""

import json

import pytest

from gateway.actions.s3_table import TABLE
from gateway.settings.action_names import ACTIONS, ASKED_OTHERWISE
from gateway.wire.sts_operations import ACTIONS_OF_STS
from tests.unit.settings.test_lint import warned
from tests.unit.settings.written import Written, marked_line


def policy(key: str) -> str:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {key: "x"}}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("aws:PrincipalTags/team", "aws:PrincipalTag/team"),
        ("aws:SecureTransprt", "aws:SecureTransport"),
        ("AWS:sourceip4", "aws:SourceIp"),
        ("aws:principaltag/team", None),
        ("aws:FederatedProvider", None),
        ("aws:SomethingThatCameLater", None),
        ("gateway:Provder", "gateway:Provider"),
        ("gateway:Groups", None),
        ("s3:prefx", None),
        ("login.example.com:sub", None),
        ("aws:", None),
    ],
)
def test_a_key_that_is_almost_one_is_told(written: Written, key: str, meant: str | None) -> None:
    text = f"read-lake: {policy(key)}  # HERE"

    found = [one for one in warned(written, policies=text) if "no request has the key" in one[2]]

    way = f"policies.read-lake.Statement[0].Condition.StringEquals.{key}"
    line = marked_line(written.text(policies=text))
    message = f"no request has the key '{key}'; did you mean '{meant}'?"
    assert found == ([] if meant is None else [(line, way, message)])


@pytest.mark.parametrize(
    ("element", "action", "meant"),
    [
        ("Action", "gateway:Revok", "gateway:Revoke"),
        ("NotAction", "Gateway:authenticates", "gateway:Authenticate"),
        ("Action", "execute-api:Invok", "execute-api:Invoke"),
        ("Action", "gateway:revoke", None),
        ("Action", "gateway:Re*", None),
        ("Action", "gateway:Revok?", None),
        ("Action", "gateway:SomethingElse", None),
        ("Action", "s3:GetObjekt", "s3:GetObject"),
        ("NotAction", "S3:putobjct", "s3:PutObject"),
        ("Action", "s3:ListBuckets", "s3:ListAllMyBuckets"),
        ("Action", "s3:headobject", "s3:GetObject"),
        ("Action", "s3:GETOBJECT", None),
        ("Action", "s3:GetObjekt*", None),
        ("Action", "s3:SomethingThatCameLater", None),
        ("Action", "sts:AssumeRoleWithWebIdentiy", "sts:AssumeRoleWithWebIdentity"),
        ("Action", "sts:AssumeRoleWithLDAPIdentity", None),
        ("Action", "dynamodb:GetItme", None),
        ("Action", "*", None),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_an_action_that_is_almost_one_is_told(
    written: Written, element: str, action: str, meant: str | None, listed: bool
) -> None:
    statement = {"Effect": "Deny", element: ["s3:GetObject", action] if listed else action, "Resource": "*"}
    text = f"read-lake: {json.dumps({'Version': '2012-10-17', 'Statement': statement})}"

    found = [one[1:] for one in warned(written, policies=text) if "no request has the action" in one[2]]

    way = f"policies.read-lake.Statement[0].{element}[{int(listed)}]"
    message = f"no request has the action '{action}'; did you mean '{meant}'?"
    assert found == ([] if meant is None else [(way, message)])


def test_every_action_that_the_gateway_asks_for_is_known() -> None:
    asked = {action for row in TABLE.values() for action in (*row.actions, *row.versioned)}
    asked |= {action for row in TABLE.values() for actions in row.grants.values() for action in actions}
    known = {f"{service}:{name}" for service, names in ACTIONS.items() for name in names.values()}

    assert asked <= known
    assert {f"sts:{name}" for name in ACTIONS_OF_STS} <= known
    assert set(ASKED_OTHERWISE.values()) <= known
    assert ASKED_OTHERWISE.keys().isdisjoint({name.lower() for name in known})


def test_a_policy_of_a_json_file_is_looked_through_too(written: Written) -> None:
    (written.folder / "policy.json").write_text(policy("aws:PrincipalTags/team"))

    found = warned(written, policies="read-lake: ${file:./policy.json}")

    assert any("did you mean 'aws:PrincipalTag/team'?" in message for _, _, message in found)


@pytest.mark.parametrize(
    "document",
    [
        "'{'",
        "'[]'",
        "{Statement: x}",
        "{Statement: [{Condition: x}]}",
        "{Statement: {Condition: {Bool: x}}}",
        "'{\"a\"'",
    ],
)
def test_what_is_no_policy_is_told_by_its_own_check_alone(written: Written, document: str) -> None:
    error = written.refused(policies=f"read-lake: {document}")

    assert not any("no request has" in one.message for one in error.warnings)
