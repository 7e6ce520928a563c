"""The keyring's file: what is read, what is refused, and that no refusal shows a key."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sealing import key_file
from gateway.sealing.issuer_key import new_issuer_keys
from gateway.sealing.key_file import UnusableKeyring, read
from gateway.sealing.keyring import Keyring
from tests.unit.sealing.made import HOUR, NOW, document, issuer_document, key, keyring, written

SECRET = document()["keys"][0]["secret"]


def refusal(path: Path) -> str:
    with pytest.raises(UnusableKeyring) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return written(tmp_path / "keyring.json", document())


def test_a_keyring_reads_back_as_it_was_created(tmp_path: Path) -> None:
    made = Keyring([key("old", seals_from=NOW - HOUR), key("new")])

    key_file.create(tmp_path / "keyring.json", made)

    assert read(tmp_path / "keyring.json").keys == made.keys


def test_the_file_of_the_first_version_reads(path: Path) -> None:
    (only,) = read(path).keys

    assert only.key_id.hex() == "0123456789abcdef"
    assert only.secret == b"secret key material of 32 bytes!"
    assert f"{only.created_at:%c %Z}" == "Sun Mar  1 08:00:00 2026 UTC"
    assert f"{only.seals_from:%c %Z}" == "Sun Mar  1 08:10:00 2026 UTC"


def test_a_keyring_with_issuer_keys_reads_back_as_it_was_created(tmp_path: Path) -> None:
    made = key_file.new_keyring(now=NOW, in_force_from=NOW + HOUR)

    key_file.create(tmp_path / "keyring.json", made)

    again = read(tmp_path / "keyring.json")
    assert (again.keys, again.issuer_keys) == (made.keys, made.issuer_keys)
    assert [one.jwk() for one in again.issuer_keys] == [one.jwk() for one in made.issuer_keys]


def test_a_file_from_before_there_were_issuer_keys_has_none(path: Path) -> None:
    assert read(path).issuer_keys == ()


def test_a_new_key_is_random_and_of_whole_seconds() -> None:
    keys = [key_file.new_key(now=NOW.replace(microsecond=7), seals_from=NOW.replace(microsecond=9)) for _ in range(50)]

    assert len({key.key_id for key in keys}) == len({key.secret for key in keys}) == 50
    assert {(len(key.key_id), len(key.secret), key.created_at, key.seals_from) for key in keys} == {(8, 32, NOW, NOW)}


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440, 0o660, 0o700])
def test_a_file_for_the_owner_and_the_process_own_group_is_read(path: Path, mode: int) -> None:
    path.chmod(mode)

    assert len(read(path).keys) == 1


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o644, 0o666, 0o777, 0o4604])
def test_a_file_that_others_may_use_is_refused_with_the_mend(path: Path, mode: int) -> None:
    path.chmod(mode)

    assert refusal(path) == f"others may use this file (mode {mode:04o}); run `chmod 600 {path}`"


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o610])
def test_a_file_of_a_group_that_the_process_is_not_in_is_refused(
    path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = path.stat().st_gid
    monkeypatch.setattr(os, "getegid", lambda: group + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [group + 1, group + 2])
    path.chmod(mode)

    told = f"a group that this process is not in may use this file (mode {mode:04o}); run `chmod 600 {path}`"
    assert refusal(path) == told


def test_a_supplementary_group_is_the_process_own_as_kubernetes_fs_group_gives_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = path.stat().st_gid
    monkeypatch.setattr(os, "getegid", lambda: group + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [group + 1, group])
    path.chmod(0o440)

    assert len(read(path).keys) == 1


def test_a_foreign_group_without_access_does_not_matter(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    group = path.stat().st_gid
    monkeypatch.setattr(os, "getegid", lambda: group + 1)
    monkeypatch.setattr(os, "getgroups", list)

    assert len(read(path).keys) == 1


def test_links_are_followed_as_kubernetes_mounts_secrets(tmp_path: Path) -> None:
    (tmp_path / "..2026_03_01").mkdir()
    written(tmp_path / "..2026_03_01" / "keyring.json", document())
    (tmp_path / "..data").symlink_to("..2026_03_01")
    (tmp_path / "keyring.json").symlink_to("..data/keyring.json")

    assert len(read(tmp_path / "keyring.json").keys) == 1


def test_the_mode_that_counts_is_that_of_what_a_link_leads_to(tmp_path: Path, path: Path) -> None:
    path.chmod(0o644)
    (tmp_path / "link").symlink_to(path)

    assert "others may use" in refusal(tmp_path / "link")


def fifo(path: Path) -> None:
    os.mkfifo(path, 0o600)


def bound(path: Path) -> None:
    os.mknod(path, 0o600 | stat.S_IFSOCK)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        pytest.param(
            lambda path: None, "no such file; make one with `sts-gateway keys generate --keyring /", id="nothing"
        ),
        pytest.param(lambda path: path.symlink_to("gone"), "no such file;", id="a dangling link"),
        pytest.param(lambda path: path.symlink_to(path), "Too many levels of symbolic links", id="a link to itself"),
        pytest.param(lambda path: path.mkdir(mode=0o700), "not a regular file", id="a folder"),
        pytest.param(fifo, "not a regular file", id="a FIFO that nobody writes to"),
        pytest.param(bound, "No such device or address", id="a socket"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "not a regular file", id="a device without end"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, make: Any, told: str) -> None:
    make(tmp_path / "keyring")

    assert refusal(tmp_path / "keyring").startswith(told)


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_refusals_leave_no_descriptor_open(tmp_path: Path, path: Path) -> None:
    path.chmod(0o644)
    before = descriptors()

    for _ in range(20):
        refusal(path)
        refusal(tmp_path)

    assert descriptors() == before


NOT_JSON = "not JSON"
NOTHING_ELSE = 'the file holds "version", "keys" and perhaps "issuer_keys", nothing else'
FOUR_TEXTS = "each key has the texts id, secret, created_at and seals_from"
ISSUER_TEXTS = "each issuer key has the texts id, private_key, created_at and signs_from"
ISSUER_ID = "an issuer key's id is hexadecimal and has 8 bytes"
ENCODINGS = "a key's id is hexadecimal and its secret base64"
SIZES = "a key's id has 8 bytes and its secret 32"
TIME = "is a time such as 2026-01-31T08:00:00Z"
CREATED, SEALS = f"a key's created_at {TIME}", f"a key's seals_from {TIME}"
ENTRY = json.dumps(document()["keys"][0])
UNUSABLE: dict[str, tuple[Any, str]] = {
    "empty": (b"", NOT_JSON),
    "cut off amid the secret": (json.dumps(document())[:90], NOT_JSON),
    "something behind it": (json.dumps(document()) + SECRET, NOT_JSON),
    "UTF-16": (json.dumps(document()).encode("utf-16"), NOT_JSON),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(document()).encode(), NOT_JSON),
    "not UTF-8": (b'{"version": 1, "keys": ["\xff"]}', NOT_JSON),
    "YAML": (f"version: 1\nkeys: [{{secret: {SECRET}}}]", NOT_JSON),
    "a list": ("[]", '"version" must be 1'),
    "a text": (f'"{SECRET}"', '"version" must be 1'),
    "no version": ({"keys": []}, '"version" must be 1'),
    "version 2": (document(version=2), '"version" must be 1'),
    "version as a text": (document(version="1"), '"version" must be 1'),
    "version true": (document(version=True), '"version" must be 1'),
    "a member more": (document(comment="x"), NOTHING_ELSE),
    "no keys": ({"version": 1}, NOTHING_ELSE),
    "an empty list of keys": (document(keys=[]), '"keys" must be a list of 1 to 1000 keys'),
    "keys as an object": (document(keys={SECRET: 1}), '"keys" must be a list of 1 to 1000 keys'),
    "too many keys": (f'{{"version": 1, "keys": [{",".join(["0"] * 1001)}]}}', '"keys" must be a list of 1 to 1000 keys'),
    "a key that is a text": (document(keys=[SECRET]), FOUR_TEXTS),
    "a key's member missing": (document(keys=[{"id": "0123456789abcdef", "secret": SECRET}]), FOUR_TEXTS),
    "a key's member more": (document(entry={"note": "x"}), FOUR_TEXTS),
    "a number for a time": (document(entry={"seals_from": 0}), FOUR_TEXTS),
    "null for a secret": (document(entry={"secret": None}), FOUR_TEXTS),
    "a member twice": (f'{{"version": 1, "version": 1, "keys": [{ENTRY}]}}', "a member stands twice in one object"),
    "a key's member twice": (
        f'{{"version": 1, "keys": [{ENTRY[:-1]}, "secret": "{SECRET}"}}]}}', "a member stands twice in one object"
    ),
    "an id twice": (f'{{"version": 1, "keys": [{ENTRY}, {ENTRY}]}}', "two keys of a keyring have one id"),
    "an id that is not hexadecimal": (document(entry={"id": "0123456789abcdeg"}), ENCODINGS),
    "a secret that is not base64": (document(entry={"secret": SECRET[:-1] + "!"}), ENCODINGS),
    "a secret with a sign amid its base64": (document(entry={"secret": f"{SECRET[:9]}!{SECRET[9:]}"}), ENCODINGS),
    "a secret without its padding": (document(entry={"secret": SECRET[:-1]}), ENCODINGS),
    "a short id": (document(entry={"id": "0123456789abcd"}), SIZES),
    "a short secret": (document(entry={"secret": "c2VjcmV0"}), SIZES),
    "an empty secret": (document(entry={"secret": ""}), SIZES),
    "a time without zone": (document(entry={"created_at": "2026-03-01T08:00:00"}), CREATED),
    "a time with an offset": (document(entry={"created_at": "2026-03-01T08:00:00+01:00"}), CREATED),
    "a day that is none": (document(entry={"seals_from": "2026-02-30T08:00:00Z"}), SEALS),
    "a secret for a time": (document(entry={"seals_from": SECRET}), SEALS),
    "no list of issuer keys": (document(issuer_keys={}), '"issuer_keys" must be a list of 1 to 100 keys'),
    "an empty list of issuer keys": (document(issuer_keys=[]), '"issuer_keys" must be a list of 1 to 100 keys'),
    "too many issuer keys": (document(issuer_keys=[0] * 101), '"issuer_keys" must be a list of 1 to 100 keys'),
    "an issuer key that is a text": (document(issuer_keys=[SECRET]), ISSUER_TEXTS),
    "an issuer key's member more": (document(issuer_keys=[issuer_document(alg="RS256")]), ISSUER_TEXTS),
    "an issuer key as a number": (document(issuer_keys=[issuer_document(private_key=1)]), ISSUER_TEXTS),
    "a sealing key for an issuer key": (document(issuer_keys=document()["keys"]), ISSUER_TEXTS),
    "an issuer key's id that is not hexadecimal": (document(issuer_keys=[issuer_document(id="x" * 16)]), ISSUER_ID),
    "an issuer key's short id": (document(issuer_keys=[issuer_document(id="01")]), ISSUER_ID),
    "an issuer key that is none": (
        document(issuer_keys=[issuer_document(private_key=SECRET)]), "an issuer key's private_key is PKCS #8"
    ),
    "an issuer key's time": (
        document(issuer_keys=[issuer_document(signs_from="now")]), f"a key's signs_from {TIME}"
    ),
    "an issuer key's id twice": (
        document(issuer_keys=[issuer_document(), issuer_document()]), "two keys of a keyring have one id"
    ),
    "nested without end": ("[" * 100_000, "maximum recursion depth exceeded while decoding a JSON array from a unicode string"),
    "a number of 5,000 digits": (f'{{"version": {"1" * 5000}}}', "Exceeds the limit"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_broken_file_is_refused_and_no_key_is_shown(tmp_path: Path, content: Any, told: str) -> None:
    message = refusal(written(tmp_path / "keyring", content))

    assert message.startswith(f"not a keyring of this gateway: {told}")
    assert SECRET[:8] not in message


@pytest.mark.parametrize("size", [512 * 1024, 512 * 1024 + 1])
def test_the_file_is_read_up_to_its_bound_only(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "keyring", json.dumps(document()).ljust(size))

    if size > 512 * 1024:
        assert refusal(path) == "larger than 524288 bytes; this is not a keyring"
    else:
        assert len(read(path).keys) == 1


@given(cut=st.integers(0, 500), put=st.binary(max_size=8))
def test_a_damaged_file_is_read_whole_or_refused(
    tmp_path_factory: pytest.TempPathFactory, cut: int, put: bytes
) -> None:
    whole = json.dumps(document()).encode()
    path = written(tmp_path_factory.getbasetemp() / "damaged", whole[:cut] + put + whole[cut + 1 :])

    try:
        told = f"{len(read(path).keys)} key"
    except UnusableKeyring as fault:
        told = str(fault)

    assert told == "1 key" or "not a keyring of this gateway" in told
    assert SECRET[:8] not in told


def test_a_file_with_the_most_keys_stays_within_the_bound_of_bytes(tmp_path: Path) -> None:
    pair = new_issuer_keys(now=NOW, signs_from=NOW)
    issuer_keys = [replace(pair[0], key_id=number.to_bytes(8, "big")) for number in range(100)]
    made = keyring(*(f"key {number}" for number in range(1000)))
    key_file.create(tmp_path / "keyring", Keyring(made.keys, issuer_keys))

    assert len(read(tmp_path / "keyring").keys) == 1000
    assert len(read(tmp_path / "keyring").issuer_keys) == 100


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_a_created_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        key_file.create(tmp_path / "keyring", keyring("a"))
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "keyring").stat().st_mode) == 0o600


@pytest.mark.parametrize("make", [lambda path: written(path, "x"), lambda path: path.symlink_to("gone"), Path.mkdir])
def test_creating_never_overwrites(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "keyring"
    make(path)
    before = path.lstat()

    with pytest.raises(UnusableKeyring, match="exists already; add a key to it with `sts-gateway keys rotate`"):
        key_file.create(path, keyring("a"))

    assert path.lstat() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["keyring"]


def test_creating_in_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableKeyring, match="/none/keyring: its folder does not exist"):
        key_file.create(tmp_path / "none" / "keyring", keyring("a"))


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(UnusableKeyring, match="keyring: No space left on device"):
        key_file.create(tmp_path / "keyring", keyring("a"))

    assert list(tmp_path.iterdir()) == []
