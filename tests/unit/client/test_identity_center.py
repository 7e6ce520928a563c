"""What a program on a person's machine believes of a gateway's answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from gateway.client.connection import GatewayUnreachable, UnusableAddress
from gateway.client.identity_center import IdentityCenter, Refused, Registered

CLIENT = Registered(client_id="id", client_secret="secret")
GIVEN = {"accessKeyId": "ASIAX", "secretAccessKey": "s/+=", "sessionToken": "t_-", "expiration": 1}


class Answers(BaseHTTPRequestHandler):
    at: dict[str, tuple[int, Any]] = {}

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        status, body = self.at[self.path.partition("?")[0]]
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("x-amzn-errortype", "SomeException")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815  the server's name

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def center() -> Iterator[IdentityCenter]:
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield IdentityCenter(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "url",
    [
        "http://sts.example.com",
        "https://h/path",
        "ftp://h",
        "https://h?q",
        "https://h;rm -rf",
        "https://u@h",
        "https://h\n",
        "",
    ],
)
def test_an_address_that_nobody_should_use_is_refused(url: str) -> None:
    with pytest.raises(UnusableAddress):
        IdentityCenter(url)


@pytest.mark.parametrize("name", ["a\n[profile x]\ncredential_process = evil", "a b", "a'b", "", "a/b"])
@pytest.mark.parametrize("of", ["account", "role"])
def test_a_name_that_would_write_into_a_file_is_refused(center: IdentityCenter, name: str, of: str) -> None:
    account = {"accountId": "111122223333", "accountName": name if of == "account" else "lake"}
    Answers.at = {
        "/sso/assignment/accounts": (200, {"accountList": [account]}),
        "/sso/assignment/roles": (200, {"roleList": [{"roleName": name if of == "role" else "Analyst"}]}),
    }
    with pytest.raises(GatewayUnreachable):
        list(center.roles("token"))


@pytest.mark.parametrize("name", ["accessKeyId", "secretAccessKey", "sessionToken"])
def test_a_secret_that_would_end_a_quotation_is_refused(center: IdentityCenter, name: str) -> None:
    Answers.at = {"/sso/federation/credentials": (200, {"roleCredentials": GIVEN})}
    assert center.credentials("token", "1", "r") == GIVEN
    Answers.at = {"/sso/federation/credentials": (200, {"roleCredentials": {**GIVEN, name: "'; evil '"}})}
    with pytest.raises(GatewayUnreachable):
        center.credentials("token", "1", "r")


@pytest.mark.parametrize("address", ["https://evil.example/device", "file:///etc/passwd"])
def test_the_browser_is_opened_nowhere_but_at_the_gateway(center: IdentityCenter, address: str) -> None:
    honest = {"verificationUri": f"{center.url}/device", "userCode": "BCDF-GHJK"}
    Answers.at = {"/sso-oidc/device_authorization": (200, {**honest, "verificationUriComplete": address})}
    with pytest.raises(GatewayUnreachable):
        center.start_device(CLIENT)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"error": "x", "error_description": "no"}), Refused),
        ((503, {"error": "x", "error_description": "full"}), GatewayUnreachable),
        ((200, b"<html>"), GatewayUnreachable),
        ((200, []), GatewayUnreachable),
    ],
)
def test_an_answer_is_told_as_what_it_is(center: IdentityCenter, answer: Any, error: type[Exception]) -> None:
    Answers.at = {"/sso-oidc/token": answer}
    with pytest.raises(error):
        center.tokens(CLIENT, {})
