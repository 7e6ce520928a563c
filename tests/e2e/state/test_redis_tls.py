"""A Redis behind TLS is believed by its certificate and its name, by the authorities that the address names."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.clock import SteadyClock
from gateway.domain.errors import StateUnavailable
from gateway.state.open import open_state
from tests.e2e.process import free_port
from tests.e2e.state.redis_server import RedisServer
from tests.servers.certificates import Authority

CLOCK = SteadyClock()
LATER = CLOCK.now() + timedelta(hours=1)


@pytest.fixture
def authorities(tmp_path: Path) -> dict[str, Authority]:
    return {name: Authority(tmp_path / "authorities", name) for name in ("ours", "another")}


@pytest.fixture
def serving(request: pytest.FixtureRequest, authorities: dict[str, Authority], tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate of our authority is for the host of the test's parameter."""
    shown, port = authorities["ours"].issue("server", request.param), free_port()
    options = ("--tls-cert-file", str(shown.certificate), "--tls-key-file", str(shown.key), "--tls-auth-clients", "no")
    options += ("--tls-ca-cert-file", str(authorities["ours"].file))
    with RedisServer(tmp_path / "redis", "--tls-port", str(port), *options):
        yield f"rediss://127.0.0.1:{port}"


@pytest.mark.parametrize("serving", ["127.0.0.1"], indirect=True)
async def test_a_server_of_the_named_authority_is_used(serving: str, authorities: dict[str, Authority]) -> None:
    store = open_state(f"{serving}?ca_file={authorities['ours'].file}", CLOCK)
    assert await store.put_once("assertion", "a", LATER) is True
    assert await store.put_once("assertion", "a", LATER) is False
    await store.aclose()


@pytest.mark.parametrize(
    ("serving", "believed"),
    [("127.0.0.1", None), ("127.0.0.1", "another"), ("redis.example.com", "ours")],
    ids=["the system's authorities do not know it", "another authority is named", "it is another host's"],
    indirect=["serving"],
)
async def test_a_server_that_is_not_the_one_meant_gets_no_command(
    serving: str, believed: str | None, authorities: dict[str, Authority]
) -> None:
    store = open_state(serving + (f"?ca_file={authorities[believed].file}" if believed else ""), CLOCK)
    with pytest.raises(StateUnavailable) as caught:
        await asyncio.wait_for(store.put_once("assertion", "a", LATER), 8)
    assert "certificate verify failed" in str(caught.value.cause)
    await store.aclose()
