from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.exchange.people.people_of_corp import Corp
from tests.unit.exchange.people.people_of_corp import corp as corp_of


@pytest.fixture
def corp(tmp_path: Path) -> Iterator[Corp]:
    with corp_of(tmp_path) as corp:
        yield corp
