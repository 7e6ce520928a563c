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


STARTED = {
    "deviceCode": "d-c",
    "userCode": "BCDF-GHJK",
    "verificationUri": "/device",
    "verificationUriComplete": "/device?user_code=BCDF-GHJK",
    "interval": 5,
    "expiresIn": 600,
}


def started(center: IdentityCenter, **changed: Any) -> dict[str, Any]:
    here = {name: f"{center.url}{STARTED[name]}" for name in ("verificationUri", "verificationUriComplete")}
    return {**STARTED, **here, **changed}


@pytest.mark.parametrize("address", ["https://evil.example/device", "file:///etc/passwd"])
def test_the_browser_is_opened_nowhere_but_at_the_gateway(center: IdentityCenter, address: str) -> None:
    Answers.at = {"/sso-oidc/device_authorization": (200, started(center))}
    assert center.start_device(CLIENT)["interval"] == 5
    Answers.at = {"/sso-oidc/device_authorization": (200, started(center, verificationUriComplete=address))}
    with pytest.raises(GatewayUnreachable, match=f"signs people in at {address}"):
        center.start_device(CLIENT)


ISSUED = {"accessToken": "a", "refreshToken": "r", "expiresIn": 3_600}
ACCOUNTS = {"accountList": [{"accountId": "111122223333", "accountName": "lake"}]}


@pytest.mark.parametrize(
    ("path", "honest", "member", "value"),
    [
        ("/sso-oidc/client/register", {"clientId": "i", "clientSecret": "s"}, "clientSecret", None),
        ("/sso-oidc/client/register", {"clientId": "i", "clientSecret": "s"}, "clientId", 7),
        ("/sso-oidc/token", ISSUED, "accessToken", "a\r\nx: y"),
        ("/sso-oidc/token", ISSUED, "refreshToken", None),
        ("/sso-oidc/token", ISSUED, "expiresIn", "3600"),
        ("/sso-oidc/token", ISSUED, "expiresIn", True),
        ("/sso-oidc/token", ISSUED, "expiresIn", 10**400),
        ("/sso-oidc/device_authorization", STARTED, "interval", 0),
        ("/sso-oidc/device_authorization", STARTED, "interval", "5"),
        ("/sso-oidc/device_authorization", STARTED, "expiresIn", None),
        ("/sso-oidc/device_authorization", STARTED, "deviceCode", None),
        ("/sso-oidc/device_authorization", STARTED, "verificationUri", None),
        ("/sso-oidc/device_authorization", STARTED, "userCode", "\x1b[2J"),
        ("/sso/assignment/accounts", ACCOUNTS, "accountList", None),
        ("/sso/assignment/accounts", ACCOUNTS, "accountList", ["x"]),
        ("/sso/assignment/accounts", ACCOUNTS, "nextToken", 7),
        ("/sso/assignment/roles", {"roleList": []}, "roleList", [{"roleName": None}]),
        ("/sso/federation/credentials", {"roleCredentials": GIVEN}, "roleCredentials", None),
        ("/sso/federation/credentials", {"roleCredentials": GIVEN}, "roleCredentials", {**GIVEN, "expiration": 10**17}),
    ],
    ids=str,
)
def test_what_lacks_a_member_or_has_it_in_another_form_is_not_believed(
    center: IdentityCenter, path: str, honest: dict[str, Any], member: str, value: Any
) -> None:
    Answers.at = {"/sso/assignment/accounts": (200, ACCOUNTS), path: (200, {**honest, member: value})}
    ways = {
        "/sso-oidc/client/register": center.register,
        "/sso-oidc/token": lambda: center.tokens(CLIENT, {}),
        "/sso-oidc/device_authorization": lambda: center.start_device(CLIENT),
        "/sso/federation/credentials": lambda: center.credentials("token", "1", "r"),
    }
    with pytest.raises(GatewayUnreachable, match="not as a gateway does"):
        ways.get(path, lambda: list(center.roles("token")))()


def test_a_list_without_an_end_is_left(center: IdentityCenter) -> None:
    Answers.at = {"/sso/assignment/accounts": (200, {"accountList": [], "nextToken": "again"})}
    with pytest.raises(GatewayUnreachable, match="without an end"):
        list(center.roles("token"))


def test_what_a_refusal_says_cannot_move_a_terminal(center: IdentityCenter) -> None:
    Answers.at = {"/sso-oidc/token": (400, {"error_description": "no\x1b[2J"})}
    with pytest.raises(Refused, match=r"^no\?\[2J$"):
        center.tokens(CLIENT, {})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((400, {"error": "x", "error_description": "no"}), Refused),
        ((503, {"error": "x", "error_description": "full"}), GatewayUnreachable),
        ((429, {"message": "later"}), GatewayUnreachable),
        ((200, b"<html>"), GatewayUnreachable),
        ((200, b"[" * 100_000), GatewayUnreachable),
        ((200, []), GatewayUnreachable),
    ],
)
def test_an_answer_is_told_as_what_it_is(center: IdentityCenter, answer: Any, error: type[Exception]) -> None:
    Answers.at = {"/sso-oidc/token": answer}
    with pytest.raises(error):
        center.tokens(CLIENT, {})


def test_another_name_of_the_gateway_is_told_with_the_mend(center: IdentityCenter) -> None:
    Answers.at = {"/sso-oidc/device_authorization": (400, {"error_description": "the start URL is https://h/start"})}
    with pytest.raises(Refused, match=r"^the start URL is https://h/start; --url must be the gateway's public_url$"):
        center.start_device(CLIENT)


def test_a_provider_whose_page_there_is_not_is_refused_by_its_name(center: IdentityCenter) -> None:
    Answers.at = {"/login/crop%2Fad": (400, b"<h1>This did not work</h1>")}

    with pytest.raises(Refused, match=r"no provider crop/ad signs people in; http://.*/login has those that do"):
        center.refuse_unknown("crop/ad")


@pytest.mark.parametrize("status", [200, 303, 403, 404, 502])
def test_what_a_page_of_sign_in_answers_else_leaves_the_word_to_the_password(
    center: IdentityCenter, status: int
) -> None:
    """It may be published nowhere but for browsers."""
    Answers.at = {"/login/corp": (status, b"")}

    center.refuse_unknown("corp")
