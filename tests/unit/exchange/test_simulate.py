"""A simulated request is decided as the server decides a real one of a session of the role."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import ActionDenied, MalformedPolicyDocument
from gateway.exchange.simulate import SimulatedRequest, simulate
from gateway.policy.decision import Decision
from gateway.settings.compiled import catalog_of
from gateway.sigv4.rules import S3_RULES
from tests.fakes.gateway_world import ORIGIN, START, GatewayWorld, sha256

OBJECT = "arn:aws:s3:::lake/a"
TAGGED = """
        read-lake:
          Version: "2012-10-17"
          Statement:
            - {Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:::lake/${aws:PrincipalTag/team}/*"}
            - {Effect: Allow, Action: "s3:*", Resource: "arn:aws:s3:::lake/by-key",
               Condition: {StringEquals: {KEY: VALUE}}}
            - {Effect: Deny, Action: "s3:DeleteObject", Resource: "*"}
        all-s3: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
        """


def decided(world: GatewayWorld, role: str = "lake/Analyst", **asked: Any) -> Decision:
    catalog = catalog_of(world.configuration)
    found = catalog.role_by_name(role)
    assert found is not None
    values = {"action": "s3:GetObject", "resource": OBJECT, "context": {}, **asked}
    return simulate(catalog, SimulatedRequest(role=found, **values), START)


def test_the_roles_policies_decide(world: GatewayWorld) -> None:
    assert decided(world).allowed
    assert decided(world).reason == "allowed by read-lake.Statement[0] (Read)"
    assert not decided(world, action="s3:PutObject").allowed


def test_the_boundary_limits(world: GatewayWorld) -> None:
    assert decided(world, role="lake/Engineer").allowed
    assert "permissions boundary" in decided(world, role="lake/Engineer", action="s3:PutObject").reason


def test_the_session_policy_limits(world: GatewayWorld) -> None:
    narrow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}}

    decision = decided(world, session_policy=json.dumps(narrow))

    assert not decision.allowed
    assert "session policy" in decision.reason


def test_a_session_policy_with_a_fault_is_told(world: GatewayWorld) -> None:
    with pytest.raises(MalformedPolicyDocument) as caught:
        decided(world, session_policy='{"Statement": []}')
    assert caught.value.path == "Statement"


def test_an_explicit_deny_is_told_with_its_statement(tmp_path: Path) -> None:
    decision = decided(
        GatewayWorld(tmp_path, policies=TAGGED), action="s3:DeleteObject", resource="arn:aws:s3:::lake/blue/a"
    )

    assert (decision.explicit_deny, [one.statement_id for one in decision.matched]) == (
        True,
        ["read-lake.Statement[2]"],
    )


@pytest.mark.parametrize(
    ("resource", "context", "allowed"),
    [
        ("arn:aws:s3:::lake/blue/a", {}, True),
        ("arn:aws:s3:::lake/red/a", {}, False),
        ("arn:aws:s3:::lake/red/a", {"AWS:principaltag/TEAM": ("red",)}, True),
        ("arn:aws:s3:::lake/blue/a", {"aws:PrincipalTag/team": ("red",)}, False),
    ],
)
def test_the_roles_tags_are_keys_until_the_request_says_otherwise(
    tmp_path: Path, resource: str, context: dict[str, Any], allowed: bool
) -> None:
    world = GatewayWorld(tmp_path, policies=TAGGED)

    assert decided(world, resource=resource, context=context).allowed is allowed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/Analyst"),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:CurrentTime", "2026-03-01T12:00:00Z"),
        ("aws:TokenIssueTime", "2026-03-01T12:00:00Z"),
        ("aws:MultiFactorAuthPresent", "false"),
    ],
)
def test_a_session_has_its_keys(tmp_path: Path, key: str, value: str) -> None:
    policies = TAGGED.replace("KEY", f'"{key}"').replace("VALUE", f'"{value}"')
    world = GatewayWorld(tmp_path, policies=policies)

    assert decided(world, resource="arn:aws:s3:::lake/by-key").allowed
    assert not decided(world, resource="arn:aws:s3:::lake/by-key", context={key: ("other",)}).allowed


def test_a_key_may_have_several_values(tmp_path: Path) -> None:
    policies = TAGGED.replace("StringEquals: {KEY: VALUE}", '"ForAllValues:StringEquals": {"x:y": [a, b]}')
    world = GatewayWorld(tmp_path, policies=policies)

    assert decided(world, resource="arn:aws:s3:::lake/by-key", context={"x:y": ("a", "b")}).allowed
    assert not decided(world, resource="arn:aws:s3:::lake/by-key", context={"x:y": ("a", "c")}).allowed


HIDDEN = TAGGED.replace(
    '- {Effect: Deny, Action: "s3:DeleteObject", Resource: "*"}',
    '- {Effect: Deny, Action: "s3:*", Resource: "*", Condition: {StringEquals: {"s3:ExistingObjectTag/hidden": "yes"}}}',
)


@pytest.mark.parametrize("action", ["s3:GetObject", "S3:getobject", "s3:ListBucket"])
def test_what_only_the_store_knows_helps_no_allow_and_every_deny(tmp_path: Path, action: str) -> None:
    policies = HIDDEN.replace("StringEquals: {KEY: VALUE}", 'StringNotEquals: {"s3:BucketTag/x": "n"}')
    world = GatewayWorld(tmp_path, policies=policies)

    plain = decided(world, action=action, resource="arn:aws:s3:::lake/blue/a")
    assert plain.explicit_deny is (action != "s3:ListBucket")
    assert not decided(world, action=action, resource="arn:aws:s3:::lake/by-key").allowed
    context = {"s3:ExistingObjectTag/hidden": ("no",), "S3:BucketTag/x": ("y",)}
    assert decided(world, action=action, resource="arn:aws:s3:::lake/by-key", context=context).allowed


async def test_it_agrees_with_the_server_about_what_is_not_seen(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, policies=HIDDEN.replace("KEY: VALUE", '"x:y": "z"'))
    (service,) = world.configuration.services
    credentials = (await world.assume()).credentials
    path, host = "/lake/blue/a", "s3.example.com"
    http = world.signed(credentials, method="GET", path=path, host=host, service="s3", rules=S3_RULES)

    with pytest.raises(ActionDenied) as denied:
        world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)

    assert denied.value.cause == decided(world, resource=f"arn:aws:s3:::{path[1:]}").reason


@pytest.mark.parametrize(("method", "action"), [("GET", "s3:GetObject"), ("PUT", "s3:PutObject")])
async def test_it_agrees_with_the_server(world: GatewayWorld, method: str, action: str) -> None:
    (service,) = world.configuration.services
    credentials = (await world.assume()).credentials
    http = world.signed(credentials, method=method, path="/lake/a", host="s3.example.com", service="s3", rules=S3_RULES)

    try:
        world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)
        cause = None
    except ActionDenied as denied:
        cause = denied.cause

    simulated = decided(world, action=action)
    assert cause == (None if simulated.allowed else simulated.reason)
