"""While the gateway does not answer, nobody passes."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.authz.conftest import PROXIES, World
from tests.e2e.authz.proxies import Door, start
from tests.e2e.authz.signing import send, signed_headers
from tests.e2e.process import free_port


@pytest.mark.parametrize("proxy", PROXIES)
def test_nobody_passes_while_the_gateway_is_away(
    proxy: str, world: World, credentials: Mapping[str, str], tmp_path: Path
) -> None:
    world.echo.received.clear()
    door = Door(proxy=proxy, upstream_port=world.echo.port, resigns=False)

    with start(door, tmp_path / proxy, free_port()):
        answer = send(door, "GET", b"/lake/a", signed_headers(door, "GET", b"/lake/a", credentials))

    assert answer.status == 503
    assert world.echo.received == []
