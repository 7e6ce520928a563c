"""A running process follows its keyring's file, and never loses the last good one."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.domain.errors import KeyringUnavailable
from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.sealing import key_file
from gateway.sealing.envelope import SealBroken
from gateway.sealing.issuer_key import new_issuer_keys
from gateway.sealing.key_file import UnusableKeyring
from gateway.sealing.keyring import Keyring
from gateway.sealing.live_keyring import SECONDS_BETWEEN_LOOKS, LiveKeyring
from tests.unit.sealing.made import HOUR, MOMENT, NOW, key, keyring, sealer, written

UNKNOWN = b"\0" * 8


class World:
    """A keyring's file, a replica that follows it, and what the replica told and asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.time = 100.0
        self.reads = self.looks = 0
        self.changes: list[Keyring] = []
        self.faults: list[str] = []
        key_file.create(path, keyring("first"))
        self.replica = LiveKeyring(
            path,
            on_change=self.changes.append,
            on_fault=lambda fault: self.faults.append(str(fault)),
            monotonic=lambda: self.time,
        )

    def replace(self, ring: Keyring) -> None:
        fresh = self.path.with_name("fresh")
        key_file.create(fresh, ring)
        fresh.replace(self.path)

    def wait(self, seconds: float = SECONDS_BETWEEN_LOOKS) -> None:
        self.time += seconds


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made = World(tmp_path / "keyring.json")
    honest_read, honest_stat = key_file.read, Path.stat

    def counted_read(path: Path) -> Keyring:
        made.reads += 1
        return honest_read(path)

    def counted_stat(path: Path, **given: bool) -> os.stat_result:
        made.looks += path == made.path
        return honest_stat(path, **given)

    with monkeypatch.context() as patched:
        patched.setattr(key_file, "read", counted_read)
        patched.setattr(Path, "stat", counted_stat)
        yield made


def test_a_token_sealed_by_another_replica_with_a_new_key_opens_here_at_once(world: World) -> None:
    ring = keyring("first", "second")
    world.replace(ring)

    assert sealer(world.replica).open(sealer(ring).seal(b"x", now=MOMENT)) == b"x"
    assert world.replica.keyring.keys == ring.keys
    assert [change.keys for change in world.changes] == [ring.keys]


def test_a_new_key_seals_here_from_its_time_on_though_nothing_was_opened(world: World) -> None:
    world.replace(Keyring([key("first"), key("next", seals_from=NOW + HOUR)]))

    assert world.replica.sealing_key(MOMENT).key_id == key("first").key_id
    world.wait(3600)
    assert world.replica.sealing_key(MOMENT + 3600).key_id == key("next").key_id


def test_a_key_that_left_the_file_opens_no_longer_once_the_file_is_seen(world: World) -> None:
    token = sealer(keyring("first")).seal(b"x", now=MOMENT)
    world.replace(keyring("second"))
    world.replica.follow()

    with pytest.raises(SealBroken, match="not in the keyring"):
        sealer(world.replica).open(token)


def test_a_flood_of_unknown_keys_costs_one_look_a_second_and_no_read(world: World) -> None:
    for step in range(4000):
        world.time = 100 + step / 1000
        assert world.replica.key(step.to_bytes(8, "big")) is None

    assert (world.looks, world.reads) == (4, 0)


def test_a_flood_of_unknown_keys_upon_a_broken_file_costs_one_read_a_second(world: World) -> None:
    written(world.path, "broken")

    for step in range(4000):
        world.time = 100 + step / 1000
        assert world.replica.key(step.to_bytes(8, "big")) is None

    assert world.reads == 4
    assert len(world.faults) == 1


def test_a_flood_delays_a_new_key_by_a_second_at_most(world: World) -> None:
    world.replica.key(UNKNOWN)
    world.replace(keyring("first", "second"))

    world.wait(0.999)
    assert world.replica.key(key("second").key_id) is None
    world.wait(0.001)
    assert world.replica.key(key("second").key_id) == keyring("first", "second").keys[1]


def test_a_flood_of_unknown_keys_takes_no_look_from_sealing(world: World) -> None:
    world.replica.key(UNKNOWN)
    world.replace(keyring("first", "second"))

    assert world.replica.sealing_key(MOMENT).key_id == key("second").key_id


def test_sealing_takes_no_look_from_an_unknown_key(world: World) -> None:
    world.replica.sealing_key(MOMENT)
    world.replace(keyring("first", "second"))

    assert world.replica.key(key("second").key_id) is not None


def test_sealing_costs_one_look_a_second_and_no_read(world: World) -> None:
    for step in range(4000):
        world.time = 100 + step / 1000
        world.replica.sealing_key(MOMENT)

    assert (world.looks, world.reads) == (4, 0)


def test_a_known_key_costs_no_look_at_all(world: World) -> None:
    for _ in range(100):
        world.wait()
        assert world.replica.key(key("first").key_id) is not None

    assert world.looks == 0


BREAK: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:50]),
    "empty": lambda path: path.write_bytes(b""),
    "open to others": lambda path: path.chmod(0o644),
    "a link to nothing": lambda path: path.rename(path.with_name("aside")).with_name(path.name).symlink_to("nothing"),
}


@pytest.mark.parametrize("break_it", BREAK.values(), ids=BREAK)
def test_a_broken_file_is_told_once_and_the_last_good_keyring_goes_on(
    world: World, break_it: Callable[[Path], object]
) -> None:
    token = sealer(world.replica).seal(b"x", now=MOMENT)
    break_it(world.path)

    for _ in range(5):
        world.wait()
        assert world.replica.key(UNKNOWN) is None
        assert sealer(world.replica).open(token) == b"x"
        assert sealer(world.replica).open(sealer(world.replica).seal(b"y", now=MOMENT)) == b"y"

    assert len(world.faults) == 1
    assert world.faults[0].startswith(f"{world.path}: ")
    assert world.changes == []


def test_a_mended_file_counts_at_the_next_look_and_its_next_fault_is_told_again(world: World) -> None:
    world.path.chmod(0o644)
    world.replica.follow()
    world.replace(keyring("first", "second"))
    world.replica.follow()
    world.path.chmod(0o644)
    world.replica.follow()

    assert len(world.replica.keyring.keys) == 2
    assert len(world.changes) == 1
    assert len(world.faults) == 2


def test_another_fault_is_told_too(world: World) -> None:
    world.path.chmod(0o644)
    world.replica.follow()
    world.path.unlink()
    world.replica.follow()

    assert ["others may use" in world.faults[0], "no such file" in world.faults[1]] == [True, True]


def test_a_link_put_back_to_the_file_known_is_good_again(tmp_path: Path) -> None:
    """Of the file itself nothing changed, not even a time."""
    key_file.create(tmp_path / "keyring.json", keyring("first"))
    link = tmp_path / "link.json"
    link.symlink_to("keyring.json")
    faults: list[UnusableKeyring] = []
    replica = LiveKeyring(link, on_change=lambda _: None, on_fault=faults.append)

    for target in ["none", "keyring.json"] * 2:
        link.unlink()
        link.symlink_to(target)
        replica.follow()

    assert len(faults) == 2
    assert replica.keyring.keys == keyring("first").keys


def test_a_fault_of_reading_alone_mends_itself_without_a_change_of_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object) -> Keyring:
        raise UnusableKeyring("Too many open files")

    world.replace(keyring("first", "second"))
    with monkeypatch.context() as patched:
        patched.setattr(key_file, "read", exhausted)
        world.replica.follow()
    world.replica.follow()

    assert world.faults == ["Too many open files"]
    assert len(world.replica.keyring.keys) == 2


def test_a_file_changed_while_it_is_read_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = key_file.read

    def overtaken(path: Path) -> Keyring:
        before = honest(path)
        world.replace(keyring("first", "second", "third"))
        return before

    world.replace(keyring("first", "second"))
    with monkeypatch.context() as patched:
        patched.setattr(key_file, "read", overtaken)
        world.replica.follow()
    world.replica.follow()

    assert len(world.replica.keyring.keys) == 3


def test_a_swapped_link_is_seen_as_kubernetes_swaps_it(tmp_path: Path) -> None:
    for number, names in enumerate([("first",), ("first", "second")]):
        (tmp_path / f"..{number}").mkdir()
        key_file.create(tmp_path / f"..{number}" / "keyring.json", keyring(*names))
    (tmp_path / "..data").symlink_to("..0")
    (tmp_path / "keyring.json").symlink_to("..data/keyring.json")
    replica = LiveKeyring(tmp_path / "keyring.json", on_change=lambda _: None, on_fault=lambda _: None)

    (tmp_path / "..fresh").symlink_to("..1")
    (tmp_path / "..fresh").rename(tmp_path / "..data")

    assert replica.key(key("second").key_id) is not None


def test_a_file_that_went_while_a_process_started_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was seen when it was read, and nothing is seen now: that is no sign of an unchanged file."""

    def gone(*_: object, **__: object) -> os.stat_result:
        raise FileNotFoundError

    faults: list[UnusableKeyring] = []
    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", gone)
        replica = LiveKeyring(world.path, on_change=lambda _: None, on_fault=faults.append)
    world.path.unlink()
    replica.follow()

    assert len(faults) == 1


def test_a_rotation_is_followed(world: World) -> None:
    ring = key_file.rotate(world.path, now=NOW, seals_after=timedelta(minutes=10))

    assert world.replica.key(ring.keys[-1].key_id) == ring.keys[-1]


def test_a_process_does_not_start_without_a_keyring(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeyring, match="keys generate"):
        LiveKeyring(tmp_path / "none", on_change=lambda _: None, on_fault=lambda _: None)


def test_a_keyring_whose_keys_may_not_seal_yet_says_so(world: World) -> None:
    with pytest.raises(KeyringUnavailable):
        world.replica.sealing_key(MOMENT - 10**6)


def test_a_new_key_for_id_tokens_is_published_and_signs_here_though_nothing_was_opened(world: World) -> None:
    fresh = new_issuer_keys(now=NOW, signs_from=NOW)
    assert world.replica.published_keys(NOW) == ()
    world.replace(Keyring(keyring("first").keys, fresh))

    assert world.replica.published_keys(NOW) == ()
    world.wait()
    assert world.replica.published_keys(NOW) == fresh
    assert world.replica.issuer_key(SigningAlgorithm.RS256, NOW) == fresh[0]


def test_signing_sees_a_new_key_without_help(world: World) -> None:
    fresh = new_issuer_keys(now=NOW, signs_from=NOW)
    world.replace(Keyring(keyring("first").keys, fresh))

    assert world.replica.issuer_key(SigningAlgorithm.ES384, NOW) == fresh[1]


def test_a_flood_of_readers_costs_one_look_a_second_and_no_read(world: World) -> None:
    for step in range(4000):
        world.time = 100 + step / 1000
        world.replica.published_keys(NOW)

    assert (world.looks, world.reads) == (4, 0)
