"""What a request costs a resource server that verifies by itself, as a ratio to the five HMACs that nobody can save.

    python benchmarks/verifier.py

Distinct requests of many known sessions; interleaved rounds, medians of the rounds' ratios. `verified` is the local
verification: signature, body, end, revocations (10,000 of others in the list); `decided` is the whole, policies
included. Bar: 2.5 verified. And the memory of 100,000 sessions that asked, of which 10,000 are kept.
"""

# The parts are measured apart, and the gateway is never asked.
# ruff: noqa: SLF001

import gc
import statistics
import tracemalloc
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from gateway.client.aws_credentials import AwsCredentials
from gateway.domain.authentication import Authenticated, AuthenticatedPrincipal
from gateway.domain.origin import RequestOrigin
from gateway.domain.revocation import Revocation, RevocationKind, RevocationList
from gateway.resource.known import CAPACITY, KnownSession, KnownSessions, key_of
from gateway.resource.services import execute_api
from gateway.resource.verifier import Verifier
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import SERVICE_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.sigv4.signing_key import signing_key

try:
    from benchmarks.sigv4 import NOW, REQUESTS, ROUNDS, SESSIONS, WARM_BAR, Case, Workload, floor, timed
except ModuleNotFoundError:
    from sigv4 import (  # type: ignore[import-not-found, no-redef]
        NOW,
        REQUESTS,
        ROUNDS,
        SESSIONS,
        WARM_BAR,
        Case,
        Workload,
        floor,
        timed,
    )

REVOKED = 10_000
MANY = 100_000
ACCOUNT = "111122223333"
ORIGIN = RequestOrigin(request_id="r", source_ip="192.0.2.7", user_agent="bench/1", secure_transport=True)
SCOPE = CredentialScope(date="20260504", region="us-east-1", service="execute-api")
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke",'
    f'"Resource":"arn:aws:execute-api:us-east-1:{ACCOUNT}:orders/$default/*/orders/*"}}]}}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    key: str
    secret: str
    token: str


def session(number: int) -> Session:
    return Session(
        key=f"ASIA{number:016d}",
        secret=sha256(b"secret %d" % number).hexdigest()[:40],
        token=sha256(b"token %d" % number).hexdigest() * 9,
    )


def case(number: int) -> Case:
    who = session(number % SESSIONS)
    headers = (
        (b"host", b"orders.example.com"),
        (b"user-agent", b"python-requests/2.32.4"),
        (b"accept", b"*/*"),
        (b"accept-encoding", b"gzip, deflate"),
    )
    http = HttpRequest(method="GET", raw_path=f"/orders/{number}".encode(), raw_query=b"full=1", headers=headers)
    body_sha256 = sha256(b"").hexdigest()
    added = sign(
        http,
        access_key_id=who.key,
        secret_access_key=who.secret,
        session_token=who.token,
        scope=SCOPE,
        now=NOW,
        rules=SERVICE_RULES,
        payload_hash=body_sha256,
    )
    text = f"AWS4-HMAC-SHA256\n20260504T100000Z\n{SCOPE.text}\n{sha256(b'%d' % number).hexdigest()}".encode()
    signed = replace(http, headers=(*headers, *added))
    return Case(http=signed, secret=who.secret, scope=SCOPE, text=text, body_sha256=body_sha256)


def answer(number: int) -> Authenticated:
    who = session(number)
    return Authenticated(
        principal=AuthenticatedPrincipal(
            arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/person{number}",
            account=ACCOUNT,
            access_key_id=who.key,
            session_name=f"person{number}",
            tags={"team": "blue"},
            condition_keys={"aws:PrincipalTag/team": "blue", "aws:userid": f"AROA:person{number}"},
            session_id=f"S{number}",
            role_name="Analyst",
            provider="workforce",
            subject=f"person{number}",
            issued_at=NOW,
        ),
        policies=((POLICY,),),
        expiration=NOW + timedelta(hours=1),
        policies_expire=NOW + timedelta(seconds=60),
        signing_key=signing_key(who.secret, SCOPE),
    )


def verifier(cases: list[Case]) -> Verifier:
    """One that knows all sessions, and never asks."""
    made = Verifier(
        "https://sts.example.com",
        execute_api("orders", hosts=["orders.example.com"], account=ACCOUNT),
        credentials=lambda: AwsCredentials(access_key_id="AKIA", secret_access_key="none"),
        clock=lambda: NOW,
    )
    for number, one in enumerate(cases[:SESSIONS]):
        made._known.put(key_of(parse(one.http)), KnownSession.of(answer(number), NOW))
    followed = made._revocations
    followed.start = lambda: None  # type: ignore[method-assign]
    followed._heard_at = NOW
    followed._current = RevocationList(
        Revocation(kind=RevocationKind.SESSION, value=f"other {number}", issued_before=NOW, until=NOW)
        for number in range(REVOKED)
    )
    return made


def verified(made: Verifier, cases: list[Case]) -> None:
    for one in cases:
        made._proven(made._read(one.http, NOW), one.body_sha256, NOW)


def decided(made: Verifier, cases: list[Case]) -> None:
    for one in cases:
        made.verify(one.http, b"", ORIGIN)


def memory() -> tuple[int, float]:
    """How many of MANY sessions are kept, and how many MiB they take."""
    known = KnownSessions()
    tracemalloc.start()
    for number in range(MANY):
        key = f"ASIA{number:016d}", SCOPE.date, SCOPE.region, sha256(b"%d" % number).digest()
        known.put(key, KnownSession.of(answer(number), NOW))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return len(known), used / 2**20


def main() -> None:
    gc.disable()
    cases = [case(number) for number in range(REQUESTS)]
    made = verifier(cases)
    workload = Workload(name="execute-api", rules=SERVICE_RULES, cases=cases)
    decided(made, cases)
    rounds = [
        (timed(lambda: floor(workload)), timed(lambda: verified(made, cases)), timed(lambda: decided(made, cases)))
        for _ in range(ROUNDS)
    ]
    each = statistics.median(base for base, _, _ in rounds) / len(cases) * 1e6
    ratios = [statistics.median(one[place] / one[0] for one in rounds) for place in (1, 2)]
    print(f"local verification     floor {each:5.1f} us | verified {ratios[0]:4.2f} (bar {WARM_BAR}) ", end="")
    print(f"| decided {ratios[1]:4.2f}")
    gc.enable()
    kept, used = memory()
    print(f"{MANY} sessions         {kept} kept (bound {CAPACITY}), {used:.1f} MiB")


if __name__ == "__main__":
    main()
