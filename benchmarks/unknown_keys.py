"""What a token with an unknown key's id costs, and what a flood of them takes from others.

    python benchmarks/unknown_keys.py

On one worker with audit on. First the processor's time of refusing one, as a ratio to a mint; bar 0.5. Then two
connections: one mints, the other floods; what is left of the first one's undisturbed rate; bar 0.4. The issuer, which
is asked for its keys at most once a minute, counts how often it was. Interleaved rounds, medians of their ratios.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._load import drive
from benchmarks._servers import Running, assumptions, gateway, tokens

from tests.fakes.identity_provider import IdentityProvider

TOKENS = 1_000
CONNECTIONS = 16
REQUESTS = 2_000
ROUNDS = 9
ALONE = 1_000
COST_BAR = 0.5
RATE_BAR = 0.4
MOST_FETCHES = 3
"""At the start, for the first unknown id, and one more where the run takes longer than a minute."""


def cost(server: Running, requests: list[bytes], status: bytes) -> float:
    before = server.cpu
    outcome = drive(server.port, requests, connections=CONNECTIONS, total=REQUESTS)
    if outcome.statuses != {status: REQUESTS}:
        raise SystemExit(f"answered {outcome.statuses} instead of {status.decode()}")
    return (server.cpu - before) / REQUESTS


def rate(server: Running, requests: list[bytes]) -> float:
    return drive(server.port, requests, connections=1, total=ALONE).rate


def flooded_rate(server: Running, requests: list[bytes], forged: list[bytes]) -> float:
    """The rate of one connection while another one floods, from another process, as fast as it is answered."""
    program = [sys.executable, __file__, "flood", str(server.port)]
    with tempfile.NamedTemporaryFile() as kept:
        kept.write(b"\0".join(forged))
        kept.flush()
        with subprocess.Popen([*program, kept.name], stdout=subprocess.PIPE) as flood:
            assert flood.stdout is not None
            flood.stdout.readline()
            measured = rate(server, requests)
            flood.kill()
    return measured


def flood(port: int, requests: list[bytes]) -> None:
    threading.Timer(0.2, lambda: print("begun", flush=True)).start()
    drive(port, requests, connections=1, total=10_000_000)


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(IdentityProvider().running())
        server = stack.enter_context(gateway(folder / "gateway", provider))
        honest = assumptions(tokens(provider, TOKENS))
        forged = assumptions([token for n in range(TOKENS) for token in tokens(provider, 1, kid=f"unknown-{n}")])
        cost(server, honest, b"200"), cost(server, forged, b"400")
        costs = [(cost(server, honest, b"200"), cost(server, forged, b"400")) for _ in range(ROUNDS)]
        rates = [(rate(server, honest), flooded_rate(server, honest, forged)) for _ in range(ROUNDS)]
        fetches = provider.seen(provider.KEYS)
    refusal = statistics.median(refused / mint for mint, refused in costs)
    left = statistics.median(flooded / alone for alone, flooded in rates)
    print(f"refusing an unknown kid {refusal:4.2f} of a mint (bar {COST_BAR}) | keys fetched {fetches} times")
    print(f"beside a flood of them {left:4.2f} of the undisturbed rate (bar {RATE_BAR})")
    return 0 if refusal <= COST_BAR and left >= RATE_BAR and fetches <= MOST_FETCHES else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["flood"]:
        flood(int(sys.argv[2]), Path(sys.argv[3]).read_bytes().split(b"\0"))
    else:
        sys.exit(main())
