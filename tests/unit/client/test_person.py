"""A person's cache: who may read it, and that a refresh token is used once however many processes ask."""

import json
import os
from collections.abc import Iterator
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
        self.life = 3_600
        self.ended: set[str] = set()

    def issued(self) -> dict[str, Any]:
        number = len(self.refreshed)
        return {"accessToken": f"access-{number}", "refreshToken": f"refresh-{number}", "expiresIn": 3_600}

    def tokens(self, client: Registered, grant: dict[str, str]) -> dict[str, Any]:
        if self.refuses:
            raise Refused("InvalidGrantException", "no")
        self.refreshed.append(grant["refreshToken"])
        return self.issued()

    def credentials(self, access_token: str, account: str, role: str) -> dict[str, Any]:
        if access_token in self.ended:
            raise Refused("UnauthorizedException", "Session token not found or invalid")
        if role == "forbidden":
            raise Refused("ForbiddenException", "No access")
        self.vended += 1
        return {"accessKeyId": f"ASIA{self.vended}", "expiration": int((self.now + self.life) * 1000)}

    def roles(self, access_token: str) -> Iterator[tuple[str, str, str]]:
        if access_token in self.ended:
            raise Refused("UnauthorizedException", "Session token not found or invalid")
        yield "111122223333", "lake", access_token


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
    center.now += 2_699
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA1"
    # botocore asks before each of its requests once less than 15 minutes are left.
    center.now += 2
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.used() == {"1/a": 4}


def test_short_sessions_are_kept_by_proportion(person: Person, center: Center) -> None:
    center.life = 900
    person.credentials("1", "a")
    center.now += 600
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA1"
    center.now += 100
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"


def test_what_is_kept_is_not_given_again_once_the_clock_was_set_back(person: Person, center: Center) -> None:
    person.credentials("1", "a")
    center.now -= 7_200
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"


def test_fresh_ones_begin_their_life_now_and_are_kept_for_others(person: Person, center: Center) -> None:
    person.credentials("1", "a")

    assert person.fresh_credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"
    assert person.used() == {"1/a": 3}


def test_processes_at_once_refresh_one_time(person: Person, center: Center, tmp_path: Path) -> None:
    center.now += 3_400
    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: _person(center, tmp_path).roles(), range(8)))
    assert {role for ((_, _, role),) in given} == {"access-1"}
    assert center.refreshed == ["refresh-0"]


def test_a_sign_in_that_has_ended_is_told(person: Person, center: Center, tmp_path: Path) -> None:
    center.now, center.refuses = center.now + 3_600, True
    with pytest.raises(NobodySignedIn):
        person.roles()
    with pytest.raises(NobodySignedIn):
        _person(center, tmp_path / "another").roles()


def test_a_token_that_the_gateway_takes_for_ended_is_refreshed_once(person: Person, center: Center) -> None:
    """A clock that was set back makes it look fresh here."""
    center.ended = {"access-0"}
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA1"
    assert person.roles()[0][2] == "access-1"
    assert center.refreshed == ["refresh-0"]


def test_a_sign_in_that_was_ended_elsewhere_is_told_as_one(person: Person, center: Center) -> None:
    center.ended, center.refuses = {"access-0"}, True
    with pytest.raises(NobodySignedIn, match=r"run `sts-gateway login --url https://sts\.example\.com` first"):
        person.credentials("1", "a")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", "7", '{"client": 1, "tokens": 1, "credentials": 1, "used": 1}']
)
def test_a_cache_that_cannot_be_read_is_as_none(person: Person, tmp_path: Path, content: str) -> None:
    (file,) = (tmp_path / "cache").glob("*.json")
    file.write_text(content)
    with pytest.raises(NobodySignedIn):
        person.credentials("1", "a")


def test_credentials_that_an_earlier_version_kept_are_fetched_anew(person: Person, tmp_path: Path) -> None:
    person.credentials("1", "a")
    (file,) = (tmp_path / "cache").glob("*.json")
    kept = json.loads(file.read_text())
    del kept["credentials"]["1/a"]["at"]
    file.write_text(json.dumps(kept))
    assert person.credentials("1", "a")["accessKeyId"] == "ASIA2"


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_to_is_not_believed(person: Person, tmp_path: Path, mode: int) -> None:
    (tmp_path / "cache").chmod(mode)
    with pytest.raises(PermissionError, match="chmod 700"):
        person.credentials("1", "a")


def test_a_folder_of_somebody_elses_is_not_believed(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(PermissionError, match="somebody else"):
        person.credentials("1", "a")


def test_a_role_that_is_refused_is_named(person: Person) -> None:
    with pytest.raises(Refused, match=r"^you may not assume 1/forbidden$"):
        person.credentials("1", "forbidden")


def test_a_refresh_token_is_not_used_up_where_the_next_one_cannot_be_kept(
    person: Person, center: Center, tmp_path: Path
) -> None:
    (file,) = (tmp_path / "cache").glob("*.json")
    file.with_suffix(".new").mkdir()
    center.now += 3_600
    with pytest.raises(OSError, match=r"\.new"):
        person.credentials("1", "a")
    assert center.refreshed == []
