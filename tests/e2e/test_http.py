"""What a running gateway answers to bare HTTP: to monitors, to browsers, and to clients that do not follow the rules."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.e2e.server import VERSION, Gateway, assumption, error_of

FORM = {"content-type": "application/x-www-form-urlencoded"}
IDENTITY = {"Action": "GetCallerIdentity", "Version": VERSION}
KIB = 1024

Ask = Callable[[httpx.Client], httpx.Response]

ANYTHING: dict[str, Ask] = {
    "a probe": lambda http: http.get("/healthz"),
    "the root": lambda http: http.get("/"),
    "an error of STS": lambda http: http.post("/", data=IDENTITY),
    "a path where nothing is": lambda http: http.get("/nowhere"),
    "a method that is none": lambda http: http.request("BREW", "/"),
    "a method for nothing here": lambda http: http.delete("/"),
    "headers beyond their bound": lambda http: http.get("/", headers={"x-long": "x" * 70 * KIB}),
    "a URL beyond its bound": lambda http: http.get(f"/?{'x' * 50 * KIB}"),
}


@pytest.fixture
def http(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.url) as client:
        yield client


@pytest.mark.parametrize("ask", ANYTHING.values(), ids=ANYTHING)
def test_every_answer_has_a_request_id_and_is_kept_by_nobody(http: httpx.Client, ask: Ask) -> None:
    answers = [ask(http), ask(http)]

    ids = {answer.headers["x-amzn-requestid"] for answer in answers}
    assert len(ids) == 2
    assert "" not in ids
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers


def test_answers_of_the_application_forbid_pages_what_they_do_not_need(http: httpx.Client) -> None:
    headers = http.get("/healthz").headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    # http on loopback: a browser must not be told to insist on https there.
    assert "strict-transport-security" not in headers


def test_credentials_are_kept_by_nobody_and_carry_the_id_of_their_answer(gateway: Gateway, token: str) -> None:
    answer = gateway.assume(token)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/xml"
    assert f"<RequestId>{answer.headers['x-amzn-requestid']}</RequestId>" in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_says_that_all_is_well(http: httpx.Client, path: str) -> None:
    assert http.get(path).status_code == 200
    assert http.head(path).status_code == 200
    assert http.post(path).status_code == 405


def test_whoever_opens_the_address_is_led_to_the_portal(http: httpx.Client) -> None:
    answer = http.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


@pytest.mark.parametrize("host", ["sts.amazonaws.com", "localhost:1", "a.name.that.nobody.configured"])
def test_sts_answers_under_any_host_name(gateway: Gateway, token: str, host: str) -> None:
    assert httpx.post(gateway.url, data=assumption(token), headers={"host": host}).status_code == 200


REFUSED: dict[str, tuple[Ask, tuple[int, str]]] = {
    "an unknown action": (
        lambda http: http.post("/", data={"Action": "Nothing", "Version": VERSION}),
        (400, "InvalidAction"),
    ),
    "no version": (lambda http: http.post("/", data={"Action": "GetCallerIdentity"}), (400, "InvalidAction")),
    "another version": (
        lambda http: http.post("/", data={**IDENTITY, "Version": "2010-05-08"}),
        (400, "InvalidAction"),
    ),
    "no action": (lambda http: http.post("/", data={"Version": VERSION}), (400, "MissingAction")),
    "no signature": (lambda http: http.post("/", data=IDENTITY), (403, "MissingAuthenticationToken")),
    "a token in a URL": (lambda http: http.get("/", params=assumption("a.b.c")), (405, "MethodNotAllowed")),
    "another method": (lambda http: http.put("/", data=IDENTITY), (405, "MethodNotAllowed")),
    "several parts": (
        lambda http: http.post("/", files={"Action": (None, "GetCallerIdentity")}),
        (415, "UnsupportedMediaType"),
    ),
    "JSON": (lambda http: http.post("/", json=IDENTITY), (415, "UnsupportedMediaType")),
    "a compressed form": (
        lambda http: http.post("/", content=b"\x1f\x8b", headers={**FORM, "content-encoding": "gzip"}),
        (415, "UnsupportedMediaType"),
    ),
    "one parameter twice": (
        lambda http: http.post("/", content=urlencode([*IDENTITY.items(), *IDENTITY.items()]), headers=FORM),
        (400, "ValidationError"),
    ),
    "one parameter in URL and form": (
        lambda http: http.post("/?Action=GetCallerIdentity", data=IDENTITY),
        (400, "ValidationError"),
    ),
    "a broken escape": (lambda http: http.post("/", content=b"Action=%zz", headers=FORM), (400, "ValidationError")),
    "bytes that are no text": (
        lambda http: http.post("/", content=b"Action=%ff", headers=FORM),
        (400, "ValidationError"),
    ),
    "a body beyond its bound": (
        lambda http: http.post("/", content=b"Action=" + b"x" * 256 * KIB, headers=FORM),
        (413, "RequestEntityTooLarge"),
    ),
    "a token beyond its bound": (
        lambda http: http.post("/", data=assumption("x" * 20_001)),
        (400, "ValidationError"),
    ),
    "SigV2": (
        lambda http: http.post("/", data=IDENTITY, headers={"authorization": "AWS AKIA:c2ln"}),
        (400, "IncompleteSignature"),
    ),
    "SigV4A": (
        lambda http: http.post("/", data=IDENTITY, headers={"authorization": "AWS4-ECDSA-P256-SHA256 Credential=x"}),
        (400, "IncompleteSignature"),
    ),
}


@pytest.mark.parametrize(("ask", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_as_sts_refuses(http: httpx.Client, ask: Ask, told: tuple[int, str]) -> None:
    answer = ask(http)

    assert error_of(answer) == told
    assert answer.text.startswith('<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">')


def test_the_parameters_may_stand_in_a_posts_url_as_minios_clients_send_them(gateway: Gateway, token: str) -> None:
    answer = httpx.post(gateway.url, params=assumption(token))

    assert answer.status_code == 200
    assert "WebIdentityToken" not in gateway.err


def _exchanged(gateway: Gateway, sent: bytes) -> bytes:
    """What comes back for bytes that no HTTP client would send, until the gateway closes."""
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        came = b""
        # Whoever is cut off in the middle of sending reads what came before that, if anything did.
        with contextlib.suppress(ConnectionError):
            connection.sendall(sent)
            while piece := connection.recv(64 * KIB):
                came += piece
        return came


SMUGGLED: dict[str, bytes] = {
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nAction",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an encoding that is none": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Folded: a\r\n b\r\n\r\n",
    "a blank before the colon": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Blank : a\r\n\r\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Nul: a\x00b\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "an absolute URL": b"GET http://elsewhere/healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "what is no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("sent", SMUGGLED.values(), ids=SMUGGLED)
def test_what_two_readers_could_read_differently_ends_its_connection(gateway: Gateway, sent: bytes) -> None:
    came = _exchanged(gateway, sent + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")

    assert came.startswith(b"HTTP/1.1 4")
    assert came.count(b"HTTP/1.1 ") == 1


def test_a_header_that_never_ends_is_cut_off(gateway: Gateway) -> None:
    came = _exchanged(gateway, b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 1024 * KIB)

    assert not came or came.startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{gateway.url}/healthz").status_code == 200
