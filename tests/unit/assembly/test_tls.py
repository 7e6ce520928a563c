"""The server's own TLS: honest files serve, others are told in one sentence, slow handshakes end."""

import signal
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.assembly import handshakes
from gateway.assembly.listening import listen, port_of
from gateway.assembly.tls import Certificate, TlsFiles, UnusableTls, server_context
from gateway.assembly.worker import ServerSettings
from gateway.telemetry.meters import Meters
from gateway.web.bounds import Bounds
from gateway.web.listeners import is_internal
from tests.unit.web.serving import answer, eventually, is_closed, request, served, status

PLAIN = serialization.NoEncryption()
METRIC = b"sts_gateway_certificate_expires_timestamp_seconds"


def pem_of(key: ec.EllipticCurvePrivateKey, encryption: serialization.KeySerializationEncryption = PLAIN) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.fixture
def files(tmp_path: Path) -> TlsFiles:
    made = TlsFiles(certificate=tmp_path / "tls.crt", private_key=tmp_path / "tls.key")
    write(made, days=1)
    return made


def write(files: TlsFiles, *, days: int) -> float:
    """A new pair, which ends after so many days: at what time, is given back."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.private_key.write_bytes(pem_of(key))
    return certificate.not_valid_after_utc.timestamp()


def test_a_client_that_trusts_the_certificate_is_answered_as_secure(files: TlsFiles) -> None:
    context = ssl.create_default_context(cafile=files.certificate)

    with (
        served(ServerSettings(tls=files)) as running,
        running.connect() as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request())

        assert status(answer(connection)) == 200
        assert running.app.seen[0]["scheme"] == "https"
        assert connection.version() in {"TLSv1.2", "TLSv1.3"}


def test_the_internal_listener_speaks_plain_http_and_its_requests_are_marked(files: TlsFiles) -> None:
    sockets = listen("127.0.0.1", 0)

    with (
        served(ServerSettings(tls=files), internal=sockets) as running,
        socket.create_connection(("127.0.0.1", port_of(sockets)), timeout=10) as connection,
    ):
        connection.sendall(request())

        assert status(answer(connection)) == 200
        assert running.app.seen[0]["scheme"] == "http"
        assert is_internal(running.app.seen[0])


def test_a_request_of_the_public_listener_cannot_say_that_it_is_internal() -> None:
    with served(ServerSettings()) as running:
        running.exchange(request(headers=b"gateway.internal: true\r\n"))

        assert not is_internal(running.app.seen[0])


def test_old_versions_of_tls_are_not_spoken(files: TlsFiles) -> None:
    assert server_context(files).minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_handshake_that_does_not_come_ends_the_connection(files: TlsFiles) -> None:
    settings = ServerSettings(tls=files, bounds=Bounds(head_time=0.3))

    with served(settings) as running, running.connect() as connection:
        began = time.monotonic()

        assert is_closed(connection, 3)
        assert time.monotonic() - began > 0.2


def test_a_connection_is_counted_before_its_handshake(files: TlsFiles) -> None:
    context = ssl.create_default_context(cafile=files.certificate)
    settings = ServerSettings(tls=files, bounds=Bounds(head_time=1.0), connections_per_address=2)

    with served(settings) as running, running.connect() as one, running.connect() as other:
        with running.connect() as third:
            assert is_closed(third, 0.5)
        assert is_closed(one, 3)
        assert is_closed(other, 3)
        assert eventually(lambda: running.server.server_state.admissions.open == 0)
        with running.connect() as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(request())
            assert status(answer(connection)) == 200


def test_a_client_that_says_no_goodbye_holds_up_no_end(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=files.certificate)
    monkeypatch.setattr(handshakes, "_GOODBYE", 0.2)

    with (
        served(ServerSettings(tls=files)) as running,
        running.connect() as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request())
        assert status(answer(connection)) == 200

        # As pools of clients have it: it is idle, and nobody looks at it until the next request.
        running.server.handle_exit(signal.SIGINT, None)
        running.thread.join(5)
        assert not running.thread.is_alive()


def test_each_end_of_a_connection_gives_its_place_back(files: TlsFiles) -> None:
    context = ssl.create_default_context(cafile=files.certificate)
    settings = ServerSettings(tls=files, connections_per_address=1)

    with served(settings) as running:
        for sent in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x05hello") * 2:
            with running.connect() as plain:
                plain.sendall(sent)
                plain.shutdown(socket.SHUT_WR)
                assert is_closed(plain, 3)
            assert eventually(lambda: running.server.server_state.admissions.open == 0)
            with running.connect() as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(request())
                assert status(answer(connection)) == 200
                assert running.server.server_state.admissions.open == 1
            assert eventually(lambda: running.server.server_state.admissions.open == 0)


def test_while_no_more_files_may_be_opened_connections_wait(files: TlsFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=files.certificate)
    faults = [OSError(24, "Too many open files")]
    accept = socket.socket.accept

    def failing(listening: socket.socket) -> Any:
        if faults:
            raise faults.pop()
        return accept(listening)

    with served(ServerSettings(tls=files)) as running:
        monkeypatch.setattr(socket.socket, "accept", failing)
        with running.connect() as plain, context.wrap_socket(plain, server_hostname="localhost") as connection:
            connection.sendall(request())
            assert status(answer(connection)) == 200
    assert faults == []


def test_a_half_head_inside_tls_ends_the_connection(files: TlsFiles) -> None:
    context = ssl.create_default_context(cafile=files.certificate)
    settings = ServerSettings(tls=files, bounds=Bounds(head_time=0.3))

    with (
        served(settings) as running,
        running.connect() as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\n")

        assert status(answer(connection)) == 408
        assert is_closed(connection, 3)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("absent", "No such file or directory"),
        ("not PEM", "not PEM"),
        ("neither is there", "not PEM"),
        ("another key", "the key is another certificate's"),
        ("with a passphrase", "the key has a passphrase"),
    ],
)
def test_files_that_cannot_be_used_are_told_in_one_line_and_nothing_is_asked(
    files: TlsFiles, fault: str, told: str
) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    match fault:
        case "absent":
            files.private_key.unlink()
        case "not PEM":
            files.private_key.write_text("canary")
        case "neither is there":
            files.certificate.write_text("canary")
            files.private_key.unlink()
        case "another key":
            files.private_key.write_bytes(pem_of(other))
        case _:
            files.private_key.write_bytes(pem_of(other, serialization.BestAvailableEncryption(b"secret")))

    with pytest.raises(UnusableTls) as caught:
        server_context(files)

    assert str(files.certificate) in str(caught.value)
    assert str(files.private_key) in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "canary" not in str(caught.value)


def test_the_end_of_the_certificate_in_use_is_told_and_that_of_one_that_is_not_taken_never(files: TlsFiles) -> None:
    ends = [write(files, days=3)]
    told: list[float] = []
    certificate = Certificate(files, server_context(files), told.append)
    assert told == ends

    certificate.follow()
    ends.append(write(files, days=90))
    certificate.follow()
    assert told == ends

    files.private_key.write_bytes(b"half of a ")
    files.certificate.write_bytes(b"renewal")
    certificate.follow()
    assert told == ends


def test_a_server_with_tls_has_the_end_of_its_certificate_among_its_metrics(files: TlsFiles) -> None:
    ends, meters = write(files, days=3), Meters.alone()
    assert METRIC not in meters.text()

    with served(ServerSettings(tls=files), meter=meters.http):
        assert b"%b %d\n" % (METRIC, ends) in meters.text()
