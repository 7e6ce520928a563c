"""Where clients may send secrets, and the bounds of one exchange."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.client.connection import Address, GatewayUnreachable, UnusableAddress


def address(url: str, **changes: float) -> Address:
    return Address.of(url, timeout=changes.get("timeout", 2.0), maximum=int(changes.get("maximum", 100)))


@pytest.mark.parametrize(
    "url", ["https://sts.example.com", "https://h:8443/", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"]
)
def test_an_address_is_taken_without_its_last_slash(url: str) -> None:
    assert address(url).url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://sts.example.com", "use https"),
        ("http://127.0.0.1.example.com", "use https"),
        ("https://h/path", "HOST"),
        ("https://h?q", "HOST"),
        ("https://u:p@h", "HOST"),
        ("https://h:0", "HOST"),
        ("https://h:65536", "HOST"),
        ("https://h\n", "HOST"),
        ("ftp://h", "HOST"),
        ("", "HOST"),
    ],
)
def test_any_other_is_refused(url: str, told: str) -> None:
    with pytest.raises(UnusableAddress, match=told):
        address(url)


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that sends these bytes to one client."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(65_536)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join()


def test_an_answer_is_read_whole() -> None:
    with answering(b"HTTP/1.1 202 Accepted\r\nX-A: b\r\ncontent-length: 2\r\n\r\nok") as url:
        answer = address(url).ask("GET", "/", None, {})

    assert (answer.status, answer.headers["x-a"], answer.content) == (202, "b", b"ok")


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101, "larger than 100 bytes"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", "cut off"),
        (b"SSH-2.0-x\r\n", "BadStatusLine"),
        (b"", "RemoteDisconnected"),
    ],
    ids=["too large", "cut", "no HTTP", "nothing"],
)
def test_what_is_no_whole_answer_is_unreachable(answer: bytes, told: str) -> None:
    with answering(answer) as url, pytest.raises(GatewayUnreachable, match=told):
        address(url).ask("GET", "/", None, {})


def test_a_redirect_is_not_followed() -> None:
    with answering(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n") as url:
        assert address(url).ask("POST", "/", b"secret", {}).status == 302


def test_a_gateway_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(GatewayUnreachable, match="TimeoutError"):
        address(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.1).ask("GET", "/", None, {})


def test_a_gateway_that_does_not_run_is_told_in_plain_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(GatewayUnreachable, match=r"does not answer: Connection refused; does it run"):
        address(url).ask("GET", "/", None, {})


@pytest.mark.parametrize(("file", "told"), [("/nowhere", "No such file"), (__file__, "no PEM|NO_CERTIFICATE")])
def test_a_ca_file_that_is_none_is_told_and_not_passed_over(file: str, told: str) -> None:
    away = Address.of("https://127.0.0.1:9", timeout=1, maximum=1, ca_file=file)
    with pytest.raises(GatewayUnreachable, match=f"CA's file {file} cannot be used: .*({told})"):
        away.ask("GET", "/", None, {})
