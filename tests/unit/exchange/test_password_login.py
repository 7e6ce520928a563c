"""Passwords: throttled below the directory's own lock-out, with one answer whatever was wrong."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from gateway.connectors.connector import Located
from gateway.connectors.registry import Registry
from gateway.domain.assumption import AssumedRole, PasswordRequest, SessionRequest
from gateway.domain.errors import GatewayError, InvalidParameter, ProviderUnreachable, RejectedLogin
from gateway.domain.identity import Identity, ProviderType
from gateway.exchange.exchange import Exchange
from tests.fakes.gateway_world import ANALYST, ORIGIN, GatewayWorld

PEOPLE = {"alice": "right", "bob": "right"}
NEUTRAL = "Wrong name or password, or too many attempts; try again in 15 minutes"


class Directory:
    """A directory of two people: what the exchange asks of a connector, and how often."""

    provider_type = ProviderType.LDAP
    last_error = None

    def __init__(self, name: str = "corp") -> None:
        self.name = name
        self.issuer = f"ldap-provider/{name}"
        self.binds: list[str] = []
        self.down = False

    async def start(self) -> None: ...

    async def aclose(self) -> None: ...

    async def locate(self, username: str, password: str) -> Any:
        typed = username.strip().lower()
        if not password.strip():
            raise RejectedLogin(cause="the password is blank", principal_key=typed)
        if self.down:
            raise ProviderUnreachable(provider=self.name, cause="nobody answers")
        known = typed.removesuffix("@corp.example")
        return _Attempt(typed_key=typed, principal_key=known if known in PEOPLE else typed, password=password)

    async def prove(self, located: Any) -> Identity:
        self.binds.append(located.principal_key)
        if PEOPLE.get(located.principal_key) != located.password:
            raise RejectedLogin(cause="the directory refused", principal_key=located.principal_key)
        return Identity(
            provider=self.name,
            provider_type=ProviderType.LDAP,
            issuer=self.issuer,
            subject=f"uuid-{located.principal_key}",
            audience=self.issuer,
            username=located.principal_key,
            groups=frozenset({"analysts"}),
        )

    async def authenticate(self, username: str, password: str) -> Identity:
        return await self.prove(await self.locate(username, password))


class _Attempt(Located):
    def __init__(self, *, typed_key: str, principal_key: str, password: str) -> None:
        object.__setattr__(self, "typed_key", typed_key)
        object.__setattr__(self, "principal_key", principal_key)
        object.__setattr__(self, "password", password)


class PasswordWorld:
    def __init__(self, world: GatewayWorld, *directories: Directory) -> None:
        self.world = world
        self.directory = directories[0]
        parts = world.exchange._parts
        self.exchange = Exchange(replace(parts, registry=Registry(directories)))

    async def sign_in(
        self, name: str, password: str = "right", address: str = "192.0.2.7", **asked: Any
    ) -> AssumedRole:
        request = PasswordRequest(
            username=name,
            password=password,
            session=SessionRequest(role_arn=ANALYST),
            **asked,
        )
        return await self.exchange.assume_role_with_password(request, replace(ORIGIN, source_ip=address))

    async def refused(self, name: str, password: str = "wrong", address: str = "192.0.2.7") -> GatewayError:
        with pytest.raises(RejectedLogin) as refused:
            await self.sign_in(name, password, address)
        assert str(refused.value) == NEUTRAL
        assert not password.strip() or password not in str(self.world.audit.last)
        return refused.value


@pytest.fixture
def passwords(world: GatewayWorld) -> PasswordWorld:
    return PasswordWorld(world, Directory())


async def test_wrong_names_and_wrong_passwords_are_told_alike(passwords: PasswordWorld) -> None:
    errors = [
        await passwords.refused("alice"),
        await passwords.refused("nobody"),
        await passwords.refused("alice", " "),
    ]

    assert len({str(error) for error in errors}) == 1
    assert {record["errorMessage"] for record in passwords.world.audit.records} == {NEUTRAL}
    assert {record["errorCode"] for record in passwords.world.audit.records} == {"AccessDenied"}
    assert passwords.world.audit.records[0]["userIdentity"] == {"type": "LDAPUser"}


async def test_after_five_failures_the_right_password_is_refused_too_and_nobody_asks_the_directory(
    passwords: PasswordWorld,
) -> None:
    for _ in range(5):
        await passwords.refused("alice")
    asked = len(passwords.directory.binds)

    error = await passwords.refused("alice", "right")

    assert "too many failed logins" in error.cause
    assert len(passwords.directory.binds) == asked == 5


async def test_a_person_is_one_whatever_was_typed(passwords: PasswordWorld) -> None:
    for name in ("alice", "ALICE ", "alice@corp.example", " Alice", "Alice@Corp.Example"):
        await passwords.refused(name)

    assert "too many" in (await passwords.refused("alice", "right")).cause


async def test_a_throttled_attempt_lasts_as_long_as_a_refused_one(
    passwords: PasswordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = passwords.directory.prove

    async def slow(located: Any) -> Identity:
        await asyncio.sleep(0.1)
        return await prove(located)

    monkeypatch.setattr(passwords.directory, "prove", slow)
    for _ in range(5):
        await passwords.refused("alice")

    # At once for a person's second name, and not for that of nobody: whoever asks would know that there is one.
    for name in ("alice@corp.example", "nobody@corp.example"):
        begun = time.monotonic()
        await passwords.refused(name)
        assert time.monotonic() - begun >= 0.1
    assert passwords.directory.binds[-2:] == ["alice", "nobody@corp.example"]


@pytest.mark.parametrize("name", ["alice", "nobody"])
async def test_two_names_that_may_be_one_persons_are_asked_about_one_after_the_other(
    passwords: PasswordWorld, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    prove, under_way, most = passwords.directory.prove, 0, 0

    async def slow(located: Any) -> Identity:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.02)
        under_way -= 1
        return await prove(located)

    monkeypatch.setattr(passwords.directory, "prove", slow)
    await passwords.refused("somebody")  # from now on it is known how long that takes
    await asyncio.gather(*(passwords.refused(one) for one in (name, f"{name}@corp.example", f"CORP\\{name}")))

    assert most == 1


async def test_nobody_is_kept_waiting_by_names_like_theirs(
    passwords: PasswordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove = passwords.directory.prove

    async def slow(located: Any) -> Identity:
        await asyncio.sleep(0.05)
        return await prove(located)

    monkeypatch.setattr(passwords.directory, "prove", slow)
    await passwords.refused("somebody")
    others = asyncio.gather(*(passwords.refused(f"bob@{number}.example") for number in range(50)))
    await asyncio.sleep(0)
    begun = time.monotonic()

    with pytest.raises(GatewayError) as refused:
        await passwords.sign_in("bob")

    assert not isinstance(refused.value, RejectedLogin)
    assert time.monotonic() - begun < 1.5
    await others


async def test_unknown_names_are_throttled_too(passwords: PasswordWorld) -> None:
    for _ in range(5):
        await passwords.refused("nobody")

    assert "too many" in (await passwords.refused("NOBODY")).cause
    assert "too many" not in (await passwords.refused("somebody")).cause


async def test_others_are_not_held_up(passwords: PasswordWorld) -> None:
    for _ in range(5):
        await passwords.refused("alice")

    with pytest.raises(GatewayError) as refused:
        await passwords.sign_in("bob")
    assert not isinstance(refused.value, RejectedLogin)


async def test_the_window_ends(passwords: PasswordWorld) -> None:
    for _ in range(5):
        await passwords.refused("alice")
    passwords.world.clock.move(minutes=15, seconds=1)

    with pytest.raises(GatewayError) as refused:
        await passwords.sign_in("alice")
    assert not isinstance(refused.value, RejectedLogin)


async def test_a_success_clears_the_persons_count(passwords: PasswordWorld) -> None:
    for _ in range(4):
        await passwords.refused("alice")
    with pytest.raises(GatewayError):
        await passwords.sign_in("alice")
    for _ in range(4):
        await passwords.refused("alice")

    assert "too many" not in (await passwords.refused("alice")).cause


async def test_one_address_may_not_try_the_whole_company(passwords: PasswordWorld) -> None:
    for number in range(100):
        await passwords.refused(f"person{number}")

    assert "from 192.0.2.7" in (await passwords.refused("alice", "right")).cause
    assert "too many" not in (await passwords.refused("alice", "wrong", "192.0.2.8")).cause


async def test_nor_by_trying_it_all_at_once(passwords: PasswordWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    prove = passwords.directory.prove

    async def slow(located: Any) -> Identity:
        await asyncio.sleep(0.005)
        return await prove(located)

    monkeypatch.setattr(passwords.directory, "prove", slow)
    await asyncio.gather(*(passwords.refused(f"person{number}") for number in range(400)))

    # And the few that were on their way as the last of a hundred failed.
    assert 100 <= len(passwords.directory.binds) < 100 + 16


async def test_whoever_waits_for_their_address_keeps_nobody_at_others_waiting(
    passwords: PasswordWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove, hangs = passwords.directory.prove, asyncio.Event()

    async def slow(located: Any) -> Identity:
        if located.principal_key.startswith("person"):
            await hangs.wait()
        return await prove(located)

    monkeypatch.setattr(passwords.directory, "prove", slow)
    flood = [asyncio.create_task(passwords.refused(f"person{number}")) for number in range(16)]
    await asyncio.sleep(0.01)
    flood.append(asyncio.create_task(passwords.refused("bob")))
    await asyncio.sleep(0.01)

    async with asyncio.timeout(1):
        with pytest.raises(GatewayError) as refused:
            await passwords.sign_in("bob", address="198.51.100.1")
    assert not isinstance(refused.value, RejectedLogin)
    hangs.set()
    await asyncio.gather(*flood)


async def test_a_directory_that_is_down_counts_nothing(passwords: PasswordWorld) -> None:
    passwords.directory.down = True
    for _ in range(6):
        with pytest.raises(ProviderUnreachable):
            await passwords.sign_in("alice")
    passwords.directory.down = False

    assert "too many" not in (await passwords.refused("alice")).cause


async def test_a_provider_is_named_where_there_are_several(world: GatewayWorld) -> None:
    several = PasswordWorld(world, Directory("corp"), Directory("branch"))

    with pytest.raises(InvalidParameter, match="Several providers"):
        await several.sign_in("alice")
    with pytest.raises(InvalidParameter, match="No provider of this name takes passwords"):
        await several.sign_in("alice", provider="workforce")
    assert several.directory.binds == []


async def test_without_any_directory_that_is_said(world: GatewayWorld) -> None:
    request = PasswordRequest(username="a", password="b", session=SessionRequest())

    with pytest.raises(InvalidParameter, match="No provider takes passwords"):
        await world.exchange.assume_role_with_password(request, ORIGIN)


async def test_the_addresses_of_one_customer_of_ipv6_count_as_one(passwords: PasswordWorld) -> None:
    for number in range(100):
        await passwords.refused(f"name-{number}", address=f"2001:db8:7:1::{number:x}")

    assert (
        "too many failed logins from 2001:db8:7:1::/64"
        in (await passwords.refused("bob", "right", address="2001:db8:7:1:ffff::1")).cause
    )
    assert "too many" not in (await passwords.refused("bob", address="2001:db8:7:2::1")).cause
