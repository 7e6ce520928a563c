"""`credentials --serve`: what a person's programs are told, and how the endings of a sign-in reach them."""

import socket
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.cli.local_endpoint import _print, _serve, _source, _variables
from gateway.client.connection import GatewayUnreachable
from gateway.client.identity_center import Refused
from gateway.client.person import NobodySignedIn
from gateway.client.sts import StsRefusal
from gateway.sidecar.guard import TOKEN, TOKEN_FILE

LINE = "export {name}='{value}'"
GIVEN = {"accessKeyId": "ASIA1", "secretAccessKey": "s", "sessionToken": "t", "expiration": 1_700_000_000_000}


class Signed:
    """Stands in for a person's cache."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self.answer = answer

    def fresh_credentials(self, account: str, role: str) -> Mapping[str, Any]:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def source(answer: Mapping[str, Any] | Exception) -> Any:
    return _source(Signed(answer), "111122223333", "Analyst")  # type: ignore[arg-type]


def test_a_token_is_made_and_both_variables_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    variables = _variables({}, 9911)
    _print(variables, LINE)

    assert len(variables[TOKEN]) >= 32
    assert capsys.readouterr().out.splitlines() == [
        "export AWS_CONTAINER_CREDENTIALS_FULL_URI='http://127.0.0.1:9911/v1/credentials'",
        f"export {TOKEN}='{variables[TOKEN]}'",
    ]
    assert variables[TOKEN] != _variables({}, 9911)[TOKEN]


@pytest.mark.parametrize("environment", [{TOKEN: "mine"}, {TOKEN_FILE: "/mine"}])
def test_a_token_of_the_persons_own_is_kept_and_not_shown(environment: dict[str, str]) -> None:
    assert list(_variables(environment, 9911)) == ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]


def test_programs_are_not_sent_to_a_port_that_somebody_else_has(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        code = _serve(source(GIVEN), stranger.getsockname()[1], LINE)

    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert told.err.endswith("name another port (--serve)\n")


def test_the_end_is_in_seconds() -> None:
    keys = source(GIVEN).fetch()

    assert (keys.access_key_id, keys.expires) == ("ASIA1", 1_700_000_000)


@pytest.mark.parametrize(
    ("fault", "error", "told"),
    [
        (NobodySignedIn("https://sts.example.com"), StsRefusal, "run sts-gateway login"),
        (Refused("ForbiddenException", "not yours"), StsRefusal, "not yours"),
        (GatewayUnreachable("away"), GatewayUnreachable, "away"),
        (OSError(28, "No space left on device"), GatewayUnreachable, "No space left"),
    ],
)
def test_what_goes_wrong_is_an_answer_and_never_the_end_of_the_thread(
    fault: Exception, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        source(fault).fetch()
