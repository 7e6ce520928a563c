"""What verifying one signed request costs in process, as a ratio to its floor: the five HMACs that nobody can save.

    python benchmarks/sigv4.py

Interleaved rounds over distinct requests of many sessions; medians of the rounds' ratios, because one machine runs the
same code at very different speeds from second to second. Bar: 4 with the signing key derived, 2.5 with a warm key.
"""

import gc
import hmac
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules
from gateway.sigv4.scope import CredentialScope, check_scope
from gateway.sigv4.sign import sign
from gateway.sigv4.signing_key import SigningKeys, signing_key
from gateway.sigv4.string_to_sign import signature_of, strings_to_sign
from gateway.sigv4.verify import check_time, verify

SESSIONS = 100
REQUESTS = 2_000
ROUNDS = 15
NOW = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
COLD_BAR = 4.0
WARM_BAR = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One signed request, who signed it, and what the floor needs of it."""

    http: HttpRequest
    secret: str
    scope: CredentialScope
    text: bytes
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    name: str
    rules: SigningRules
    cases: Sequence[Case]


def s3_case(number: int) -> Case:
    path = f"/lake/team/dt%3D2026-05-04/part-{number:06d}.parquet".encode()
    headers = (
        (b"host", b"s3.data.example.com"),
        (b"user-agent", b"Boto3/1.44.5 md/Botocore#1.44.8 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.9"),
        (b"accept-encoding", b"identity"),
        (b"amz-sdk-invocation-id", f"6f1a4d4e-0f0f-4b6c-9d0e-{number:012d}".encode()),
        (b"amz-sdk-request", b"attempt=1"),
    )
    return _signed(number, b"GET", path, b"", headers, "s3", S3_RULES, b"")


def list_case(number: int) -> Case:
    query = f"list-type=2&prefix=team%2Fdt%3D{number}&delimiter=%2F&encoding-type=url".encode()
    return _signed(number, b"GET", b"/lake", query, ((b"host", b"s3.data.example.com"),), "s3", S3_RULES, b"")


def service_case(number: int) -> Case:
    body = b"Action=GetCallerIdentity&Version=2011-06-15"
    headers = (
        (b"host", b"sts.example.com"),
        (b"content-type", b"application/x-www-form-urlencoded; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"accept-encoding", b"identity"),
    )
    return _signed(number, b"POST", b"/", b"", headers, "sts", SERVICE_RULES, body)


def presigned_case(number: int) -> Case:
    session = number % SESSIONS
    secret = sha256(b"secret %d" % session).hexdigest()[:40]
    scope = CredentialScope(date="20260504", region="eu-central-1", service="s3")
    query = (
        f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIA{session:016d}%2F{scope.text.replace('/', '%2F')}"
        f"&X-Amz-Date=20260504T100000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
        f"&X-Amz-Security-Token={sha256(b'token %d' % session).hexdigest() * 9}&X-Amz-Signature="
    )
    unsigned = HttpRequest(
        method="GET",
        raw_path=f"/lake/team/part-{number:06d}.parquet".encode(),
        raw_query=query.encode() + b"0" * 64,
        headers=((b"host", b"s3.data.example.com"), (b"user-agent", b"curl/8.5.0"), (b"accept", b"*/*")),
    )
    (text,) = strings_to_sign(parse(unsigned), S3_RULES, body_sha256=None)
    signature = signature_of(text, signing_key(secret, scope))
    http = replace(unsigned, raw_query=f"{query}{signature}".encode())
    return Case(http=http, secret=secret, scope=scope, text=text.encode(), body_sha256=sha256(b"").hexdigest())


def _signed(
    number: int,
    method: bytes,
    path: bytes,
    query: bytes,
    headers: tuple[tuple[bytes, bytes], ...],
    service: str,
    rules: SigningRules,
    body: bytes,
) -> Case:
    session = number % SESSIONS
    secret = sha256(b"secret %d" % session).hexdigest()[:40]
    scope = CredentialScope(date="20260504", region="eu-central-1", service=service)
    http = HttpRequest(method=method.decode(), raw_path=path, raw_query=query, headers=headers)
    body_sha256 = sha256(body).hexdigest()
    added = sign(
        http,
        access_key_id=f"ASIA{session:016d}",
        secret_access_key=secret,
        session_token=sha256(b"token %d" % session).hexdigest() * 9,
        scope=scope,
        now=NOW,
        rules=rules,
        payload_hash=body_sha256,
    )
    signed = HttpRequest(method=http.method, raw_path=path, raw_query=query, headers=(*headers, *added))
    text = f"AWS4-HMAC-SHA256\n20260504T100000Z\n{scope.text}\n{sha256(b'%d' % number).hexdigest()}".encode()
    return Case(http=signed, secret=secret, scope=scope, text=text, body_sha256=body_sha256)


def floor(workload: Workload) -> None:
    digest = hmac.digest
    for case in workload.cases:
        key = f"AWS4{case.secret}".encode()
        for part in (case.scope.date, case.scope.region, case.scope.service, "aws4_request"):
            key = digest(key, part.encode(), "sha256")
        digest(key, case.text, "sha256").hex()


def cold(workload: Workload) -> None:
    for case in workload.cases:
        signed = parse(case.http)
        check_scope(signed.scope, service=case.scope.service, region=None)
        check_time(signed, NOW)
        verify(signed, signing_key(case.secret, signed.scope), workload.rules, body_sha256=case.body_sha256)


def warm(workload: Workload, keys: SigningKeys) -> None:
    for case in workload.cases:
        signed = parse(case.http)
        check_scope(signed.scope, service=case.scope.service, region=None)
        check_time(signed, NOW)
        verify(signed, keys.of(case.secret, signed.scope), workload.rules, body_sha256=case.body_sha256)


def timed(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def measure(workload: Workload) -> None:
    keys = SigningKeys(capacity=SESSIONS * 4)
    warm(workload, keys)
    rounds = [
        (timed(lambda: floor(workload)), timed(lambda: cold(workload)), timed(lambda: warm(workload, keys)))
        for _ in range(ROUNDS)
    ]
    each = statistics.median(base for base, _, _ in rounds) / len(workload.cases) * 1e6
    cold_ratio = statistics.median(taken / base for base, taken, _ in rounds)
    warm_ratio = statistics.median(taken / base for base, _, taken in rounds)
    print(f"{workload.name:<22} floor {each:5.1f} us | key derived {cold_ratio:4.2f} (bar {COLD_BAR}) ", end="")
    print(f"| warm key {warm_ratio:4.2f} (bar {WARM_BAR})")


def main() -> None:
    gc.disable()
    for name, rules, make in (
        ("S3 GET object", S3_RULES, s3_case),
        ("S3 list", S3_RULES, list_case),
        ("S3 presigned GET", S3_RULES, presigned_case),
        ("STS GetCallerIdentity", SERVICE_RULES, service_case),
    ):
        measure(Workload(name=name, rules=rules, cases=[make(number) for number in range(REQUESTS)]))


if __name__ == "__main__":
    main()
