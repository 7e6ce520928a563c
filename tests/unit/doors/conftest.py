from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.fakes.people_world import Browser, PeopleWorld, people_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PeopleWorld]:
    with people_world(tmp_path) as world:
        yield world


@pytest.fixture
async def browser(world: PeopleWorld) -> AsyncIterator[Browser]:
    async with world.browser() as browser:
        yield browser
