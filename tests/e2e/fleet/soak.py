"""Hours of honest load on a fleet whose parts are hurt at random, every answer judged.

    make soak SECONDS=3600 SEED=1

Three gateways behind nginx on Redis with Sentinel, an issuer, a directory, and an issuer that lies. Ends by itself after
so many seconds; prints each fault with what was answered meanwhile. Exit 1 where one answer was not what must come back.
"""

import argparse
import contextlib
import itertools
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tests.e2e.canaries import Canaries
from tests.e2e.fleet.faults import SOAKED, Fault
from tests.e2e.fleet.fleet import ANALYST, OPERATOR, REPLICAS, Fleet, answers
from tests.e2e.fleet.load import MINTERS, PERSONS, Load, Wrong
from tests.e2e.installation import Installation, build_wheel, install
from tests.e2e.process import until
from tests.e2e.state.redis_server import Replicated

CALM = 2.0
LOSING_NOTHING = ("--min-replicas-to-write", "1", "--min-replicas-max-lag", "2")
"""A master that comes back while another takes its place takes no write, which would be lost."""
REVOKED_WITHIN = 10
SENTINEL_GOES_ON = 15
"""Seconds after all seemed well."""


class Liar(BaseHTTPRequestHandler):
    """An issuer of whose answers none can be used: too long, not JSON, of another issuer, elsewhere, or never there."""

    lies = itertools.cycle(["html", "long", "other", "elsewhere", "error", "late"])

    def do_GET(self) -> None:
        lie = next(self.lies)
        with contextlib.suppress(OSError):
            if lie == "late":
                time.sleep(6)
            status = {"elsewhere": 302, "error": 500}.get(lie, 200)
            bodies = {"html": b"<html>", "long": b"x" * 3_000_000, "other": b'{"issuer": "https://other.example"}'}
            self.send_response(status)
            if lie == "elsewhere":
                self.send_header("location", "http://169.254.169.254/latest/meta-data/")
            self.end_headers()
            self.wfile.write(bodies.get(lie, b""))

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def liar() -> Iterator[str]:
    """Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def soak(fleet: Fleet, seconds: float) -> list[str]:
    """Hurt the fleet until the time is over; what went wrong, a line each."""
    end, faults = time.monotonic() + seconds, list[str]()
    wrong: list[str] = []
    for number in itertools.count(1):
        if time.monotonic() >= end:
            return wrong
        # Each once in random order before any comes again.
        faults = faults or random.sample(list(SOAKED), len(SOAKED))
        name = faults.pop()
        load = one_round(fleet, SOAKED[name])
        found = [one for one in load.wrong if not is_expected(one, SOAKED[name])]
        lost = [one for one in load.wrong if one.is_lost]
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(load.counts.items()))
        print(
            f"{number:4} {name}: {told}; lost {len(lost)}, told to try again {len(load.wrong) - len(lost)}", flush=True
        )
        now = [f"{name}: {one.who}: {one.what}" for one in found]
        now += [f"{name}: {len(lost)} requests were lost"] if len(lost) > MINTERS + PERSONS else []
        patience = SENTINEL_GOES_ON if SOAKED[name].refuses else 0
        now += [f"{name}: {living}" for living in revoked_everywhere(fleet, patience)]
        for line in now[:10]:
            print(f"     WRONG {line}", flush=True)
        wrong += now
    return wrong


def one_round(fleet: Fleet, fault: Fault) -> Load:
    with Load(fleet) as load:
        time.sleep(CALM)
        fault.happen(fleet)
        # Sentinel may go on for seconds after whatever made it begin.
        until(lambda: all(answers(f"{fleet.replica(number)}/readyz") for number in range(REPLICAS)), "all are ready")
        time.sleep(CALM)
    return load


def is_expected(one: Wrong, fault: Fault) -> bool:
    return (one.is_lost and fault.loses) or (one.is_retryable and fault.refuses)


def revoked_everywhere(fleet: Fleet, patience: float) -> list[str]:
    """Open a session, revoke it at one replica; the replicas that still take it after ten seconds.

    `patience`: seconds in which whoever revokes tries again where they are told to.
    """
    with closing(fleet.sts()) as sts:
        asked: Any = {"RoleArn": ANALYST, "RoleSessionName": "late", "WebIdentityToken": fleet.provider.id_token()}
        credentials = sts.assume_role_with_web_identity(**asked)["Credentials"]
    operator = {"AWS_ACCESS_KEY_ID": OPERATOR, "AWS_SECRET_ACCESS_KEY": fleet.secret}
    words = ("revoke", "--url", fleet.replica(0), "--access-key", credentials["AccessKeyId"])
    until_then = time.monotonic() + patience
    ended = fleet.installation.run(*words, environment=operator)
    while ended.returncode != 0 and "try again in a moment" in ended.stderr and time.monotonic() < until_then:
        time.sleep(1)
        ended = fleet.installation.run(*words, environment=operator)
    if ended.returncode != 0:
        return [f"revoke: {ended.stderr.strip()}"]
    end = time.monotonic() + REVOKED_WITHIN
    living = set(range(REPLICAS))
    while living and time.monotonic() < end:
        living = {number for number in living if is_taken(fleet, number, credentials)}
        time.sleep(0.2)
    return [f"replica {number} still takes what was revoked" for number in living]


def is_taken(fleet: Fleet, number: int, credentials: dict[str, str]) -> bool:
    with closing(fleet.sts(fleet.replica(number), credentials)) as sts:
        try:
            sts.get_caller_identity()
        except ClientError as refused:
            code: str = refused.response["Error"]["Code"]
            return code != "InvalidClientTokenId"
        except BotoCoreError:
            return True
    return True


def run(folder: Path, installation: Installation, seconds: float, seed: int) -> list[str]:
    """What went wrong over so many seconds."""
    random.seed(seed)
    print(f"soak: {seconds:.0f} s, seed {seed}, {len(SOAKED)} kinds of faults", flush=True)
    with ExitStack() as running:
        address = running.enter_context(liar())
        fleet = Fleet(folder / "fleet", installation, Canaries(), Replicated(folder / "redis", *LOSING_NOTHING))
        fleet.liar = address
        running.enter_context(fleet)
        wrong = soak(fleet, seconds)
        return [*wrong, *(f"an output shows a secret: {name}" for name in fleet.leaks())]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sts-gateway-soak-"))
    try:
        wrong = run(folder, install(build_wheel(folder), folder), arguments.seconds, arguments.seed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"soak: {'nothing' if not wrong else f'{len(wrong)} answers'} went wrong")
    for line in wrong:
        print(line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
