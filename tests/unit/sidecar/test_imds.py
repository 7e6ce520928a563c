"""IMDSv2: tokens, the list of one role, and codes that keep clients in version 2."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sidecar.imds import InstanceMetadata
from gateway.sidecar.message import Fault, Response
from tests.unit.sidecar.made import KEYS, Time, request, role

ROLES = "/latest/meta-data/iam/security-credentials"
TOKEN_PATH = "/latest/api/token"
TTL = "x_aws_ec2_metadata_token_ttl_seconds"
TOKEN = "x_aws_ec2_metadata_token"


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.roles = [role(self.time), role(self.time, "etl", imds_name="etl")]
        for served in self.roles:
            served.held.take(KEYS)
        self.imds = InstanceMetadata(self.roles, self.time)

    def token(self, seconds: int = 60) -> str:
        return self.imds.answer(request(TOKEN_PATH, "PUT", **{TTL: str(seconds)})).body.decode()

    def ask(self, path: str, **headers: Any) -> Response:
        return self.imds.answer(request(path, **{TOKEN: self.token(), **headers}))

    def refused(self, path: str, method: str = "GET", **headers: Any) -> int:
        with pytest.raises(Fault) as told:
            self.imds.answer(request(path, method, **headers))
        return told.value.status


@pytest.fixture
def world() -> World:
    return World()


def test_the_first_role_is_listed_alone_and_each_may_be_asked_for(world: World) -> None:
    assert world.ask(f"{ROLES}/").body == b"Analyst"
    assert {json.loads(world.ask(f"{ROLES}/{name}").body)["Code"] for name in ("Analyst", "etl")} == {"Success"}


def test_the_document_is_ec2s(world: World) -> None:
    assert json.loads(world.ask(f"{ROLES}/Analyst").body) == {
        "Code": "Success",
        "LastUpdated": "2023-11-14T22:13:20Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": "ASIAEXAMPLEEXAMPLE11",
        "SecretAccessKey": "the-secret",
        "Token": "the-session-token",
        "Expiration": "2023-11-14T23:13:20Z",
        "AccountId": "111122223333",
    }


@pytest.mark.parametrize("seconds", [1, 300, 21_600])
def test_a_token_holds_as_long_as_was_asked_for(world: World, seconds: int) -> None:
    token = world.token(seconds)
    world.time.now += seconds - 0.5
    assert world.refused(f"{ROLES}/Nobody", **{TOKEN: token}) == 404

    world.time.now += 0.5

    assert world.refused(f"{ROLES}/Nobody", **{TOKEN: token}) == 401


@pytest.mark.parametrize("seconds", [None, "", "0", "21601", "-5", " 60", "60 ", "6e1", "٣", "9" * 40])
def test_a_life_that_cannot_be_is_400(world: World, seconds: str | None) -> None:
    assert world.refused(TOKEN_PATH, "PUT", **{TTL: seconds}) == 400


@given(st.data())
def test_a_token_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    world = World()
    raw = bytearray(base64.urlsafe_b64decode(world.token()))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))

    assert world.refused(f"{ROLES}/", **{TOKEN: base64.urlsafe_b64encode(raw).decode()}) == 401


@given(st.text(max_size=120))
def test_no_text_is_taken_for_a_token(text: str) -> None:
    assert World().refused(f"{ROLES}/", **{TOKEN: text}) == 401


def test_tokens_of_another_sidecar_are_refused(world: World) -> None:
    assert world.refused(f"{ROLES}/", **{TOKEN: World().token()}) == 401


@pytest.mark.parametrize("path", [f"{ROLES}/", f"{ROLES}/Analyst", f"{ROLES}/Nobody", "/latest/user-data"])
def test_version_1_is_401_everywhere(world: World, path: str) -> None:
    assert world.refused(path) == 401


@pytest.mark.parametrize("path", ["/latest/", "/latest/user-data", f"{ROLES}/Nobody", f"{ROLES}-extended/Analyst"])
def test_there_is_nothing_else(world: World, path: str) -> None:
    assert world.refused(path, **{TOKEN: world.token()}) == 404


@pytest.mark.parametrize(("path", "method"), [(TOKEN_PATH, "GET"), (f"{ROLES}/", "POST")])
def test_another_method_is_405(world: World, path: str, method: str) -> None:
    assert world.refused(path, method, **{TOKEN: world.token()}) == 405


@pytest.mark.parametrize("path", [f"{ROLES}/", f"{ROLES}/Analyst"])
def test_under_25_minutes_nothing_is_given_while_the_gateway_answers(world: World, path: str) -> None:
    world.time.now += 35 * 60
    assert world.ask(path).status == 200
    world.time.now += 1
    assert world.refused(path, **{TOKEN: world.token()}) == 503

    world.roles[0].held.unreachable("GatewayUnreachable", "away")

    assert world.ask(path).status == 200
