"""Keys that tell who signs a request, by which provider they came."""

from pathlib import Path

import pytest

from gateway.domain.errors import ActionDenied
from tests.fakes.gateway_world import GatewayWorld
from tests.unit.exchange import recorded_events as scene
from tests.unit.exchange.recorded_events import CI, SECTIONS


def of_provider(name: str) -> dict[str, str]:
    condition = f'"Condition":{{"StringEquals":{{"gateway:Provider":"{name}"}}}}'
    statement = f'{{"Effect":"Allow","Action":"*","Resource":"*",{condition}}}'
    return {**SECTIONS, "policies": f'all: {{"Version":"2012-10-17","Statement":[{statement}]}}'}


async def test_a_policy_may_ask_by_which_provider_somebody_came(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, **of_provider("workforce"))
    credentials = (await world.assume()).credentials
    assert "errorCode" not in scene.asks_service(world, credentials, "store")
    world.reload(**of_provider("partners"))
    with pytest.raises(ActionDenied):
        scene.asks_service(world, credentials, "store")


async def test_a_user_came_by_no_provider(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path, **of_provider("workforce"))
    with pytest.raises(ActionDenied):
        scene.asks_service(world, CI, "store")
