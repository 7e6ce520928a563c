"""A gateway of its own for each test."""

from pathlib import Path

import pytest

from tests.fakes.gateway_world import GatewayWorld


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path)
