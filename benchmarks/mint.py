"""What minting over HTTP costs on one worker with audit on, as a ratio to its floor server and to a bare server.

    python benchmarks/mint.py

1,000 distinct RS256 tokens in turn over 16 connections; the floor is `_floor_server.py` on the same server settings.
Interleaved rounds; medians of the rounds' ratios of the processor's time, since others share the machine, and of the
rates that the client saw. Bars: 0.5 of the floor; the slowest hundredth below 10 times the bare server's.
"""

import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._load import Outcome, drive
from benchmarks._servers import Running, assumptions, floor, gateway, tokens

from tests.fakes.identity_provider import IdentityProvider

TOKENS = 1_000
CONNECTIONS = 16
ROUNDS = 9
REQUESTS = 2_000
BAR = 0.5
SLOWEST_BAR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    cpu: float
    outcome: Outcome


def measure(server: Running, requests: list[bytes]) -> Measured:
    before = server.cpu
    outcome = drive(server.port, requests, connections=CONNECTIONS, total=REQUESTS)
    spent = server.cpu - before
    if outcome.statuses != {b"200": REQUESTS}:
        raise SystemExit(f"{server.name} answered {outcome.statuses}, and broke {outcome.broken} connections")
    return Measured(cpu=spent / REQUESTS, outcome=outcome)


def ratio(rounds: list[dict[str, Measured]], one: str, other: str) -> tuple[float, float]:
    """Of processor time, and of rates: how fast `one` is where `other` is 1."""
    return (
        statistics.median(taken[other].cpu / taken[one].cpu for taken in rounds),
        statistics.median(taken[one].outcome.rate / taken[other].outcome.rate for taken in rounds),
    )


def told(rounds: list[dict[str, Measured]]) -> bool:
    for name in rounds[0]:
        cpu = statistics.median(taken[name].cpu for taken in rounds) * 1e6
        rate = statistics.median(taken[name].outcome.rate for taken in rounds)
        print(f"{name:<8} {cpu:6.1f} us of processor a request | {rate:6.0f}/s")
    of_floor, of_bare = ratio(rounds, "gateway", "floor"), ratio(rounds, "gateway", "bare")
    slowest = statistics.median(
        taken["gateway"].outcome.percentile(0.99) / taken["bare"].outcome.percentile(0.99) for taken in rounds
    )
    print(f"mint {of_floor[0]:4.2f} of the floor by processor time, {of_floor[1]:4.2f} by rate (bar {BAR})")
    print(f"mint {of_bare[0]:4.2f} of the bare server by processor time, {of_bare[1]:4.2f} by rate")
    print(f"slowest hundredth {slowest:4.1f} times the bare server's (bar {SLOWEST_BAR})")
    return of_floor[0] >= BAR and slowest < SLOWEST_BAR


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(IdentityProvider().running())
        servers = [
            stack.enter_context(gateway(folder / "gateway", provider)),
            stack.enter_context(floor("floor", folder / "floor", provider)),
            stack.enter_context(floor("bare", folder / "bare", provider)),
        ]
        requests = assumptions(tokens(provider, TOKENS))
        for server in servers:
            measure(server, requests)
        rounds = [{server.name: measure(server, requests) for server in servers} for _ in range(ROUNDS)]
        return 0 if told(rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
