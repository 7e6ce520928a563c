"""A MinIO policy moves over unchanged: what it asks of the sign-in travels in the session, and nothing else does."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import ActionDenied, RoleAssumptionDenied
from gateway.exchange.request_keys import request_context
from gateway.roles.identity_keys import carried_values
from gateway.sigv4.rules import S3_RULES
from tests.fakes.gateway_world import ORIGIN, START, GatewayWorld, sha256
from tests.unit.roles.test_identity_keys import of_directory

ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject"]}
POLICIES = {
    "read-lake": {
        "Version": "2012-10-17",
        "Statement": [
            {**ALLOW, "Resource": ["arn:aws:s3:::home/${jwt:preferred_username}/*"]},
            {**ALLOW, "Resource": ["arn:aws:s3:::names/${aws:username}/*"]},
            {**ALLOW, "Resource": ["arn:aws:s3:::team/*"],
             "Condition": {"ForAnyValue:StringEquals": {"jwt:groups": ["analysts"]}}},
        ],
    },
    "all-s3": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]},
}  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, policies=text())


def text() -> str:
    return "\n".join(f"{name}: {json.dumps(policy)}" for name, policy in POLICIES.items())


def reads(world: GatewayWorld, credentials: Any, path: str) -> bool:
    (service,) = world.configuration.services
    http = world.signed(credentials, method="GET", path=path, host="s3.example.com", service="s3", rules=S3_RULES)
    try:
        world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)
    except ActionDenied:
        return False
    return True


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/home/alice.b/a", True),
        ("/home/bob/a", False),
        ("/names/alice/a", True),
        ("/names/bob/a", False),
        ("/team/a", True),
        ("/other/a", False),
    ],
)
async def test_the_policys_variables_have_the_values_of_the_sign_in(
    world: GatewayWorld, path: str, allowed: bool
) -> None:
    token = world.token("analysts", preferred_username="alice.b")

    assert reads(world, (await world.assume(token)).credentials, path) is allowed


async def test_a_claim_is_text_and_never_a_pattern(world: GatewayWorld) -> None:
    session = await world.assume(world.token("analysts", preferred_username="*"))

    assert not reads(world, session.credentials, "/home/bob/a")
    assert reads(world, session.credentials, "/home/*/a")


async def test_only_what_the_policies_name_travels(world: GatewayWorld) -> None:
    session = await world.assume(world.token("analysts", preferred_username="alice.b", department="finance"))

    own = {key for key in session.principal.condition_keys if key.startswith(("jwt:", "aws:user"))}
    assert own == {"jwt:preferred_username", "jwt:groups", "aws:username"}


async def test_nothing_travels_for_a_role_whose_policies_name_nothing(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, policies=text(), roles="lake/Analyst: {policies: [all-s3]}\nlake/Engineer: {}")

    session = await world.assume(world.token("analysts", preferred_username="alice.b"))

    assert not [key for key in session.principal.condition_keys if key.startswith(("jwt:", "aws:user"))]


async def test_what_a_session_policy_names_travels_too(world: GatewayWorld) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "arn:aws:s3:::team/${jwt:department}"}]}

    session = await world.assume(world.token("analysts", department="finance"), policy=json.dumps(policy))

    assert session.principal.condition_keys["jwt:department"] == ("finance",)
    assert reads(world, session.credentials, "/team/finance")
    assert not reads(world, session.credentials, "/team/sales")


async def test_what_a_managed_session_policy_names_travels_too(tmp_path: Path) -> None:
    more = {"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "arn:aws:s3:::team/${jwt:department}"}]}
    world = GatewayWorld(tmp_path, policies=f"{text()}\nof-department: {json.dumps(more)}")

    session = await world.assume(
        world.token("analysts", department="finance"), policy_arns=("arn:aws:iam::111122223333:policy/of-department",)
    )

    assert session.principal.condition_keys["jwt:department"] == ("finance",)


async def test_a_token_with_two_claims_for_one_key_opens_no_session(world: GatewayWorld) -> None:
    token = world.token("analysts", preferred_username="alice", Preferred_Username="root")

    with pytest.raises(RoleAssumptionDenied) as caught:
        await world.assume(token)
    assert "differ only by case" in caught.value.cause


async def test_a_directorys_attribute_does_not_count_as_a_second_factor(world: GatewayWorld) -> None:
    principal = (await world.assume()).principal
    person = replace(of_directory(), claims={"amr": "mfa"})
    keys = carried_values(person, frozenset({"ldap:amr"}))

    context = request_context(replace(principal, condition_keys=keys), {}, ORIGIN, START, {})

    assert context.values["ldap:amr"] == ("mfa",)
    assert context.values["aws:multifactorauthpresent"] == ("false",)
