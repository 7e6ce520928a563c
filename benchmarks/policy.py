"""What one decision over a role of 100 statements costs, as a ratio to its floor: one `fullmatch` of an ARN pattern.

    python benchmarks/policy.py

Interleaved rounds over distinct requests; medians of the rounds' ratios. Bar: 40 for every shape of role. Then that
patterns, conditions and documents are linear: twice the length may cost at most three times as much.
"""

import gc
import json
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.policy.context import RequestContext
from gateway.policy.document import Policy, PolicyKind, parse_policy
from gateway.policy.evaluate import Query, evaluate
from gateway.policy.patterns import glob
from gateway.policy.variables import Source

STATEMENTS = 100
REQUESTS = 2_000
ROUNDS = 15
BAR = 40.0
LINEAR_BAR = 3.0
FLOOR = re.compile("arn:aws:s3:::lake/team/.*")
FLOOR_TEXT = "arn:aws:s3:::lake/team/part-00001.parquet"
NOBODY = RequestContext.of({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    name: str
    policies: Sequence[Policy]
    queries: Sequence[Query]


def workload(name: str, statement: Callable[[int], dict[str, Any]], query: Callable[[int], Query]) -> Workload:
    document = {"Version": "2012-10-17", "Statement": [statement(number) for number in range(STATEMENTS)]}
    policies = [parse_policy(document, PolicyKind.IDENTITY, name="role")]
    return Workload(name=name, policies=policies, queries=[query(number) for number in range(REQUESTS)])


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def get(number: int, resource: str) -> Query:
    context = RequestContext.of(
        {
            "aws:username": f"user-{number}",
            "aws:PrincipalTag/team": f"team{number % STATEMENTS}",
            "aws:SourceIp": f"192.0.2.{number % 250}",
            "aws:SecureTransport": "true",
        }
    )
    return Query(action="s3:GetObject", resource=resource, context=context)


def workloads() -> list[Workload]:
    team = "arn:aws:s3:::lake/team{}/{}".format
    secure = {"Bool": {"aws:SecureTransport": "true"}, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    return [
        workload(
            "an action each",
            lambda n: allow("s3:GetObject" if n == STATEMENTS - 1 else f"s3:Get{n}Thing", "arn:aws:s3:::lake/*"),
            lambda n: get(n, f"arn:aws:s3:::lake/part-{n:06d}"),
        ),
        workload(
            "a prefix each",
            lambda n: allow(["s3:GetObject", "s3:PutObject"], team(n, "*")),
            lambda n: get(n, team(n % STATEMENTS, f"part-{n:06d}")),
        ),
        workload(
            "a suffix each",
            lambda n: allow("s3:*", f"arn:aws:s3:::lake/*/part-{n}"),
            lambda n: get(n, f"arn:aws:s3:::lake/day-{n}/part-{n % STATEMENTS}"),
        ),
        workload(
            "prefix and conditions",
            lambda n: allow("s3:Get*", team(n, "${aws:username}/*"), Condition=secure),
            lambda n: get(n, team(n % STATEMENTS, f"user-{n}/part")),
        ),
        workload(
            "a condition each",
            lambda n: allow("s3:*", "*", Condition={"StringEquals": {"aws:PrincipalTag/team": f"team{n}"}}),
            lambda n: get(n, team(n % STATEMENTS, "part")),
        ),
        workload(
            "every second one Deny",
            lambda n: allow("s3:*", team(n // 2, "*" if n % 2 else "secret/*"), Effect="Allow" if n % 2 else "Deny"),
            lambda n: get(n, team(n % STATEMENTS // 2, f"part-{n:06d}")),
        ),
        workload(
            "nothing allows",
            lambda n: allow("s3:GetObject", team(n, "*")),
            lambda n: get(n, team(f"{n}x", "part")),
        ),
    ]


def floor() -> None:
    fullmatch, text = FLOOR.fullmatch, FLOOR_TEXT
    for _ in range(REQUESTS):
        fullmatch(text)


def decide(one: Workload) -> None:
    for query in one.queries:
        evaluate(query, identity=one.policies, boundary=None, session=None)


def timed(run: Callable[[], object]) -> float:
    # The processor's time, not the wall's: other work on the machine would count for the longer of the two.
    started = time.process_time()
    run()
    return time.process_time() - started


def measure(one: Workload) -> bool:
    decide(one)
    rounds = [(timed(floor), timed(lambda: decide(one))) for _ in range(ROUNDS)]
    base = statistics.median(base for base, _ in rounds) / REQUESTS * 1e6
    ratio = statistics.median(taken / base for base, taken in rounds)
    print(f"{one.name:<24} floor {base:4.2f} us | decision {ratio:5.1f} (bar {BAR})")
    return ratio <= BAR


def measure_growth(name: str, work: Callable[[int], Callable[[], object]], size: int) -> bool:
    smaller, larger = work(size), work(size * 2)
    ratio = statistics.median(timed(larger) / timed(smaller) for _ in range(ROUNDS))
    spent = timed(larger) * 1e3
    print(f"{name:<24} twice the size costs {ratio:4.2f} (bar {LINEAR_BAR}) | {spent:7.2f} ms")
    return ratio <= LINEAR_BAR


def matching(pattern: str, text: str) -> Callable[[int], Callable[[], object]]:
    def work(size: int) -> Callable[[], object]:
        matches = glob(Source(text=pattern * size, path="", has_variables=False).pattern()).matches
        return lambda: [matches(text * size, NOBODY) for _ in range(10)]

    return work


def parsing(size: int) -> Callable[[], object]:
    document = json.dumps({"Statement": [allow(f"s3:Get{n}", f"arn:aws:s3:::lake/{n}/*") for n in range(size)]})
    return lambda: parse_policy(document, PolicyKind.IDENTITY, name="large")


def main() -> int:
    gc.disable()
    kept = [measure(one) for one in workloads()]
    kept += [
        measure_growth("a*a*a*... missing", matching("a*", "a"), 1_000),
        measure_growth("a*b missing", matching("a*", "ab"), 1_000),
        measure_growth("*?a*?a... missing", matching("*?a", "ba"), 700),
        measure_growth("statements", parsing, 2_000),
    ]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
