"""What verifying a SAML answer costs, as a ratio to xmlsec's bare verification of the same document.

    python benchmarks/saml.py

Bare: parse, register IDs, verify each signature with a key that is loaded already; no schema, no conditions, nothing
read. Ours: from the form parameter to an identity, python3-saml's own checks included; then the same in a thread of the
provider that the event loop awaits. 1,000 answers in rounds of 25, bare and ours in turn, since a busy machine runs one
code at very different speeds from second to second; medians of the rounds' ratios. Bar 6, aim 3.
"""

import asyncio
import base64
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[1]))

import xmlsec
from lxml import etree

from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.workers import Workers
from gateway.domain.assertion import UNSOLICITED, UnverifiedAssertion
from gateway.domain.clock import SteadyClock
from tests.fakes.saml_identity_provider import DS, Facts, SamlIdentityProvider, encoded

T = TypeVar("T")

ANSWERS = 1_000
A_ROUND = 25
PASSES = 5
BAR = 6.0
SIGNATURE = f"{{{DS}}}Signature"
ATTRIBUTES = {"uid": "alice", "mail": "alice@corp.example", "memberOf": tuple(f"group-{n}" for n in range(12))}


def bare(document: bytes, key: xmlsec.Key) -> None:
    root = etree.fromstring(document)
    xmlsec.tree.add_ids(root, ["ID"])
    for signature in root.iter(SIGNATURE):
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(signature)


def seconds(act: Callable[[T], object], several: Sequence[T]) -> float:
    started = time.perf_counter()
    for one in several:
        act(one)
    return time.perf_counter() - started


async def measured(told: str, signed: str) -> bool:
    provider, clock = SamlIdentityProvider(), SteadyClock()
    trust = provider.trust()
    reader = AssertionReader(provider="bench", clock=clock, workers=Workers("bench", size=1))
    facts = (
        Facts(now=clock.now(), attributes=ATTRIBUTES, confirmed_until=3_600, not_on_or_after=3_600)
        for _ in range(ANSWERS)
    )
    answers = [encoded(provider.response(one, signed=signed)) for one in facts]
    documents = [base64.b64decode(answer) for answer in answers]
    key = xmlsec.Key.from_memory(provider.certificate, xmlsec.KeyFormat.CERT_DER, None)

    async def awaited(several: Sequence[UnverifiedAssertion]) -> float:
        started = time.perf_counter()
        for one in several:
            await reader.verify(one, UNSOLICITED, trust)
        return time.perf_counter() - started

    rounds = []
    for first in itertools.chain.from_iterable([range(0, ANSWERS, A_ROUND)] * PASSES):
        part = slice(first, first + A_ROUND)
        base = seconds(lambda document: bare(document, key), documents[part])
        own = seconds(lambda answer: reader.verify_now(answer, UNSOLICITED, trust), answers[part])
        rounds.append((base, own / base, await awaited(answers[part]) / base))
    reader.close()
    micro, ratio, in_thread = (statistics.median(column) for column in zip(*rounds, strict=True))
    size = statistics.mean(len(document) for document in documents) / 1_000
    print(
        f"{told:<22} {size:.1f} KB, bare xmlsec {micro / A_ROUND * 1e6:4.0f} us | "
        f"verified {ratio:4.2f} times that (bar {BAR:.0f}, aim 3), awaited in a thread {in_thread:4.2f}"
    )
    return ratio <= BAR


async def main() -> int:
    good = [
        await measured(told, signed) for told, signed in (("response and assertion", "ar"), ("assertion alone", "a"))
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
