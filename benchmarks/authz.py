"""What deciding a signed request over HTTP costs on one worker with audit on, as a ratio to its floor server.

    python benchmarks/authz.py

1,000 distinct S3 requests of 100 sessions in turn over 16 connections, asked as Envoy asks; the floor is `authz_floor`
of `_floor_server.py` on the same server settings. Interleaved rounds; medians of the rounds' ratios of the processor's
time and of the rates that the client saw. Bar: 0.55 of the floor.
"""

import re
import statistics
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks._load import drive
from benchmarks._servers import PROXY_TOKEN, Running, assumptions, floor, gateway, tokens
from benchmarks.mint import CONNECTIONS, REQUESTS, ROUNDS, measure, ratio

from gateway.sigv4.request import HttpRequest
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from tests.fakes.identity_provider import IdentityProvider

SESSIONS = 100
DISTINCT = 1_000
BAR = 0.55
_HOST = b"s3.data.example.com"
_MEMBERS = ("AccessKeyId", "SecretAccessKey", "SessionToken")


def sessions(server: Running, provider: IdentityProvider) -> list[list[str]]:
    """Key id, secret and token of each session."""
    answers: list[bytes] = []
    requests = assumptions(tokens(provider, SESSIONS))
    drive(server.port, requests, connections=1, total=SESSIONS, answers=answers)
    return [[re.findall(f"<{name}>(.*?)<", answer.decode())[0] for name in _MEMBERS] for answer in answers]


def signed(number: int, session: list[str], now: datetime) -> bytes:
    """One check as it goes over the wire."""
    path = f"/lake/team/dt%3D2026-05-04/part-{number:06d}.parquet".encode()
    headers = (
        (b"host", _HOST),
        (b"user-agent", b"Boto3/1.44.5 md/Botocore#1.44.8 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.9"),
        (b"accept-encoding", b"identity"),
        (b"amz-sdk-invocation-id", f"6f1a4d4e-0f0f-4b6c-9d0e-{number:012d}".encode()),
        (b"amz-sdk-request", b"attempt=1"),
    )
    added = sign(
        HttpRequest(method="GET", raw_path=path, raw_query=b"", headers=headers),
        access_key_id=session[0],
        secret_access_key=session[1],
        session_token=session[2],
        scope=CredentialScope(date=f"{now:%Y%m%d}", region="eu-central-1", service="s3"),
        now=now,
        rules=S3_RULES,
        payload_hash=sha256(b"").hexdigest(),
    )
    proxy = ((b"x-gateway-proxy-token", PROXY_TOKEN.encode()), (b"x-forwarded-proto", b"https"))
    lines = [b"%b: %b" % header for header in (*headers, *added, *proxy, (b"x-forwarded-for", b"192.0.2.7"))]
    return b"GET /authz%b HTTP/1.1\r\n%b\r\n\r\n" % (path, b"\r\n".join(lines))


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        provider = stack.enter_context(IdentityProvider().running())
        servers = [
            stack.enter_context(gateway(folder / "gateway", provider)),
            stack.enter_context(floor("authz_floor", folder / "floor", provider)),
            stack.enter_context(floor("bare", folder / "bare", provider)),
        ]
        opened, now = sessions(servers[0], provider), datetime.now(UTC)
        requests = [signed(number, opened[number % SESSIONS], now) for number in range(DISTINCT)]
        for server in servers:
            measure(server, requests)
        rounds = [{server.name: measure(server, requests) for server in servers} for _ in range(ROUNDS)]
    for name in rounds[0]:
        cpu = statistics.median(taken[name].cpu for taken in rounds) * 1e6
        print(f"{name:<12} {cpu:6.1f} us of processor a request")
    by_cpu, by_rate = ratio(rounds, "gateway", "authz_floor")
    told = f"{by_cpu:4.2f} of the floor by processor time, {by_rate:4.2f} by rate (bar {BAR})"
    print(f"a decision {told}; {CONNECTIONS} connections, {REQUESTS} requests a round")
    return 0 if by_cpu >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
