import asyncio
import dataclasses
import datetime as dt
import threading

import pytest

from gateway.connectors.saml import verification
from gateway.connectors.saml.reader import AssertionReader
from gateway.connectors.saml.workers import Workers
from gateway.domain.assertion import UNSOLICITED
from gateway.domain.errors import InvalidIdentityToken, ProviderUnreachable
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import SamlIdentityProvider, encoded

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))


class StandingClock:
    def __init__(self, now: dt.datetime = WORLD.now) -> None:
        self.time = now

    def now(self) -> dt.datetime:
        return self.time


def reader(**changes) -> AssertionReader:
    return AssertionReader(provider="corp", clock=StandingClock(), workers=Workers("corp", **changes))


async def test_an_answer_is_verified_in_a_thread():
    proven = await reader().verify(encoded(WORLD.honest()), UNSOLICITED, WORLD.idp.trust())
    assert proven.identity.subject == "alice"


async def test_the_clock_that_it_was_given_decides():
    clock = StandingClock()
    asked = AssertionReader(provider="corp", clock=clock)
    answer, trust = encoded(WORLD.honest()), WORLD.idp.trust()
    clock.time = WORLD.now + dt.timedelta(hours=1)
    with pytest.raises(Exception, match="must be redeemed"):
        await asked.verify(answer, UNSOLICITED, trust)
    clock.time = WORLD.now
    assert (await asked.verify(answer, UNSOLICITED, trust)).assertion_id == "_a1"


async def test_a_trust_is_made_ready_once(monkeypatch):
    made = []
    genuine = verification.usable_certificates
    monkeypatch.setattr(verification, "usable_certificates", lambda ders: made.append(1) or genuine(ders))
    asked, trust, answer = reader(), WORLD.idp.trust(), encoded(WORLD.honest())
    for _ in range(3):
        await asked.verify(answer, UNSOLICITED, trust)
    assert len(made) == 1


async def test_another_trust_counts_from_the_next_answer_on():
    asked, answer = reader(), encoded(WORLD.honest())
    await asked.verify(answer, UNSOLICITED, WORLD.idp.trust())
    with pytest.raises(InvalidIdentityToken):
        await asked.verify(answer, UNSOLICITED, SamlIdentityProvider(label="other").trust())
    await asked.verify(answer, UNSOLICITED, WORLD.idp.trust())


async def test_a_trust_that_verifies_nothing_is_told():
    trust = dataclasses.replace(WORLD.idp.trust(), certificates=(b"none",))
    with pytest.raises(ValueError, match="no certificate that may sign"):
        await reader().verify(encoded(WORLD.honest()), UNSOLICITED, trust)


async def test_a_check_that_does_not_end_refuses_its_answer_alone(monkeypatch):
    gate = threading.Event()
    genuine = verification.Verification.verify
    answers = {"stuck": encoded(WORLD.honest(name_id="stuck")), "honest": encoded(WORLD.honest())}

    def verify(self, assertion, *rest):
        if assertion == answers["stuck"]:
            gate.wait()
        return genuine(self, assertion, *rest)

    monkeypatch.setattr(verification.Verification, "verify", verify)
    asked, trust = reader(size=2, deadline=0.1), WORLD.idp.trust()
    stuck = [asyncio.create_task(asked.verify(answers["stuck"], UNSOLICITED, trust)) for _ in range(2)]
    assert (await asked.verify(answers["honest"], UNSOLICITED, trust)).identity.subject == "alice"
    for one in stuck:
        with pytest.raises(InvalidIdentityToken) as refused:
            await one
        assert "did not end in time" in refused.value.cause
    gate.set()


async def test_where_no_turn_comes_the_provider_is_out_of_reach():
    gate = threading.Event()
    asked = reader(size=1, spare=0, deadline=0.02, patience=0.02)
    with pytest.raises(Exception):  # noqa: B017  the first is stuck
        await asked.run(gate.wait)
    with pytest.raises(ProviderUnreachable):
        await asked.verify(encoded(WORLD.honest()), UNSOLICITED, WORLD.idp.trust())
    gate.set()


def test_it_verifies_without_an_event_loop_too():
    proven = reader().verify_now(encoded(WORLD.honest()), UNSOLICITED, WORLD.idp.trust())
    assert proven.identity.username == "alice"
