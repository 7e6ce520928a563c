"""AssumeRoleWithWebIdentity as a workload asks it: what is sent, and what is believed of the answer."""

import json
from collections.abc import Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qs

import pytest

from gateway.client.connection import Address, GatewayUnreachable, HttpAnswer
from gateway.client.sts import SessionKeys, Sts, StsRefusal

GIVEN = {
    "AccessKeyId": "ASIAEXAMPLEEXAMPLE11",
    "SecretAccessKey": "se/cret+=",
    "SessionToken": "to-ken_",
    "Expiration": 1_700_000_000,
}


class Answering:
    """Stands in for the network: one answer, and what was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.content = _document(GIVEN)
        self.asked: list[tuple[str, str, bytes | None, Mapping[str, str]]] = []

    def ask(self, *request: Any) -> HttpAnswer:
        self.asked.append(request)
        return HttpAnswer(status=self.status, headers=Message(), content=self.content)


def _document(credentials: Any) -> bytes:
    result = {"AssumeRoleWithWebIdentityResult": {"Credentials": credentials}}
    return json.dumps({"AssumeRoleWithWebIdentityResponse": result}).encode()


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Answering:
    network = Answering()
    monkeypatch.setattr(Address, "ask", network.ask)
    return network


def assume(**changes: Any) -> SessionKeys:
    asked = {"role_arn": "arn:aws:iam::111122223333:role/x", "session_name": "pod", "token": "a.b.c", "duration": None}
    return Sts("https://sts.example.com").assume_role_with_web_identity(**{**asked, **changes})


@pytest.mark.parametrize(("duration", "sent"), [(None, None), (3600, ["3600"])])
def test_the_token_goes_in_the_body_and_json_is_asked_for(
    network: Answering, duration: int | None, sent: list[str] | None
) -> None:
    keys = assume(duration=duration)

    method, target, body, headers = network.asked[0]
    assert (method, target, headers["accept"]) == ("POST", "/", "application/json")
    assert body is not None
    form = parse_qs(body.decode())
    assert (form["Action"], form["WebIdentityToken"]) == (["AssumeRoleWithWebIdentity"], ["a.b.c"])
    assert (form["RoleSessionName"], form.get("DurationSeconds")) == (["pod"], sent)
    assert (keys.access_key_id, keys.secret_access_key) == (GIVEN["AccessKeyId"], GIVEN["SecretAccessKey"])
    assert (keys.session_token, keys.expires) == (GIVEN["SessionToken"], 1_700_000_000)
    assert "se/cret" not in repr(keys)
    assert "to-ken" not in repr(keys)


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (403, "AccessDenied", StsRefusal),
        (400, "ExpiredTokenException", StsRefusal),
        (400, "IDPCommunicationError", GatewayUnreachable),
        (400, "Throttling", GatewayUnreachable),
        (429, "SlowDown", GatewayUnreachable),
        (500, "InternalFailure", GatewayUnreachable),
        (503, "ServiceUnavailable", GatewayUnreachable),
    ],
)
def test_a_refusal_is_told_apart_from_what_was_not_decided(
    network: Answering, status: int, code: str, error: type[Exception]
) -> None:
    network.status = status
    network.content = json.dumps({"Error": {"Code": code, "Message": "why\x1b[2J", "Type": "Sender"}}).encode()

    with pytest.raises(error) as told:
        assume()
    assert "why?[2J" in str(told.value)
    assert not isinstance(told.value, StsRefusal) or told.value.code == code


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, _document({**GIVEN, "AccessKeyId": "x"})),
        (200, _document({**GIVEN, "SecretAccessKey": "line\r\nbreak"})),
        (200, _document({**GIVEN, "SessionToken": ""})),
        (200, _document({**GIVEN, "SessionToken": 7})),
        (200, _document({**GIVEN, "Expiration": "soon"})),
        (200, _document({**GIVEN, "Expiration": 1e300})),
        (200, _document({**GIVEN, "Expiration": 10**400})),
        (200, _document({**GIVEN, "Expiration": float("nan")})),
        (200, _document(None)),
        (200, b"[" * 100_000),
        (302, b"{}"),
        (403, b"Forbidden"),
        (403, b'{"Error": {"Code": "<script>", "Message": "x"}}'),
    ],
)
def test_what_is_no_answer_of_a_gateway_is_not_believed(network: Answering, status: int, content: bytes) -> None:
    network.status, network.content = status, content

    with pytest.raises(GatewayUnreachable, match="not as a gateway does"):
        assume()
