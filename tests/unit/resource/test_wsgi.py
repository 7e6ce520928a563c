"""The WSGI middleware: what servers tell of a request, and what must not be believed of it."""

import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import ActionDenied
from gateway.resource import require
from gateway.resource.wsgi import CALLER, SigV4Wsgi
from tests.unit.resource.world import HOST, ResourceWorld

Start = Callable[[str, list[tuple[str, str]]], Any]


def application(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
    if environ["PATH_INFO"].endswith("/approve"):
        require("orders:Approve", "arn:aws:orders:::order/blue/7")
    if environ["PATH_INFO"].endswith("/delete"):
        require("orders:Delete", "arn:aws:orders:::order/blue/7")
    caller = environ.get(CALLER)
    start_response("200 OK", [])
    return [f"{caller and caller.session_name}:".encode(), environ["wsgi.input"].read()]


class Client:
    """Speaks WSGI as a server does."""

    def __init__(self, world: ResourceWorld) -> None:
        self.world = world
        self.app = SigV4Wsgi(application, world.verifier, open_paths=["/healthz"], maximum_body=1_000)
        self.alice = world.session()

    def environment(self, path: str, body: bytes = b"", method: str = "POST", query: str = "") -> dict[str, Any]:
        http = self.world.order(self.alice, method=method, path=path, query=query, body=body)
        headers = {f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode() for name, value in http.headers}
        return {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "RAW_URI": f"{path}?{query}" if query else path,
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_ADDR": "192.0.2.7",
            "wsgi.url_scheme": "https",
            "wsgi.input": io.BytesIO(body + b"of the next request"),
            **headers,
        }

    def send(self, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        told: list[Any] = []
        body = b"".join(self.app(environ, lambda status, headers: told.append((status, headers))))
        ((status, headers),) = told
        return int(status.split()[0]), dict(headers), body


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(ResourceWorld(tmp_path))


def test_a_signed_request_is_served_with_its_caller_and_body(client: Client) -> None:
    assert client.send(client.environment("/orders/7", b"data"))[::2] == (200, b"alice:data")


def test_the_query_is_signed_as_it_came(client: Client) -> None:
    assert client.send(client.environment("/orders/7", method="GET", query="a=%2F&b"))[0] == 200


def test_a_prefix_of_the_application_is_part_of_what_was_signed(client: Client) -> None:
    environ = client.environment("/orders/7")
    assert client.send({**environ, "SCRIPT_NAME": "/orders", "PATH_INFO": "/7"})[0] == 200


@pytest.mark.parametrize("target", ["https://orders.example.com/orders/7", "/orders/7"])
def test_other_servers_tell_the_target_by_another_name(client: Client, target: str) -> None:
    environ = client.environment("/orders/7")
    del environ["RAW_URI"]
    assert client.send({**environ, "REQUEST_URI": target})[0] == 200


FORGED: dict[str, dict[str, Any]] = {
    "another path than was signed": {"PATH_INFO": "/admin"},
    "a prefix that was not signed": {"SCRIPT_NAME": "/admin"},
    "another query than was signed": {"QUERY_STRING": "all=1"},
}


@pytest.mark.parametrize("changed", FORGED.values(), ids=FORGED)
def test_what_the_application_routes_by_is_what_was_signed(client: Client, changed: dict[str, Any]) -> None:
    """Gunicorn takes PATH_INFO and SCRIPT_NAME from headers of whoever comes from loopback."""
    status, _, body = client.send({**client.environment("/orders/7"), **changed})
    assert status == 400
    assert "target" in json.loads(body)["message"]


def test_a_changed_body_is_refused(client: Client) -> None:
    environ = client.environment("/orders/7", b"data")
    status, headers, body = client.send({**environ, "wsgi.input": io.BytesIO(b"evil")})
    assert (status, json.loads(body)["__type"]) == (403, "InvalidSignatureException")
    assert headers["content-length"] == str(len(body))


def test_an_unsigned_request_is_refused_but_on_open_paths(client: Client) -> None:
    environ = client.environment("/orders/7")
    bare = {name: value for name, value in environ.items() if name != "HTTP_AUTHORIZATION"}
    assert client.send(bare)[0] == 403
    opened = client.send({**bare, "RAW_URI": "/healthz", "PATH_INFO": "/healthz"})
    assert opened[::2] == (200, b"None:of the next request")


def test_a_large_body_is_refused_before_it_is_read(client: Client) -> None:
    environ = {**client.environment("/orders/7"), "CONTENT_LENGTH": "1001", "wsgi.input": None}
    assert client.send(environ)[0] == 413


def test_a_body_of_unknown_length_is_read_to_its_end_and_bound(client: Client) -> None:
    environ = client.environment("/orders/7", b"data")
    chunked = {**environ, "CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b"data")}
    assert client.send(chunked)[::2] == (200, b"alice:data")
    assert client.send({**chunked, "wsgi.input": io.BytesIO(b"x" * 1001)})[0] == 413


def test_what_the_application_requires_is_answered_alike(client: Client) -> None:
    assert client.send(client.environment("/orders/approve"))[0] == 200
    status, _, body = client.send(client.environment("/orders/delete"))
    assert (status, json.loads(body)["__type"]) == (403, "AccessDeniedException")


def test_a_framework_that_answers_by_itself_is_told_what(client: Client) -> None:
    error = ActionDenied(principal="p", action="a", resource="r", cause="c")
    body, status, headers = client.app.refusal(error, "GET")
    assert (json.loads(body)["__type"], status) == ("AccessDeniedException", 403)
    assert dict(headers)["content-type"] == "application/json"


def test_a_server_that_tells_no_target_is_a_fault(client: Client) -> None:
    environ = client.environment("/orders/7")
    del environ["RAW_URI"]
    assert client.send(environ)[0] == 500


def test_the_peers_address_is_a_condition_key(client: Client) -> None:
    assert client.send({**client.environment("/orders/7"), "REMOTE_ADDR": "203.0.113.5"})[0] == 403


def test_the_host_is_signed(client: Client) -> None:
    assert client.send({**client.environment("/orders/7"), "HTTP_HOST": f"evil.{HOST}"})[0] == 403
