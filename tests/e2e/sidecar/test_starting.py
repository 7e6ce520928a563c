"""How the sidecar starts, what it refuses to start with, what it loads, and how it ends."""

import json
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.e2e.process import free_port
from tests.e2e.server import ANALYST, Gateway
from tests.e2e.sidecar.conftest import StartSidecar
from tests.e2e.sidecar.running import TOKEN, TOKEN_FILE, Sidecar

LOADED = """
import json, sys, threading, signal, os
before = {name.partition(".")[0] for name in sys.modules}  # what the installation itself loads
from gateway.cli.main import main
threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()
code = main(sys.argv[1:])
names = sorted(name for name in sys.modules if name.partition(".")[0] not in before | sys.stdlib_module_names)
print(json.dumps([code, names]))
"""
IP_MINTTL = 21
"""Linux' number, which Python does not name (ip(7))."""

ROOMS = {"gateway.cli", "gateway.client", "gateway.domain", "gateway.settings", "gateway.sidecar"}


def words(**changes: str) -> list[str]:
    given = {"gateway": "http://127.0.0.1:9", "role-arn": ANALYST, "token-file": "token", "port": str(free_port())}
    return ["sidecar", *(word for name, value in {**given, **changes}.items() for word in (f"--{name}", value))]


@pytest.mark.parametrize(
    ("environment", "changes", "told"),
    [
        pytest.param({}, {}, f"set {TOKEN_FILE} or {TOKEN}", id="no authorization token"),
        pytest.param({TOKEN: ""}, {}, f"set {TOKEN_FILE} or {TOKEN}", id="an empty one"),
        pytest.param({TOKEN: "a\n"}, {}, "ends with a newline", id="a newline"),
        pytest.param({TOKEN_FILE: "/nowhere"}, {}, "No such file", id="a file that is none"),
        pytest.param({TOKEN: "x"}, {"gateway": "http://sts.example.com"}, "use https", id="plain http"),
        pytest.param({TOKEN: "x"}, {"role-arn": "Analyst"}, "write arn:aws:iam::ACCOUNT:role/NAME", id="no ARN"),
        pytest.param({TOKEN: "x"}, {"port": "0"}, "a port is a number from 1", id="port 0"),
        pytest.param({TOKEN: "x"}, {"duration": "60"}, "from 900 to 43200", id="a minute"),
        pytest.param({TOKEN: "x"}, {"listen": "example.com"}, "--listen takes addresses", id="a name"),
    ],
)
def test_what_it_cannot_use_is_one_line(
    installed: Installation, environment: Mapping[str, str], changes: dict[str, str], told: str
) -> None:
    ended = installed.run(*words(**changes), environment=dict(environment))

    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert told in ended.stderr


def test_an_address_that_is_not_ours_is_told(installed: Installation) -> None:
    ended = installed.run(*words(listen="192.0.2.1"), environment={TOKEN: "x"})

    assert (ended.returncode, ended.stderr.count("\n")) == (1, 1)
    assert "cannot listen on 192.0.2.1 port" in ended.stderr


def test_imds_is_never_for_other_machines(installed: Installation) -> None:
    ended = installed.run(*words(listen="0.0.0.0"), "--imds", environment={TOKEN: "x"})

    assert ended.returncode == 2
    assert "it asks its callers for nothing" in ended.stderr


def test_nothing_but_the_standard_library_is_loaded(installed: Installation, tmp_path: Path) -> None:
    program: list[str | Path] = [installed.python, "-c", LOADED, *words(), "--imds"]
    ended = installed.run_program(*program, environment={TOKEN: "x"}, directory=tmp_path)

    code, names = json.loads(ended.stdout)
    assert code == 0, ended.stderr
    assert {".".join(name.split(".")[:2]) for name in names} - {"gateway"} <= ROOMS


def test_it_ends_cleanly_by_sigterm_with_clients_connected(start_sidecar: StartSidecar, gateway: Gateway) -> None:
    sidecar = start_sidecar(gateway.url)
    with ExitStack() as clients:
        for _ in range(5):
            clients.enter_context(socket.create_connection(("127.0.0.1", sidecar.port)))
        began = time.monotonic()
        sidecar.send(signal.SIGTERM)
        assert sidecar.ended() == 0

    assert time.monotonic() - began < 5
    assert sidecar.err.endswith("sidecar: ended\n")


@pytest.mark.parametrize("path", ["/v1/credentials", "/latest/api/token", "/"])
def test_the_port_for_probes_has_nothing_else(sidecar: Sidecar, path: str) -> None:
    assert sidecar.probe(path) == 404
    assert (sidecar.probe("/healthz"), sidecar.probe("/readyz")) == (200, 200)


def test_its_answers_go_no_hop_further_with_imds(sidecar: Sidecar) -> None:
    """A time to live of 1: a container behind a bridge, or a machine behind this one, gets no answer."""
    assert _reached(sidecar.port, least_ttl=1)
    assert not _reached(sidecar.port, least_ttl=2)
    assert _reached(sidecar.probe_port, least_ttl=2)


def _reached(port: int, *, least_ttl: int) -> bool:
    """Whether a connection comes about for who takes packets with so many hops left."""
    with socket.socket() as client:
        client.setsockopt(socket.IPPROTO_IP, IP_MINTTL, least_ttl)
        client.settimeout(0.5)
        try:
            client.connect(("127.0.0.1", port))
        except TimeoutError:
            return False
        return True
