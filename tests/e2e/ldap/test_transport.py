"""Certificates, StartTLS, and servers that answer as an attacker would."""

import resource
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.ldap.connector import LdapConnector
from gateway.connectors.ldap.srv import SrvRecord
from gateway.domain.errors import ProviderUnreachable
from tests.e2e.ldap.conftest import Connect
from tests.servers.certificates import Authority
from tests.servers.hostile import Hostile
from tests.servers.slapd import Slapd, person

ALICE = person("alice", "alice-secret")


async def unreachable(connector: LdapConnector) -> ProviderUnreachable:
    with pytest.raises(ProviderUnreachable) as refused:
        await connector.authenticate("alice", "canary-alice-password")
    return refused.value


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("start_tls", [False, True], ids=["LDAPS", "StartTLS"])
async def test_tls_holds_by_name_and_by_address(openldap: Slapd, connect: Connect, host: str, start_tls: bool) -> None:
    url = f"ldap://{host}:{openldap.port}" if start_tls else f"ldaps://{host}:{openldap.tls_port}"

    identity = await connect(openldap, servers=[url], start_tls=start_tls).authenticate("alice", "alice-secret")

    assert identity.username == "alice"


async def test_start_tls_comes_before_any_bind(start_openldap: Callable[..., Slapd], connect: Connect) -> None:
    server = start_openldap(data=ALICE)
    connector = connect(server, servers=[server.plain_url], start_tls=True)
    before = server.count("BIND")

    await connector.authenticate("alice", "alice-secret")

    lines = [line for line in server.log.splitlines() if "BIND dn=" in line and "method=" in line]
    binds = [int(line.split("conn=")[1].split()[0]) for line in lines[-2:]]
    assert server.count("BIND") > before
    for number in binds:
        mine = server.log.split(f"conn={number} ")
        first = next(part for part in mine[1:] if "op=0" in part)
        assert "1.3.6.1.4.1.1466.20037" in first or "STARTTLS" in first


BAD = ["of another authority", "of another host", "expired", "self-signed"]


@pytest.mark.parametrize("start_tls", [False, True], ids=["LDAPS", "StartTLS"])
@pytest.mark.parametrize("kind", BAD)
async def test_a_wrong_certificate_is_refused_before_anything_is_said(
    start_openldap: Callable[..., Slapd], connect: Connect, tmp_path: Path, kind: str, start_tls: bool
) -> None:
    trusted, other = Authority(tmp_path / "trusted", "trusted"), Authority(tmp_path / "other", "other")
    pair = {
        "of another authority": lambda: other.issue("server", "localhost"),
        "of another host": lambda: trusted.issue("server", "dc9.example.test"),
        "expired": lambda: trusted.issue("server", "localhost", until=-timedelta(days=1)),
        "self-signed": lambda: other.issue("server", "localhost"),
    }[kind]()
    server = start_openldap(data=ALICE, pair=pair, authority=trusted)
    url = server.plain_url if start_tls else server.url
    # The system's authorities do not know the tests' own either.
    ca_file = None if kind == "self-signed" else str(trusted.file)
    before = server.count("BIND dn=.cn=svc")

    refused = await unreachable(connect(server, servers=[url], start_tls=start_tls, ca_file=ca_file))

    assert "its certificate is not accepted" in refused.cause
    assert server.count("BIND dn=.cn=svc") == before


async def test_a_ca_file_that_cannot_be_used_is_told_at_start(
    openldap: Slapd, connect: Connect, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "empty.pem", tmp_path / "missing.pem"):
        with pytest.raises(ValueError, match="name a PEM file of CA certificates"):
            connect(openldap, ca_file=str(path))


async def test_what_dns_names_is_spoken_to_over_tls(openldap: Slapd, connect: Connect) -> None:
    asked = []

    def resolve(name: str, _seconds: float) -> list[SrvRecord]:
        asked.append(name)
        return [SrvRecord(host="localhost.", port=openldap.port)]

    connector = connect(openldap, servers=["ldap+srv://localhost"], having={"resolve": resolve})
    before = openldap.count("TLS established")

    assert (await connector.authenticate("alice", "alice-secret")).username == "alice"
    assert asked == ["_ldap._tcp.localhost"]
    assert openldap.count("TLS established") >= before + 2


START_TLS_OK = bytes.fromhex("300c02010178070a010004000400")
STRIPPED = {
    "refused": bytes.fromhex("300c02010178070a010204000400"),
    "refused in a long form": bytes.fromhex("308400000010020101788400000007 0a013404000400".replace(" ", "")),
    "another message": bytes.fromhex("300c02010161070a010004000400"),
    "another message's number": bytes.fromhex("300c02010278070a010004000400"),
    "no LDAP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing": b"",
    "an endless one": b"\x30\x84\x7f\xff\xff\xff",
    # Taken, and then spoken to in the clear: a bind's success for whoever would read it.
    "pipelined": START_TLS_OK + bytes.fromhex("300c02010261070a010004000400") * 3,
}


TOLD = {"refused": "refuses StartTLS", "another message's number": "refuses StartTLS", "no LDAP": "no LDAP message"}


@pytest.mark.parametrize("kind", STRIPPED)
async def test_stripped_start_tls_gets_no_password(connect: Connect, kind: str) -> None:
    answer = STRIPPED[kind]

    def answers(connection: socket.socket, sent: bytes) -> None:
        if b"1466.20037" in sent:
            connection.sendall(answer)
            if not answer:
                connection.shutdown(socket.SHUT_RDWR)

    with Hostile(answers) as server:
        refused = await unreachable(connect(server, start_tls=True))

    assert "cannot start TLS" in refused.cause
    assert TOLD.get(kind, "") in refused.cause
    assert b"canary" not in server.received
    assert b"cn=svc" not in server.received


def bind_answered(then: Callable[[socket.socket], None]) -> Callable[[socket.socket, bytes], None]:
    """A server that takes the service account's bind, and answers the search by `then`."""

    def answers(connection: socket.socket, sent: bytes) -> None:
        if b"canary-service-password" in sent:
            connection.sendall(b"\x30\x0c" + sent[2:5] + bytes.fromhex("61070a010004000400"))
        else:
            then(connection)

    return answers


def deep(levels: int) -> bytes:
    inner = b""
    for _ in range(levels):
        size = len(inner).to_bytes(3)
        inner = b"\x30\x83" + size + inner
    return inner


def drip(connection: socket.socket) -> None:
    for byte in b"\x30\x82\x40\x00" + b"x" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.1)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"\x30\x84\x7f\xff\xff\xff")
    while True:
        connection.sendall(b"x" * 1_000_000)


HOSTILE: dict[str, Callable[[socket.socket], Any]] = {
    "two gigabytes announced": lambda one: one.sendall(b"\x30\x84\x7f\xff\xff\xff\x02\x01\x02"),
    "two gigabytes sent": flood,
    "a length of 127 bytes": lambda one: one.sendall(b"\x30\xff" + b"\xff" * 200),
    "a thousand deep": lambda one: one.sendall(deep(1_000)),
    "fifty thousand deep": lambda one: one.sendall(deep(50_000)),
    "an indefinite length": lambda one: one.sendall(b"\x30\x80\x02\x01\x02\x64\x80\x00\x00"),
    "a byte at a time": drip,
    "nothing": lambda one: time.sleep(5),
    "an end": lambda one: one.shutdown(socket.SHUT_RDWR),
    "noise": lambda one: one.sendall(b"\xff\x00\xfe\x01" * 64),
    "an empty message": lambda one: one.sendall(b"\x30\x00\x30\x00"),
    "another's answer": lambda one: one.sendall(bytes.fromhex("300c02017f65070a010004000400")),
    "a notice of disconnection": lambda one: one.sendall(
        b"\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x161.3.6.1.4.1.1466.20036"
    ),
}


@pytest.mark.parametrize("then", HOSTILE.values(), ids=HOSTILE)
async def test_a_server_that_answers_with_what_is_no_answer_is_given_up_in_time_and_space(
    connect: Connect, then: Callable[[socket.socket], None]
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with Hostile(bind_answered(then)) as server:
        begun = time.monotonic()
        refused = await unreachable(connect(server))
        lasted = time.monotonic() - begun

    assert refused.cause
    assert "canary" not in refused.cause
    assert lasted < 3.5
    # In kilobytes: an answer may have sixteen megabytes, and is joined from its parts.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000
    assert b"canary-alice-password" not in server.received
