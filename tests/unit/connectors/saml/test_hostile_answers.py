"""Every hostile construction against the whole, against our own rules alone, inside encryption, and against the clock."""

import asyncio
import datetime as dt
import functools
import statistics
import time

import pytest

from gateway.connectors.saml import toolkit
from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.verification import Verification
from gateway.connectors.saml.workers import Workers
from gateway.domain.assertion import UNSOLICITED, Solicitation, UnverifiedAssertion
from gateway.domain.errors import GatewayError
from tests.fakes.saml_attacks import ATTACKS, COMMENT, PROCESSING, World, inside_encryption
from tests.fakes.saml_identity_provider import encoded, pem_of, private_key

pytestmark = pytest.mark.slow

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
NAMES = sorted(ATTACKS)
# One second of a file without end, one of XPath that counts for ever: what no key was needed for.
BOMBS = (
    "a forged second reference to file:///dev/zero",
    "a forged reference whose URI is 'file:///dev/zero'",
    "a transform more: an XPath bomb",
    "XPath in place of the enveloped transform",
    "XPath within the enveloped transform",
    "a transform more: XSLT",
    "CipherReference for the data",
    "CipherReference for the key",
    "12,000 siblings",
    "4,000 empty signatures",
    "a document type of a billion laughs, in UTF-8",
)


class StandingClock:
    def now(self) -> dt.datetime:
        return WORLD.now


@functools.cache
def verification() -> Verification:
    return Verification.of(trust())


@functools.cache
def trust():
    return WORLD.idp.trust(private_key=pem_of(private_key("RSA", "sp")))


@functools.cache
def posted(name: str) -> UnverifiedAssertion:
    return ATTACKS[name].parameter(WORLD)


def solicitation(name: str) -> Solicitation:
    return Solicitation(in_response_to=ATTACKS[name].in_response_to)


def verify(name: str):
    return verification().verify(posted(name), solicitation(name), WORLD.now)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_answer_is_refused_for_what_is_wrong_with_it(name):
    with pytest.raises(ATTACKS[name].error) as refused:
        verify(name)
    assert type(refused.value) is ATTACKS[name].error
    assert ATTACKS[name].cause in refused.value.cause


@pytest.mark.parametrize("name", NAMES)
def test_our_own_rules_refuse_it_even_if_the_library_takes_it(name, monkeypatch):
    monkeypatch.setattr(toolkit.Toolkit, "refusal", lambda *_: None)
    with pytest.raises(ATTACKS[name].error) as refused:
        verify(name)
    assert ATTACKS[name].cause in refused.value.cause


@pytest.mark.parametrize("name", NAMES)
def test_it_is_refused_inside_encryption_too(name, monkeypatch):
    monkeypatch.setattr(toolkit.Toolkit, "refusal", lambda *_: None)
    hidden = hidden_in_encryption(name)
    if hidden is None:
        return
    with pytest.raises(GatewayError):
        verification().verify(hidden, solicitation(name), WORLD.now)


def test_enough_of_them_fit_inside_encryption():
    assert sum(hidden_in_encryption(name) is not None for name in NAMES) > 180


def hidden_in_encryption(name: str) -> UnverifiedAssertion | None:
    """None also where what is wrong is how the document is written: encrypting it writes it anew."""
    if ATTACKS[name].cause in {COMMENT, PROCESSING, "plain UTF-8", "not UTF-8"}:
        return None
    return inside_encryption(WORLD, ATTACKS[name].build(WORLD))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_was_sent_is_told(name):
    with pytest.raises(GatewayError) as refused:
        verify(name)
    told = f"{refused.value} {refused.value.cause}"
    assert "admin" not in told
    assert "alice" not in told
    assert "evil" not in told


def test_none_takes_ten_times_as_long_as_an_honest_answer():
    honest = encoded(WORLD.honest("ar"))
    spent = statistics.median(seconds(lambda: verification().verify(honest, UNSOLICITED, WORLD.now)) for _ in range(21))
    slow = {name for name in NAMES if refused_in(name, runs=2) > 10 * spent}
    # A busy machine stands still at times: only what is slow each time is slow.
    assert not {name for name in slow if refused_in(name, runs=15) > 10 * spent}


def refused_in(name: str, *, runs: int) -> float:
    return min(seconds(lambda: expect_refusal(name)) for _ in range(runs))


def expect_refusal(name: str) -> None:
    with pytest.raises(GatewayError):
        verify(name)


def seconds(act) -> float:
    started = time.thread_time()
    act()
    return time.thread_time() - started


@pytest.mark.parametrize("name", BOMBS)
async def test_as_many_bombs_as_there_are_workers_keep_nobody_from_signing_in(name):
    reader = AssertionReader(provider="corp", clock=StandingClock(), workers=Workers("corp", size=4))
    honest = encoded(WORLD.honest())
    # Again where a busy machine stood still: a bomb that goes off takes its time each time.
    assert min([await spent_on_bombs(reader, name, honest) for _ in range(3)]) < 1
    reader.close()


async def spent_on_bombs(reader: AssertionReader, name: str, honest: UnverifiedAssertion) -> float:
    started = time.perf_counter()
    bombs = [asyncio.create_task(reader.verify(posted(name), UNSOLICITED, trust())) for _ in range(4)]
    await asyncio.sleep(0)
    proven = await reader.verify(honest, UNSOLICITED, trust())
    refusals = await asyncio.gather(*bombs, return_exceptions=True)
    assert proven.identity.subject == "alice"
    assert all(isinstance(refusal, ATTACKS[name].error) for refusal in refusals)
    return time.perf_counter() - started
