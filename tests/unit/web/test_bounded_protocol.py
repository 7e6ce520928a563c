"""One connection over a raw socket: sizes, times, and everything that could be read two ways."""

import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from gateway.assembly.listening import listen, port_of
from gateway.assembly.worker import ServerSettings
from gateway.web.bounds import Bounds
from tests.unit.web.serving import HOST, Served, answer, eventually, is_closed, poured, request, served, status

SHORT = 0.4
BOUNDS = Bounds(head_time=SHORT, body_time=SHORT, answer_time=SHORT)


@pytest.fixture(scope="module")
def real() -> Iterator[Served]:
    """A server with the bounds that are in force."""
    with served(ServerSettings()) as running:
        yield running


@pytest.fixture(scope="module")
def hasty() -> Iterator[Served]:
    """A server whose deadlines are short, with the sizes that are in force."""
    with served(ServerSettings(bounds=BOUNDS)) as running:
        yield running


def test_a_request_is_answered_and_the_connection_stays(real: Served) -> None:
    with real.connect() as connection:
        for _ in range(3):
            connection.sendall(request(b"POST", b"/a?b=c", body=b"x" * 10))

            assert status(answer(connection)) == 200
    assert (real.app.seen[-1]["raw_path"], real.app.seen[-1]["query_string"]) == (b"/a", b"b=c")
    assert real.app.bodies[-1] == b"x" * 10


def test_pipelined_requests_are_answered_in_order(real: Served) -> None:
    with real.connect() as connection:
        connection.sendall(
            request(b"POST", body=b"x") + request(b"POST", body=b"xx") + request(headers=b"Connection: close\r\n")
        )
        received = b"".join(iter(lambda: connection.recv(65536), b""))

    assert received.index(b"1 bytes") < received.index(b"2 bytes") < received.index(b"0 bytes")


CODING = b"Transfer-Encoding: chunked\r\n"
LENGTH = b"Content-Length: 3\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(POST + CODING + LENGTH + b"\r\n0\r\n\r\n", id="TE and CL"),
        pytest.param(POST + LENGTH + CODING + b"\r\n0\r\n\r\n", id="CL and TE"),
        pytest.param(POST + LENGTH + LENGTH + b"\r\nabc", id="two equal CL"),
        pytest.param(POST + LENGTH + b"Content-Length: 4\r\n\r\nabcd", id="two unlike CL"),
        pytest.param(POST + b"Content-Length: 3, 3\r\n\r\nabc", id="a list as CL"),
        pytest.param(POST + b"Content-Length: +3\r\n\r\nabc", id="CL with a sign"),
        pytest.param(POST + b"Content-Length: 0x3\r\n\r\nabc", id="hexadecimal CL"),
        pytest.param(POST + b"Content-Length: 99999999999999999999\r\n\r\nabc", id="CL beyond 64 bits"),
        pytest.param(POST + b"Content-Length:\r\n\r\nabc", id="empty CL"),
        pytest.param(POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", id="chunked, identity"),
        pytest.param(POST + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n", id="identity"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", id="unknown coding"),
        pytest.param(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", id="gzip, chunked"),
        pytest.param(POST + b"Transfer-Encoding: identity\r\n" + CODING + b"\r\n0\r\n\r\n", id="two TE, the last chunked"),
        pytest.param(POST + CODING + CODING + b"\r\n0\r\n\r\n", id="chunked twice"),
        pytest.param(b"POST / HTTP/1.0\r\n" + HOST + CODING + b"\r\n0\r\n\r\n", id="TE in HTTP/1.0"),
        pytest.param(b"POST / HTTP/1.1\nHost: a\n\n", id="bare LF throughout"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", id="bare LF behind a header"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\n", id="bare LF as the end of the head"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", id="bare CR"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: b\r\n c\r\n\r\n", id="obs-fold"),
        pytest.param(b"GET / HTTP/1.1\r\n X: b\r\n" + HOST + b"\r\n", id="fold before the first header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X : b\r\n\r\n", id="blank before the colon"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b": b\r\n\r\n", id="empty header name"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n", id="NUL in a header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x01b\r\n\r\n", id="control character in a header"),
        pytest.param(POST + CODING + b"\r\n3\nabc\n0\n\n", id="bare LF behind a chunk size"),
        pytest.param(POST + CODING + b"\r\n0\nX\r\n\r\n", id="LF and more behind the last chunk's size"),
        pytest.param(POST + CODING + b"\r\n3;a\n=b\r\nabc\r\n0\r\n\r\n", id="LF in a chunk extension"),
        pytest.param(POST + CODING + b"\r\n-3\r\nabc\r\n0\r\n\r\n", id="negative chunk size"),
        pytest.param(POST + CODING + b"\r\n3\r\nabcd\r\n0\r\n\r\n", id="chunk longer than its size"),
        pytest.param(b"GET / HTTP/1.1\r\nX: a\r\n\r\n", id="no Host"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"Host: other\r\n\r\n", id="two Host"),
        pytest.param(b"GET / HTTP/1.0\r\n" + HOST + HOST + b"\r\n", id="two Host in HTTP/1.0"),
        pytest.param(request(target=b"http://other/a"), id="absolute form"),
        pytest.param(request(target=b"/a#b"), id="fragment"),
        pytest.param(request(b"OPTIONS", b"*"), id="asterisk form"),
        pytest.param(request(target=b"/a b"), id="blank in the target"),
        pytest.param(request(target=b"/a\x00"), id="NUL in the target"),
        pytest.param(request(target=b"/\xff"), id="byte beyond ASCII in the target"),
        pytest.param(b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", id="unknown version"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", id="HTTP/2 preface"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 32, id="TLS to a plain port"),
    ],
)  # fmt: skip
def test_what_could_be_read_two_ways_is_refused_and_the_connection_ends(real: Served, sent: bytes) -> None:
    bodies = len(real.app.bodies)

    with real.connect() as connection:
        connection.sendall(sent)
        received = answer(connection)

        assert status(received) in {400, 405}
        assert b"\r\nconnection: close\r\n" in received
        assert b"\r\nx-amzn-requestid: " in received
        assert is_closed(connection, 2)
    assert len(real.app.bodies) == bodies


@pytest.mark.parametrize("method", [b"TRACE", b"CONNECT", b"PROPFIND", b"MADEUP", b"get"])
def test_a_method_that_nothing_here_takes_is_405(real: Served, method: bytes) -> None:
    received = real.exchange(request(method, b"/"))

    assert status(received) == 405
    assert b"\r\nallow: DELETE, GET, HEAD, " in received


@pytest.mark.parametrize("first_line", [b"GET /", b"GET / HTTP/2.0"])
def test_other_versions_are_told_by_status(real: Served, first_line: bytes) -> None:
    assert status(real.exchange(first_line + b"\r\n" + HOST + b"\r\n")) == 505


@pytest.mark.parametrize("target", [b"//host/x", b"/%2f", b"/%5c", b"/a;b", b"/../x", b"/./x", b"/%00", b"/a//b/"])
def test_a_path_reaches_the_application_as_it_came(real: Served, target: bytes) -> None:
    assert status(real.exchange(request(target=target))) == 200
    assert real.app.seen[-1]["raw_path"] == target


def test_a_trailer_never_becomes_a_header(real: Served) -> None:
    with real.connect() as connection:
        connection.sendall(POST.replace(b" / ", b" /slow ") + CODING + b"\r\n3\r\nabc\r\n0\r\n")
        time.sleep(0.05)
        connection.sendall(b"Authorization: forged\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n")
        real.app.release.set()
        assert status(answer(connection)) == 200
    real.app.release.clear()

    assert [name for name, _ in real.app.seen[-1]["headers"]] == [b"host", b"transfer-encoding"]
    assert real.app.bodies[-1] == b"abc"


def test_an_upgrade_is_not_spoken_and_ends_the_connection(real: Served) -> None:
    seen = len(real.app.seen)
    with real.connect() as connection:
        connection.sendall(request(headers=b"Connection: upgrade\r\nUpgrade: h2c\r\n") + request(target=b"/smuggled"))

        received = answer(connection)

        assert status(received) == 200
        assert b"\r\nconnection: close\r\n" in received
        assert is_closed(connection, 2)
    assert [scope["raw_path"] for scope in real.app.seen[seen:]] == [b"/"]


def test_a_url_of_40_kib_passes_and_one_more_byte_is_414(real: Served) -> None:
    limit = b"/?a=" + b"x" * (40 * 1024 - 4)

    assert status(real.exchange(request(target=limit))) == 200
    assert status(real.exchange(request(target=limit + b"x"))) == 414


def test_a_hundred_headers_pass_and_one_more_is_431(real: Served) -> None:
    lines = [b"X-%d: y\r\n" % number for number in range(99)]

    assert status(real.exchange(request(headers=b"".join(lines)))) == 200
    assert status(real.exchange(request(headers=b"".join(lines) + b"X-More: y\r\n"))) == 431


def test_headers_of_64_kib_in_all_pass_and_more_is_431(real: Served) -> None:
    room = 64 * 1024 - len(b"host: gateway.test\r\n") - 2 * len(b"X: \r\n") + 2
    half = room // 2

    fits = b"X: " + b"y" * half + b"\r\nX: " + b"y" * (room - half - 2) + b"\r\n"

    assert status(real.exchange(request(headers=fits))) == 200
    assert status(real.exchange(request(headers=fits + b"Z: y\r\n"))) == 431


@pytest.mark.parametrize("beginning", [b"GET / HTTP/1.1\r\n" + HOST + b"X: ", b"GET /"], ids=["header", "target"])
def test_a_line_that_never_ends_is_cut_off_by_size(real: Served, beginning: bytes) -> None:
    with real.connect() as connection:
        connection.sendall(beginning)

        assert poured(connection, b"y" * 8192, at_most=20_000_000) < 5_000_000


@pytest.mark.parametrize(
    ("beginning", "piece"),
    [
        pytest.param(b"", b"1;" + b"x" * 4096 + b"\r\ny\r\n", id="chunk extensions"),
        pytest.param(b"0\r\n", b"X: " + b"y" * 4096 + b"\r\n", id="trailers"),
        pytest.param(b"0\r\nX: ", b"y" * 4096, id="a trailer that never ends"),
    ],
)
def test_a_body_of_framing_is_cut_off(real: Served, beginning: bytes, piece: bytes) -> None:
    with real.connect() as connection:
        connection.sendall(POST + CODING + b"\r\n" + beginning)

        assert poured(connection, piece, at_most=20_000_000) < 5_000_000


def test_small_chunks_are_honest(real: Served) -> None:
    body = b"".join(b"1\r\n%c\r\n" % (97 + at % 26) for at in range(30_000)) + b"0\r\n\r\n"

    assert b"30000 bytes" in real.exchange(POST + CODING + b"\r\n" + body)


def test_a_body_that_nobody_reads_is_taken_for_a_while_and_then_cut(real: Served) -> None:
    with real.connect() as connection:
        connection.sendall(b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n")
        assert status(answer(connection)) == 413

        assert poured(connection, b"y" * 65536, at_most=90_000_000) < 20_000_000


def test_a_client_that_sends_its_body_first_still_reads_the_early_answer(real: Served) -> None:
    assert b"early" in real.exchange(request(b"POST", b"/early", body=b"y" * 500_000))


def test_what_follows_a_body_that_was_answered_early_is_counted_by_itself(real: Served) -> None:
    """A client that has sent a body that was too long asks its next on the same connection, and both arrive as one."""
    long, following = b"y" * 300_000, b"z" * 20_000
    with real.connect() as connection:
        connection.sendall(request(b"POST", b"/early", body=long)[:-5_000])
        assert status(answer(connection)) == 413

        connection.sendall(long[-5_000:] + request(b"POST", body=following)[:-19_000])
        time.sleep(0.1)
        connection.sendall(following[-19_000:])

        assert b"20000 bytes" in answer(connection)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        pytest.param(b"", 0, id="nothing"),
        pytest.param(b"\r\n", 408, id="an empty line"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X: ", 408, id="half a header"),
        pytest.param(b"GET /", 408, id="half a target"),
        pytest.param(request(b"POST", headers=b"Content-Length: 10\r\n") + b"half", 408, id="half a body"),
        pytest.param(request(b"POST", headers=CODING) + b"5\r\nha", 408, id="half a chunk"),
    ],
)
def test_what_does_not_arrive_in_time_ends_the_connection(hasty: Served, sent: bytes, told: int) -> None:
    with hasty.connect() as connection:
        began = time.monotonic()
        connection.sendall(sent)
        received = answer(connection)
        waited = time.monotonic() - began

        assert status(received) == told
        assert is_closed(connection, 2)
    assert SHORT * 0.8 < waited < SHORT + 2


def test_a_head_in_drops_has_one_deadline_not_one_a_drop(hasty: Served) -> None:
    began = time.monotonic()
    with hasty.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n" + HOST)
        poured(connection, b"X: y\r\n", at_most=600, pause=0.05)

    assert time.monotonic() - began < SHORT + 2


def test_a_head_in_pieces_leaves_no_deadline_behind(hasty: Served) -> None:
    with hasty.connect() as connection:
        for piece in (b"GET / HT", b"TP/1.1\r\n", HOST, b"X: ", b"y\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.02)
        assert status(answer(connection)) == 200
        time.sleep(SHORT * 1.5)
        connection.sendall(request())

        assert status(answer(connection)) == 200


def test_a_body_that_the_application_is_slow_to_read_is_not_the_clients_fault(hasty: Served) -> None:
    body = b"y" * 3_000_000
    threading.Timer(SHORT * 2.5, hasty.app.release.set).start()

    received = hasty.exchange(request(b"POST", b"/lazy", body=body))
    hasty.app.release.clear()

    assert b"3000000 bytes" in received


def test_empty_lines_after_an_answer_do_not_keep_the_connection(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(request())
        assert status(answer(connection)) == 200
        connection.sendall(b"\r\n")

        assert is_closed(connection, SHORT + 2)


def test_the_deadline_of_a_head_is_over_when_the_head_is_there(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(request())
        answer(connection)
        time.sleep(SHORT * 2)
        connection.sendall(request())

        assert status(answer(connection)) == 200


def test_a_slow_application_is_not_the_clients_fault(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(request(b"POST", b"/slow", body=b"x") + b"GET / HT")
        threading.Timer(SHORT * 2, hasty.app.release.set).start()

        assert status(answer(connection)) == 200
    hasty.app.release.clear()


def test_the_application_hears_that_a_slow_client_was_cut_off(hasty: Served) -> None:
    hasty.app.gone.clear()
    with hasty.connect() as connection:
        connection.sendall(request(b"POST", headers=b"Content-Length: 10\r\n") + b"half")
        answer(connection)

    assert hasty.app.gone.wait(2)


def test_a_client_that_does_not_read_its_answer_is_cut_off(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request(target=b"/large"))
        assert eventually(lambda: hasty.app.seen[-1]["path"] == "/large")
        assert hasty.server.server_state.connections

        assert eventually(lambda: not hasty.server.server_state.connections, within=SHORT + 2)


def test_a_refusal_behind_a_request_that_is_being_answered_waits_for_that_answer(real: Served) -> None:
    with real.connect() as connection:
        connection.sendall(request(b"POST", b"/slow", body=b"x"))
        assert real.app.slow.wait(5)
        connection.sendall(b"NONSENSE\r\n\r\n")
        time.sleep(0.05)
        real.app.release.set()
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    real.app.release.clear()

    assert received.count(b"HTTP/1.1 ") == 1
    assert status(received) == 200


def test_a_refusal_is_logged_without_what_was_sent(real: Served, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        received = real.exchange(b"GET /?token=canary HTTP/1.1\r\nX-Secret: canary\r\n\r\n")

    assert [record.name for record in caplog.records] == ["gateway.connections"]
    assert vars(caplog.records[0])["request_id"].encode() in received
    assert "canary" not in str(vars(caplog.records[0]))


def test_connections_of_one_address_are_bounded() -> None:
    with served(ServerSettings(connections_per_address=3)) as running:
        open_ones = [running.connect() for _ in range(3)]
        for connection in open_ones:
            connection.sendall(request())
            assert status(answer(connection)) == 200

        with running.connect() as one_more:
            assert is_closed(one_more, 2)

        open_ones.pop().close()
        time.sleep(0.1)
        assert status(running.exchange(request(headers=b"Connection: close\r\n"))) == 200
        for connection in open_ones:
            connection.close()


def test_connections_from_outside_leave_room_for_probes_and_proxies() -> None:
    sockets = listen("127.0.0.1", 0)
    settings = ServerSettings(connections=4, connections_per_address=4)
    with served(settings, internal=sockets) as running:
        held = [running.connect() for _ in range(4)]
        for connection in held:
            connection.sendall(b"GET")
        assert eventually(lambda: running.server.server_state.admissions.open == 4)
        with socket.create_connection(("127.0.0.1", port_of(sockets)), timeout=5) as probe:
            probe.sendall(request())

            assert status(answer(probe)) == 200
        for connection in held:
            connection.close()
