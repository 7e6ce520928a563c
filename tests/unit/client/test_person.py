"""A person's cache: who may read it, and that a refresh token is used once however many processes ask."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.client.identity_center import Refused, Registered
from gateway.client.person import NobodySignedIn, Person

CLIENT = Registered(client_id="id", client_secret="secret")


class Center:
    url = "https://sts.example.com"

    def __init__(self) -> None:
        self.now = 1_000.0
        self.refreshed: list[str] = []
        self.vended = 0
        self.refuses = False

    def issued(self) -> dict[str, Any]:
        number = len(self.refreshed)
        return {"accessToken": f"access-{number}", "refreshToken": f"refresh-{number}", "expiresIn": 3_600}

    def tokens(self, client: Registered, grant: dict[str, str]) -> dict[str, Any]:
        if self.refuses:
            raise Refused("InvalidGrantException", "no")
        self.refreshed.append(grant["refreshToken"])
        return self.issued()

    def credentials(self, access_token: str, account: str, role: str) -> dict[str, Any]:
        self.vended += 1
        return {"accessKeyId": f"ASIA{self.vended}", "expiration": int((self.now + 3_600) * 1000)}


@pytest.fixture
def center() -> Center:
    return Center()


@pytest.fixture
def person(center: Center, tmp_path: Path) -> Person:
    person = _person(center, tmp_path)
    person.keep(CLIENT, center.issued())
    return person


def _person(center: Any, folder: Path) -> Person:
    return Person(center, folder / "cache", now=lambda: center.now)


def test_nobody_else_may_read_the_cache(person: Person, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600, 0o600]


def test_credentials_are_kept_until_they_are_close_to_their_end(person: Person, center: Center) -> None:
    assert person.credentials("1", "a") == person.credentials("1", "a")
    center.now += 3_301
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.used() == {"1/a": 3}


def test_fresh_ones_begin_their_life_now_and_are_kept_for_others(person: Person, center: Center) -> None:
    person.credentials("1", "a")

    assert person.fresh_credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.used() == {"1/a": 3}


def test_processes_at_once_refresh_one_time(person: Person, center: Center, tmp_path: Path) -> None:
    center.now += 3_400
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: _person(center, tmp_path).access_token(), range(8)))
    assert set(given) == {"access-1"}
    assert center.refreshed == ["refresh-0"]


def test_a_sign_in_that_has_ended_is_told(person: Person, center: Center, tmp_path: Path) -> None:
    center.now, center.refuses = center.now + 3_600, True
    with pytest.raises(NobodySignedIn):
        person.access_token()
    with pytest.raises(NobodySignedIn):
        _person(center, tmp_path / "another").access_token()
