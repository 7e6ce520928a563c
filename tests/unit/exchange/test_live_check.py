"""Who is asked what, when an operator asks before anybody signs in."""

from gateway.connectors.connector import Examination
from gateway.domain.clock import SteadyClock
from gateway.domain.errors import StateUnavailable
from gateway.domain.identity import ProviderType
from gateway.exchange.live_check import Person, examined
from gateway.state.memory import MemoryStore

CAUTION = "it forgets; give it a disk"


class Provider:
    """Tells whom it was asked about."""

    provider_type = ProviderType.LDAP

    def __init__(self, name: str) -> None:
        self.name = name

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    async def examine(self, username: str | None = None, /) -> Examination:
        return Examination(answers=(f"asked about {username}",))


class Forgetful(MemoryStore):
    async def cautions(self) -> tuple[str, ...]:
        return (CAUTION,)


class Down(MemoryStore):
    async def ping(self) -> None:
        raise StateUnavailable(cause="nobody listens")


async def test_only_the_persons_own_provider_is_asked_about_the_person() -> None:
    found = await examined([Provider("corp"), Provider("other")], None, Person(provider="corp", name="alice"))

    assert {one.about: one.examination.answers for one in found} == {
        "corp": ("asked about alice",),
        "other": ("asked about None",),
        "state": ("the server makes it at its first start",),
    }


async def test_what_is_dangerous_about_the_store_is_told() -> None:
    (found,) = await examined([], Forgetful(SteadyClock()), None)

    assert (found.examination.faults, found.examination.lacks) == ((), (CAUTION,))


async def test_a_store_that_does_not_answer_is_a_fault_with_the_mend() -> None:
    (found,) = await examined([], Down(SteadyClock()), None)

    assert found.examination.faults == ("nobody listens; correct gateway.state, or start the store",)
