"""Rotation: a new key in time, old ones kept while anything needs them, the file whole at every moment."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sealing import key_file
from gateway.sealing.issuer_key import new_issuer_keys
from gateway.sealing.key_file import UnusableKeyring, read, rotate, rotated
from gateway.sealing.keyring import Keyring
from tests.unit.sealing.made import HOUR, NOW, key, keyring, sealer

pytestmark = pytest.mark.slow

TEN_MINUTES = timedelta(minutes=10)
SECOND = timedelta(seconds=1)
LONGEST_SESSION = timedelta(hours=36)


def fresh(now: datetime, seals_after: timedelta = timedelta(0)) -> Keyring:
    """What a rotation adds, without the keys for ID tokens."""
    return Keyring([key_file.new_key(now=now, seals_from=now + seals_after)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    key_file.create(tmp_path / "keyring.json", keyring("only"))
    return tmp_path / "keyring.json"


def test_the_new_key_seals_after_a_while_and_opens_at_once(path: Path) -> None:
    ring = rotate(path, now=NOW, seals_after=TEN_MINUTES)
    (old, new) = ring.keys

    assert (new.created_at, new.seals_from) == (NOW, NOW + TEN_MINUTES)
    assert ring.sealing_key((NOW + TEN_MINUTES - SECOND).timestamp()) == old
    assert ring.sealing_key((NOW + TEN_MINUTES).timestamp()) == new
    assert ring.key(new.key_id) == new
    assert read(path).keys == ring.keys


@pytest.mark.parametrize(
    ("elapsed", "names"),
    [
        pytest.param(timedelta(0), ["first", "second"], id="both of a fresh pair"),
        pytest.param(LONGEST_SESSION, ["first", "second"], id="the last second of the last token"),
        pytest.param(LONGEST_SESSION + SECOND, ["second"], id="a second later"),
        pytest.param(timedelta(days=999), ["second"], id="never the one that seals"),
    ],
)
def test_a_key_stays_36_hours_after_its_successor_seals(elapsed: timedelta, names: list[str]) -> None:
    ring = Keyring([key("first", seals_from=NOW - HOUR), key("second")])

    *kept, _ = rotated(ring, fresh(NOW + elapsed, TEN_MINUTES), now=NOW + elapsed).keys

    assert kept == [ring.key(key(name).key_id) for name in names]


def test_a_successor_that_does_not_seal_yet_retires_nothing() -> None:
    ring = Keyring([key("first", seals_from=NOW - timedelta(days=99)), key("second", seals_from=NOW + 99 * HOUR)])

    assert len(rotated(ring, fresh(NOW), now=NOW).keys) == 3


def test_a_key_cannot_seal_before_it_is_made() -> None:
    with pytest.raises(ValueError, match="before it is made"):
        key_file.new_keyring(now=NOW, in_force_from=NOW - SECOND)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 48)), max_size=12))
def test_no_rotation_plan_takes_a_key_from_a_live_token(plan: list[tuple[int, int]]) -> None:
    """plan: hours until the next rotation, and until its key seals."""
    now, ring = NOW, keyring("first")
    tokens: list[tuple[datetime, str]] = []
    for pause, seals_after in plan:
        for hour in range(pause + 1):
            moment = now + hour * HOUR
            tokens.append((moment + LONGEST_SESSION, sealer(ring).seal(b"x", now=moment.timestamp())))
        now += pause * HOUR
        ring = rotated(ring, fresh(now, seals_after * HOUR), now=now)

    assert {sealer(ring).open(token) for ends, token in tokens if ends >= now} <= {b"x"}


def test_rotations_at_once_lose_no_key(path: Path) -> None:
    def turn(number: int) -> None:
        rotate(path, now=NOW + number * SECOND, seals_after=TEN_MINUTES)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(turn, range(24)))

    assert [key.created_at for key in read(path).keys[1:]] == [NOW + number * SECOND for number in range(24)]


def turn_often(path: Path, times: int = 10) -> None:
    for _ in range(times):
        rotate(path, now=NOW, seals_after=TEN_MINUTES)


def test_rotations_of_several_processes_lose_no_key(path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(turn_often, [path] * 3))

    assert len(read(path).keys) == 31


def test_a_reader_meanwhile_sees_one_whole_keyring_or_the_next(path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        turning = pool.submit(turn_often, path, 4)
        seen = [len(read(path).keys)]
        while not turning.done():
            seen.append(len(read(path).keys))

    assert seen == sorted(seen)
    assert [entry.name for entry in path.parent.iterdir()] == ["keyring.json"]


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o660])
def test_the_mode_stays_so_that_a_group_that_reads_the_file_still_can(path: Path, mode: int) -> None:
    path.chmod(mode)

    rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_that_root_rotates_still_belongs_to_the_servers_user(path: Path) -> None:
    os.chown(path, 4242, os.getegid())

    rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert (path.stat().st_uid, path.stat().st_gid) == (4242, os.getegid())


def test_a_file_whose_owner_cannot_be_kept_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "chown", refuse)
    honest = Path.stat

    def foreign(self: Path, **given: bool) -> os.stat_result:
        status = honest(self, **given)
        if self != path:
            return status
        return os.stat_result((*status[:4], status.st_uid + 1, *status[5:]))

    monkeypatch.setattr(Path, "stat", foreign)

    with pytest.raises(UnusableKeyring, match="belongs to another user or group; rotate it as its owner"):
        rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["keyring.json"]


def test_a_link_stays_one_and_what_it_leads_to_is_replaced(tmp_path: Path, path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.json"
    link.symlink_to("../keyring.json")

    rotate(link, now=NOW, seals_after=TEN_MINUTES)

    assert link.is_symlink()
    assert len(read(path).keys) == len(read(link).keys) == 2
    assert [entry.name for entry in link.parent.iterdir()] == ["link.json"]


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        pytest.param(Path.unlink, "no such file", id="gone"),
        pytest.param(lambda path: path.write_text("{}"), "not a keyring", id="broken"),
        pytest.param(lambda path: path.chmod(0o644), "others may use", id="open to others"),
        pytest.param(lambda path: path.unlink() or path.symlink_to(path), "symbolic links", id="a link to itself"),
    ],
)
def test_what_cannot_be_read_is_not_rotated(path: Path, break_it: object, told: str) -> None:
    break_it(path)  # type: ignore[operator]

    with pytest.raises(UnusableKeyring, match=told):
        rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert len(list(path.parent.iterdir())) == (0 if told == "no such file" else 1)


def test_more_keys_than_a_file_may_hold_are_never_written(tmp_path: Path) -> None:
    path = tmp_path / "full.json"
    key_file.create(path, Keyring([key(f"{number}") for number in range(1000)]))

    with pytest.raises(UnusableKeyring, match="has 1000 keys that sessions may still need; rotate less often"):
        rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert len(read(path).keys) == 1000


def test_a_rotation_adds_keys_for_id_tokens_too_and_to_a_file_that_had_none(path: Path) -> None:
    assert read(path).issuer_keys == ()

    ring = rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert [key.algorithm for key in ring.issuer_keys] == ["RS256", "ES384"]
    assert {(key.created_at, key.signs_from) for key in ring.issuer_keys} == {(NOW, NOW + TEN_MINUTES)}
    assert read(path).issuer_keys == ring.issuer_keys


@pytest.mark.parametrize(
    ("elapsed", "left"),
    [(timedelta(hours=1, minutes=25), 6), (timedelta(hours=1, minutes=25, seconds=1), 4)],
    ids=["while the last token of a key lives, and the margin", "a second later"],
)
def test_a_key_leaves_the_file_when_its_last_id_token_has_ended(path: Path, elapsed: timedelta, left: int) -> None:
    rotate(path, now=NOW - HOUR, seals_after=timedelta(0))
    rotate(path, now=NOW, seals_after=TEN_MINUTES)

    ring = rotate(path, now=NOW + elapsed, seals_after=TEN_MINUTES)

    assert len(ring.issuer_keys) == left


def test_more_keys_for_id_tokens_than_a_file_may_hold_are_never_written(path: Path) -> None:
    pair = new_issuer_keys(now=NOW, signs_from=NOW)
    keys = [replace(pair[1], key_id=number.to_bytes(8, "big")) for number in range(99)]
    path.unlink()
    key_file.create(path, Keyring(keyring("a").keys, keys))

    with pytest.raises(UnusableKeyring, match="has 100 issuer keys whose tokens may still live; rotate less often"):
        rotate(path, now=NOW, seals_after=TEN_MINUTES)

    assert len(read(path).issuer_keys) == 99
