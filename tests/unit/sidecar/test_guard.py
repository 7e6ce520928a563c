"""The authorization token, its file, and what marks a request as a browser's or a proxy's."""

from pathlib import Path

import pytest

from gateway.sidecar.guard import TOKEN, TOKEN_FILE, Authorization, UnusableAuthorization, check_caller
from gateway.sidecar.listening import Hosts, listening_on
from gateway.sidecar.message import Fault
from tests.unit.sidecar.made import Time, request

HOSTS = Hosts(listening_on(["127.0.0.1"], imds=False))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "authorization"
    path.write_text("first")
    return path


def held(authorization: Authorization, sent: str | None) -> bool:
    try:
        authorization.check(sent)
    except Fault as fault:
        return fault.status != 401
    return True


def test_the_file_wins_over_the_variable(path: Path) -> None:
    authorization = Authorization({TOKEN: "other", TOKEN_FILE: str(path)}, Time())

    assert (held(authorization, "first"), held(authorization, "other")) == (True, False)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "without it every program here could ask"),
        ({TOKEN: "", TOKEN_FILE: ""}, "without it every program here could ask"),
        ({TOKEN: "x\n"}, "ends with a newline"),
        ({TOKEN: "x\r\n"}, "ends with a newline"),
        ({TOKEN: " x"}, "printable ASCII"),
        ({TOKEN: "x\x00y"}, "printable ASCII"),
        ({TOKEN: "ü"}, "printable ASCII"),
        ({TOKEN: "x" * 8193}, "printable ASCII"),
        ({TOKEN_FILE: "/nowhere/at/all"}, "No such file"),
    ],
)
def test_it_does_not_begin_with_a_token_that_no_client_could_send(environment: dict[str, str], told: str) -> None:
    with pytest.raises(UnusableAuthorization, match=told):
        Authorization(environment, Time())


def test_a_changed_file_counts_at_once_and_the_token_before_for_a_minute(path: Path) -> None:
    time = Time()
    authorization = Authorization({TOKEN_FILE: str(path)}, time)
    path.write_text("second")

    assert (held(authorization, "second"), held(authorization, "first"), held(authorization, "third")) == (
        True,
        True,
        False,
    )
    time.now += 60
    assert (held(authorization, "second"), held(authorization, "first")) == (True, False)


def test_a_file_that_cannot_be_read_lets_nobody_in(path: Path) -> None:
    authorization = Authorization({TOKEN_FILE: str(path)}, Time())
    path.unlink()

    with pytest.raises(Fault, match="No such file") as told:
        authorization.check("first")
    assert told.value.status == 500


@pytest.mark.parametrize("sent", [None, "", "fürst", "first\u20ac"])
def test_nothing_or_another_alphabet_is_401(sent: str | None) -> None:
    assert not held(Authorization({TOKEN: "first"}, Time()), sent)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:9911", "LOCALHOST", "[::1]:80", "127.9.9.9", "169.254.169.254", "[fd00:ec2::23]"]
)
def test_our_own_names_are_taken(host: str) -> None:
    check_caller(request("/", host=host), HOSTS)


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "attacker.example",
        "127.0.0.1.attacker.example",
        "10.0.0.1",
        "localhost.",
        "127.0.0.1:x",
        "[::1",
        "::1",
        "0x7f.1",
    ],
)
def test_another_host_is_refused(host: str | None) -> None:
    with pytest.raises(Fault) as told:
        check_caller(request("/", host=host), HOSTS)
    assert told.value.status == 403


@pytest.mark.parametrize(
    "header",
    [
        "origin",
        "sec_fetch_site",
        "x_forwarded_for",
        "x_forwarded_host",
        "x_forwarded_proto",
        "x_real_ip",
        "forwarded",
        "via",
    ],
)
@pytest.mark.parametrize("value", ["", "null", "x"])
def test_what_browsers_and_proxies_add_is_refused_whatever_it_says(header: str, value: str) -> None:
    with pytest.raises(Fault) as told:
        check_caller(request("/", **{header: value}), HOSTS)
    assert told.value.status == 403
