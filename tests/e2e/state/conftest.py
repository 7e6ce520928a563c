from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.state.redis_server import RedisServer


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server that the tests of a module share; nobody harms it."""
    with RedisServer(tmp_path_factory.mktemp("redis"), "--appendonly", "no") as running:
        yield running


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own."""
    with RedisServer(tmp_path / "redis") as running:
        yield running
