"""An issuer without a socket, and clients that sign in at it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from gateway.demo.clock import DemoClock
from gateway.demo.issuer.app import issuer_app
from tests.unit.demo.signing_in import CLIENTS, ISSUER


class Standing:
    """A clock that stands until DemoClock moves it."""

    def now(self) -> datetime:
        return datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> DemoClock:
    return DemoClock(Standing())


@pytest.fixture
async def http(clock: DemoClock) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the issuer, which redirects nobody by itself."""
    app = issuer_app(issuer=ISSUER, clients=CLIENTS, clock=clock)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER, trust_env=False) as client:
        yield client
