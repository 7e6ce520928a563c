"""`sts-gateway sidecar`: words of its command line, and the name of its sessions."""

import argparse
import re
import socket

import pytest

from gateway.cli import sidecar
from gateway.cli.arguments import port
from gateway.sidecar.guard import TOKEN

GIVEN = ["--gateway", "https://sts.example.com", "--role-arn", "arn:aws:iam::111122223333:role/x", "--token-file", "t"]


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    sidecar.add_arguments(parser)
    return parser.parse_args([*GIVEN, *words])


def test_what_is_left_out_is_loopback_at_9911_without_imds_and_probes() -> None:
    arguments = parsed()

    assert (arguments.port, arguments.listen, arguments.imds, arguments.probe_port) == (9911, None, False, None)
    assert (arguments.duration, arguments.session_name) == (None, None)


def test_roles_and_addresses_may_be_repeated() -> None:
    arguments = parsed("--role-arn", "etl=arn:aws:iam::111122223333:role/y", "--listen", "127.0.0.1", "--listen", "::1")

    assert len(arguments.role_arn) == 2
    assert arguments.listen == ["127.0.0.1", "::1"]


@pytest.mark.parametrize(
    "words", [["--port", "65536"], ["--duration", "899"], ["--duration", "43201"], ["--probe-port", "x"]]
)
def test_a_number_outside_of_its_bounds_is_refused(words: list[str]) -> None:
    with pytest.raises(argparse.ArgumentError):
        parsed(*words)


@pytest.mark.parametrize("text", ["0", "-1", "+1", "65536", "1e3", "", "٣", "9" * 9])
def test_what_is_no_port_is_told(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        port(text)


def test_a_port_in_use_is_one_line_that_names_the_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TOKEN, "t" * 32)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert sidecar.run(parsed("--port", str(taken.getsockname()[1]))) == 1

    assert capsys.readouterr().err.endswith("name another port (--listen, --port, --probe-port)\n")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("etl-7d9c-x2x9z", "etl-7d9c-x2x9z"),
        ("pod.ns@cluster", "pod.ns@cluster"),
        ("a", "a-"),
        ("", "--"),
        ("größe/x y", "gr--e-x-y"),
        ("x" * 100, "x" * 64),
    ],
)
def test_a_session_is_named_in_awss_grammar(text: str, name: str) -> None:
    assert sidecar.session_name(text) == name
    assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII)
