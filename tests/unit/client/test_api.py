"""The API's client against a server on loopback: what it sends, and what it makes of what comes back."""

import hashlib
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.client.api import GatewayApi, GatewayRefusal
from gateway.client.aws_credentials import AwsCredentials
from gateway.client.connection import GatewayUnreachable, UnusableAddress
from gateway.domain.authentication import RevocationPage, RevocationRequest, Revoked
from gateway.domain.revocation import Revocation, RevocationKind
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import SERVICE_RULES
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.verify import verify
from gateway.wire import authenticate as wire

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEYS = AwsCredentials(access_key_id="ASIAOPERATOR00000000", secret_access_key="secret", session_token="token")
ENDED = Revocation(kind=RevocationKind.ROLE, value="a/b", issued_before=NOW, until=NOW + timedelta(hours=36))
MADE = Revoked(revocation=ENDED)
REQUEST = RevocationRequest(kind=RevocationKind.ROLE, value="lake/Analyst")


class Server:
    """Answers everything with `status` and `body`, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status, self.body = 202, wire.revoked(MADE)
        self.sent: list[tuple[HttpRequest, bytes]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path, _, query = self.path.partition("?")
                headers = tuple((name.lower().encode(), value.encode()) for name, value in self.headers.items())
                request = HttpRequest(
                    method=self.command, raw_path=path.encode(), raw_query=query.encode(), headers=headers
                )
                outer.sent.append((request, self.rfile.read(int(self.headers.get("content-length", 0)))))
                self.send_response(outer.status)
                self.send_header("location", "http://127.0.0.1:9/elsewhere")
                self.send_header("content-length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            do_POST = do_GET  # noqa: N815  the base class names it

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def api(server: Server) -> GatewayApi:
    return GatewayApi(url=server.url, credentials=lambda: KEYS, clock=lambda: NOW, timeout=2)


def test_a_request_is_signed_for_the_gateway(api: GatewayApi, server: Server) -> None:
    assert api.revoke(REQUEST) == MADE

    ((http_request, body),) = server.sent
    signed = parse(http_request)
    assert (signed.access_key_id, signed.session_token) == (KEYS.access_key_id, "token")
    assert signed.scope.service == "gateway"
    assert "host" in signed.signed_headers
    key = signing_key(KEYS.secret_access_key, signed.scope)
    verify(signed, key, SERVICE_RULES, body_sha256=hashlib.sha256(body).hexdigest())
    assert json.loads(body) == {"kind": "role", "value": "lake/Analyst"}


def test_a_cursor_is_sent_as_it_was_given(api: GatewayApi, server: Server) -> None:
    page = RevocationPage(cursor="a.1-2", reset=False, revocations=(ENDED,))
    server.status, server.body = 200, wire.revocation_page(page)

    assert api.revocations("b.1-1 &x") == page
    assert wire.read_cursor(server.sent[0][0].raw_query) == "b.1-1 &x"


@pytest.mark.parametrize("of", ["caller", "request"])
def test_a_refusal_says_whose_fault_it_is(api: GatewayApi, server: Server, of: str) -> None:
    server.status = 403
    server.body = json.dumps({"of": of, "fault": "action_denied", "code": "AccessDenied", "message": "no"}).encode()

    with pytest.raises(GatewayRefusal, match="no") as caught:
        api.revoke(REQUEST)

    assert (caught.value.status, caught.value.code, caught.value.fault) == (403, "AccessDenied", "action_denied")
    assert caught.value.of_request is (of == "request")


NO_ANSWERS = {
    "a proxy's page": (502, b"<html>bad gateway</html>"),
    "a refusal that is none": (403, b"{}"),
    "a fault of the gateway": (503, b'{"of":"caller","fault":"f","code":"ServiceUnavailable","message":"m"}'),
    "a redirect, which is not followed": (302, b""),
    "another program's success": (200, b"{}"),
}


@pytest.mark.parametrize(("status", "body"), NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_what_is_no_answer_is_as_none(api: GatewayApi, server: Server, status: int, body: bytes) -> None:
    server.status, server.body = status, body

    with pytest.raises(GatewayUnreachable, match=r"http:|answer"):
        api.revoke(REQUEST)
    assert len(server.sent) == 1


def test_nobody_there_is_told() -> None:
    api = GatewayApi(url="http://127.0.0.1:9", credentials=lambda: KEYS, timeout=1)

    with pytest.raises(GatewayUnreachable):
        api.revoke(REQUEST)


@pytest.mark.parametrize(
    "url",
    ["http://sts.example.com", "http://127.0.0.1.evil.example", "https://", "sts", "https://x/path", "https://x?q"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UnusableAddress):
        GatewayApi(url=url, credentials=lambda: KEYS)


def test_the_client_and_its_command_load_nothing_of_the_server() -> None:
    program = (
        "import sys, gateway.client.api, gateway.client.aws_credentials, gateway.cli.revoke\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'starlette', 'pydantic', 'uvicorn', 'msgspec', 'httpx', 'cryptography', 'yaml'}))"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert ended.stdout == "[]\n"
