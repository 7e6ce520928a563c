"""Where clients may send secrets, and the bounds of one exchange."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from gateway.client.connection import Address, GatewayUnreachable, UnusableAddress
from tests.servers.certificates import Authority


def address(url: str, **changes: float) -> Address:
    return Address.of(url, timeout=changes.get("timeout", 2.0), maximum=int(changes.get("maximum", 100)))


@pytest.mark.parametrize(
    "url",
    [
        "https://sts.example.com",
        "https://h:8443/",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:1",
        "https://h.",
    ],
)
def test_an_address_is_taken_without_its_last_slash(url: str) -> None:
    assert address(url).url == url.rstrip("/")


def test_an_address_is_one_however_it_is_typed() -> None:
    assert address("HTTPS://STS.Example.com:8443/").url == "https://sts.example.com:8443"


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
        ("https://a..b", "HOST"),
        ("https://\u212a.example.com", "HOST"),
        ("https://.h", "HOST"),
        (f"https://{'a' * 64}.example.com", "HOST"),
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


def test_what_is_no_http_is_told_in_a_short_line_that_moves_no_terminal() -> None:
    with answering(b"\x1b[2J" * 5_000 + b"\n") as url, pytest.raises(GatewayUnreachable) as told:
        address(url).ask("GET", "/", None, {})
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 500


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


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nx-a: ", b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n"])
def test_an_answer_that_comes_in_drops_is_given_up(begun: bytes) -> None:
    """Each drop comes in time: what is awaited is the whole of it."""
    ended = threading.Event()

    def drip(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client, suppress(OSError):
            client.sendall(begun)
            while not ended.wait(0.02):
                client.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=[listening])
        thread.start()
        asked = address(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=0.1, maximum=10**6)
        began = time.monotonic()
        try:
            with pytest.raises(GatewayUnreachable, match="TimeoutError"):
                asked.ask("GET", "/", None, {})
        finally:
            ended.set()
            thread.join()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("host", "trusts", "told"),
    [
        ("localhost", False, "name its CA by --ca-file"),
        ("127.0.0.1", True, "ask it by a name that stands there"),
        ("localhost", True, None),
    ],
    ids=["nobody's", "another host's", "good"],
)
def test_a_certificates_fault_is_told_with_its_mend(host: str, trusts: bool, told: str | None, tmp_path: Path) -> None:
    authority, other = Authority(tmp_path / "own"), Authority(tmp_path / "other")
    pair = authority.issue("server", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    def serve(listening: socket.socket) -> None:
        client, _ = listening.accept()
        with client, suppress(OSError), context.wrap_socket(client, server_side=True) as secured:
            secured.recv(65_536)
            secured.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=[listening])
        thread.start()
        url = f"https://{host}:{listening.getsockname()[1]}"
        ca_file = str((authority if trusts else other).file)
        asked = Address.of(url, timeout=5, maximum=100, ca_file=ca_file)
        if told is None:
            assert asked.ask("GET", "/", None, {}).content == b"ok"
        else:
            with pytest.raises(GatewayUnreachable, match=f"its certificate: .*[^.]; {told}$"):
                asked.ask("GET", "/", None, {})
        thread.join()
