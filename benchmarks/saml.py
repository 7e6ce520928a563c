"""What AssumeRoleWithSAML costs, as a ratio to xmlsec's bare verification of the same document.

    python benchmarks/saml.py

Bare: parse, register IDs, verify each signature with a key that is loaded already; no schema, no conditions, nothing
read. Verified: from the form parameter to an identity, python3-saml's own checks included; awaited: the same in a
thread of the provider. Whole: the form as it came to the XML that goes out, through the door: verified in a thread,
used up in the memory store, role, trust and policies, credentials, audit line in a file. 1,000 answers in rounds of 25,
each in turn, since a busy machine runs one code at very different speeds from second to second; medians of the rounds'
ratios, of the processor's time in all threads and of the clock. The event loop and the
collector are a worker's. Bar 6, aim 3.
"""

import base64
import gc
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[1]))

import uvloop
import xmlsec
from lxml import etree

from gateway.assembly.compose import exchange_of
from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.workers import Workers
from gateway.domain.assertion import UNSOLICITED, UnverifiedAssertion
from gateway.doors.sts.door import StsDoor
from gateway.sealing.key_file import read
from gateway.telemetry.audit import AuditLog
from gateway.web.asgi import Message, Scope
from gateway.web.origin import keep_origin
from tests.fakes.gateway_world import ANALYST, ORIGIN
from tests.fakes.saml_identity_provider import DS
from tests.fakes.saml_world import ACS, PRINCIPAL, SamlWorld

T = TypeVar("T")

ANSWERS = 1_000
A_ROUND = 25
PASSES = 3
BAR = 6.0
SIGNATURE = f"{{{DS}}}Signature"
GROUPS = ("analysts", *(f"group-{n}" for n in range(11)))
FORM = b"application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Seconds for one round."""

    cpu: float
    wall: float


def bare(document: bytes, key: xmlsec.Key) -> None:
    root = etree.fromstring(document)
    xmlsec.tree.add_ids(root, ["ID"])
    for signature in root.iter(SIGNATURE):
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(signature)


class Ways:
    """The ways in which the same answers are taken, of one gateway that has seen none of them."""

    def __init__(self, folder: Path) -> None:
        self.world = SamlWorld(folder)
        self._key = xmlsec.Key.from_memory(self.world.saml.certificate, xmlsec.KeyFormat.CERT_DER, None)
        self._trust = self.world.saml.trust(acs_url=ACS)
        self._reader = AssertionReader(provider="bench", clock=self.world.clock, workers=Workers("bench", size=1))
        exchange, _ = exchange_of(
            self.world.configuration,
            read(folder / "keyring.json"),
            clock=self.world.clock,
            audit=AuditLog.open(folder / "audit.log", refuse=True),
            state=self.world.state,
            revocations=self.world.revocations,
            meters=self.world.meters,
        )
        self._door = StsDoor(lambda: exchange)

    async def bare(self, document: bytes) -> None:
        bare(document, self._key)

    async def verified(self, answer: UnverifiedAssertion) -> None:
        self._reader.verify_now(answer, UNSOLICITED, self._trust)

    async def awaited(self, answer: UnverifiedAssertion) -> None:
        await self._reader.verify(answer, UNSOLICITED, self._trust)

    async def whole(self, form: bytes) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": form, "more_body": False}

        async def send(message: Message) -> None:
            if message.get("status", 200) != 200:
                raise SystemExit(f"the gateway answered {message['status']}")

        scope: Scope = {"method": "POST", "raw_path": b"/", "query_string": b"", "headers": [(b"content-type", FORM)]}
        keep_origin(scope, ORIGIN)
        await self._door(scope, receive, send)

    def close(self) -> None:
        self._reader.close()


def form(answer: UnverifiedAssertion) -> bytes:
    fields = {
        "Action": "AssumeRoleWithSAML",
        "Version": "2011-06-15",
        "RoleArn": ANALYST,
        "PrincipalArn": PRINCIPAL,
        "SAMLAssertion": answer,
    }
    return urlencode(fields).encode()


async def taken(way: Callable[[T], Awaitable[None]], several: Sequence[T]) -> Taken:
    cpu, wall = time.process_time(), time.perf_counter()
    for one in several:
        await way(one)
    return Taken(cpu=time.process_time() - cpu, wall=time.perf_counter() - wall)


async def rounds(answers: Sequence[UnverifiedAssertion], forms: Sequence[bytes]) -> list[dict[str, Taken]]:
    """One pass over all answers by a new gateway, whose store remembers none; the last only warms it up."""
    documents = [base64.b64decode(answer) for answer in answers]
    with tempfile.TemporaryDirectory() as folder:
        ways = Ways(Path(folder))
        try:
            await ways.whole(forms[-1])
            await ways.awaited(answers[-1])
            done = []
            for first in range(0, ANSWERS, A_ROUND):
                part = slice(first, first + A_ROUND)
                done.append(
                    {
                        "bare": await taken(ways.bare, documents[part]),
                        "verified": await taken(ways.verified, answers[part]),
                        "awaited": await taken(ways.awaited, answers[part]),
                        "whole": await taken(ways.whole, forms[part]),
                    }
                )
            return done
        finally:
            ways.close()


async def measured(told: str, signed: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        world = SamlWorld(Path(folder))
        answers = [world.assertion(*GROUPS, signed=signed) for _ in range(ANSWERS + 1)]
    forms = [form(answer) for answer in answers]
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)
    every = list(itertools.chain.from_iterable([await rounds(answers, forms) for _ in range(PASSES)]))
    micro = statistics.median(one["bare"].cpu for one in every) / A_ROUND * 1e6
    size = statistics.mean(len(answer) for answer in answers) * 3 / 4_000
    ratios = {
        way: (
            statistics.median(one[way].cpu / one["bare"].cpu for one in every),
            statistics.median(one[way].wall / one["bare"].wall for one in every),
        )
        for way in ("verified", "awaited", "whole")
    }
    print(f"{told}, {size:.1f} KB: bare xmlsec {micro:.0f} us (bar {BAR:.0f}, aim 3)")
    for way, (cpu, wall) in ratios.items():
        print(f"    {way:<9} {cpu:5.2f} times that by processor time, {wall:5.2f} by the clock")
    return max(ratios["whole"]) <= BAR


async def main() -> int:
    good = [
        await measured(told, signed) for told, signed in (("response and assertion", "ar"), ("assertion alone", "a"))
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
