"""What opening the portal costs: the page with its style sheet and script, against a bare server with the same bytes.

    python benchmarks/portal.py

A person with 20 roles, and one with 200. The three requests of one opening in turn over one connection, a browser that
keeps nothing; interleaved rounds; medians of the rounds' ratios of the time until all is there, and of the processor's.
Left alone, Linux puts client and server on one processor or on two as it likes, and an answer takes half as long or
twice: both are measured, each server pinned alike. Bar: 2 times the bare server's time, in each.
"""

import json
import os
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from benchmarks._load import drive
from benchmarks._servers import Running, bare_pages, gateway

from tests.fakes.identity_provider import Answer, IdentityProvider

ROUNDS = 7
OPENINGS = 300
BAR = 2.0
ROLES = (20, 200)
PLACES = sorted(os.sched_getaffinity(0))[:2]
_NAMES = {count: [f"lake/Role{count}x{number:03}" for number in range(count)] for count in ROLES}
_CONFIGURATION = """
gateway:
  public_url: http://127.0.0.1:{port}
  keyring: ./keyring.json
  state: "{state}"
  audit: {{path: ./audit.jsonl}}
accounts: {{lake: "111122223333"}}
providers:
  workforce: {{type: oidc, issuer: "{issuer}", client_id: portal}}
roles:
""" + "".join(f"  {name}: {{{{}}}}\n" for names in _NAMES.values() for name in names)
_MAPPINGS = "mappings:\n" + "".join(
    f"  - {{{{provider: workforce, groups: [of-{count}], roles: [{', '.join(names)}]}}}}\n"
    for count, names in _NAMES.items()
)


def signed_in(server: Running, provider: IdentityProvider, group: str) -> str:
    """The cookie of somebody of this group."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        begun = client.get("/login/workforce")
        sent = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
        token = provider.token(provider.claims(aud="portal", nonce=sent["nonce"], groups=[group]))
        provider.at["/token"] = Answer(body=json.dumps({"id_token": token, "token_type": "Bearer"}).encode())
        callback = {"code": "c", "state": sent["state"], "iss": provider.issuer}
        client.get("/oidc/workforce/callback", params=callback)
        return f"portal={client.cookies['portal']}"


def opening(server: Running, cookie: str) -> dict[str, int]:
    """Paths of one opening of the portal, and the bytes at each."""
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", headers={"cookie": cookie}) as client:
        page = client.get("/portal").raise_for_status()
        files = re.findall(r'(?:href|src)="(/portal\.[^"]*)"', page.text)
        return {"/portal": len(page.content), **{path: len(client.get(path).content) for path in files}}


def get(path: str, cookie: str, port: int) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nUser-Agent: benchmark/1\r\n\r\n".encode()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of one opening: microseconds of the server's processor, and microseconds that a browser waits for its answers."""

    cpu: float
    wait: float


def measure(server: Running, requests: Sequence[bytes], processor: int) -> Measured:
    """`processor`: that the server runs on; the client runs on the first one."""
    os.sched_setaffinity(server.process.pid, {processor})
    total = OPENINGS * len(requests)
    before = server.cpu
    outcome = drive(server.port, requests, connections=1, total=total)
    if outcome.statuses != {b"200": total}:
        raise SystemExit(f"{server.name} answered {outcome.statuses}, and broke {outcome.broken} connections")
    waits = [sum(outcome.took[at : at + len(requests)]) for at in range(0, total, len(requests))]
    return Measured(cpu=(server.cpu - before) / OPENINGS * 1e6, wait=statistics.median(waits) * 1e6)


def compared(count: int, served: Running, provider: IdentityProvider, folder: Path) -> list[float]:
    """One for each processor of PLACES."""
    cookie = signed_in(served, provider, f"of-{count}")
    sizes = opening(served, cookie)
    plain = {path.partition("?")[0]: size for path, size in sizes.items()}
    with bare_pages(folder / f"bare-{count}", plain) as bare:
        own = [get(path, cookie, served.port) for path in sizes]
        same = [get(path, cookie, bare.port) for path in plain]
        found = {at: [(measure(served, own, at), measure(bare, same, at)) for _ in range(ROUNDS)] for at in PLACES}
    return [told(f"{count:>3} roles, {sum(sizes.values()) / 1000:.1f} kB", at, found[at]) for at in found]


def told(what: str, processor: int, rounds: Sequence[tuple[Measured, Measured]]) -> float:
    cpu = statistics.median(ours.cpu / theirs.cpu for ours, theirs in rounds)
    wait = statistics.median(ours.wait / theirs.wait for ours, theirs in rounds)
    ours, theirs = (statistics.median(one.wait for one in column) for column in zip(*rounds, strict=True))
    spent = statistics.median(one.cpu for one, _ in rounds)
    where = "the same processor" if processor == PLACES[0] else "another processor "
    print(
        f"{what}, {where}: {ours:4.0f} us until all is there, bare {theirs:4.0f} us: {wait:.2f} times | "
        f"{spent:4.0f} us of processor, {cpu:.2f} times"
    )
    return wait


def main() -> int:
    os.sched_setaffinity(0, {PLACES[0]})
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(IdentityProvider().running())
        provider.configuration = {
            "authorization_endpoint": f"{provider.issuer}/authorize",
            "token_endpoint": f"{provider.issuer}/token",
        }
        served = stack.enter_context(gateway(folder, provider, configuration=_CONFIGURATION + _MAPPINGS))
        ratios = [ratio for count in ROLES for ratio in compared(count, served, provider, folder)]
    print(f"bar: {BAR} times the bare server")
    return int(max(ratios) > BAR)


if __name__ == "__main__":
    sys.exit(main())
