"""What verifying a SAML answer costs, as a ratio to xmlsec's bare verification of the same document.

    python benchmarks/saml.py

Bare: parse, register IDs, verify each signature with a key that is loaded already; no schema, no conditions, nothing
read. Ours: from the form parameter to an identity, in the provider's threads as a server awaits them, python3-saml's
own checks included. 1,000 answers of about 5 KB, each verified once a round; interleaved rounds, medians of the rounds'
ratios. Bar 6, aim 3.
"""

import asyncio
import base64
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import xmlsec
from lxml import etree

from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.trust import SamlTrust
from gateway.connectors.saml.workers import Workers
from gateway.domain.assertion import UNSOLICITED, UnverifiedAssertion
from gateway.domain.clock import SteadyClock
from tests.fakes.saml_identity_provider import DS, Facts, SamlIdentityProvider, encoded

ANSWERS = 1_000
ROUNDS = 9
AT_ONCE = 4
BAR = 6.0
SIGNATURE = f"{{{DS}}}Signature"


def bare(document: bytes, key: xmlsec.Key) -> None:
    root = etree.fromstring(document)
    xmlsec.tree.add_ids(root, ["ID"])
    for signature in root.iter(SIGNATURE):
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(signature)


def seconds(act: Callable[[], None]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


async def verified(reader: AssertionReader, answers: list[UnverifiedAssertion], trust: SamlTrust) -> float:
    waiting = iter(answers)

    async def one_after_the_other() -> None:
        for answer in waiting:
            await reader.verify(answer, UNSOLICITED, trust)

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
    return time.perf_counter() - started


async def measured(told: str, signed: str) -> bool:
    provider, clock = SamlIdentityProvider(), SteadyClock()
    trust, attributes = provider.trust(), {"uid": "alice", "mail": "alice@corp.example", "memberOf": ("analysts",) * 12}
    made = [
        provider.response(
            Facts(now=clock.now(), attributes=attributes, confirmed_until=3_600, not_on_or_after=3_600), signed=signed
        )
        for _ in range(ANSWERS)
    ]
    documents, answers = [etree.tostring(root) for root in made], [encoded(root) for root in made]
    key = xmlsec.Key.from_memory(provider.certificate, xmlsec.KeyFormat.CERT_DER, None)
    reader = AssertionReader(provider="bench", clock=clock, workers=Workers("bench", size=AT_ONCE))

    def floor() -> None:
        for document in documents:
            bare(document, key)

    floor()
    await verified(reader, answers, trust)
    rounds = [(seconds(floor), await verified(reader, answers, trust)) for _ in range(ROUNDS)]
    ratio = statistics.median(ours / base for base, ours in rounds)
    micro = statistics.median(base for base, _ in rounds) / ANSWERS * 1e6
    reader.close()
    size = statistics.mean(len(base64.b64decode(answer)) for answer in answers) / 1_000
    floor_told = f"{told:<24} {size:.1f} KB, bare xmlsec {micro:4.0f} us"
    print(f"{floor_told} | verified {ratio:4.2f} times that (bar {BAR:.0f}, aim 3)")
    return ratio <= BAR


async def main() -> int:
    good = [
        await measured(told, signed) for told, signed in (("response and assertion", "ar"), ("assertion alone", "a"))
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
