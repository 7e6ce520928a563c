"""`sts-gateway keys`: made, rotated and listed, and no key shown."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.cli.main import main
from gateway.sealing import key_file
from gateway.sealing.issuer_key import new_issuer_keys
from gateway.sealing.keyring import Keyring
from tests.unit.cli.imported import imported_by


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("k.json")


def run(*words: str) -> int:
    return main(["keys", *words, "--keyring", "k.json"])


def test_generate_makes_a_private_file_with_one_key_in_force_for_each_purpose(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("generate") == 0

    (key,) = key_file.read(path).keys
    assert key.seals_from <= datetime.now(UTC)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rsa, ec = key_file.read(path).issuer_keys
    assert (rsa.algorithm, ec.algorithm) == ("RS256", "ES384")
    assert rsa.signs_from == ec.signs_from == key.seals_from
    assert capsys.readouterr().out == (
        f"k.json: made with key {key.key_id.hex()}, which seals from now on\n"
        f"k.json: made with RS256 key {rsa.key_id.hex()}, which signs ID tokens from now on\n"
        f"k.json: made with ES384 key {ec.key_id.hex()}, which signs ID tokens from now on\n"
    )


def test_generate_never_overwrites(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("generate")
    before = path.read_bytes()
    capsys.readouterr()

    assert run("generate") == 1

    output = capsys.readouterr()
    assert path.read_bytes() == before
    assert output.out == ""
    assert output.err.startswith("sts-gateway keys generate: k.json: exists already; ")
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "seconds"), [((), 600), (("--seals-after", "2h"), 7200), (("--seals-after", "0"), 0)]
)
def test_rotate_adds_a_key_that_opens_now_and_seals_later(
    path: Path, words: tuple[str, ...], seconds: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run("generate")
    (old,) = key_file.read(path).keys
    now = datetime.now(UTC)

    assert run("rotate", *words) == 0

    new = key_file.read(path).keys[-1]
    assert key_file.read(path).keys == (old, new)
    assert abs(new.seals_from - now - timedelta(seconds=seconds)) < timedelta(seconds=10)
    from_then_on = f"{new.seals_from:%Y-%m-%dT%H:%M:%SZ} on"
    assert capsys.readouterr().out.splitlines()[3:] == [
        f"k.json: added key {new.key_id.hex()}, which opens now and seals from {from_then_on}",
        *(
            f"k.json: added {key.algorithm} key {key.key_id.hex()}, "
            f"which is published now and signs ID tokens from {from_then_on}"
            for key in key_file.read(path).issuer_keys[2:]
        ),
    ]


def test_list_tells_what_each_key_does(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    old, current, coming = (
        key_file.new_key(now=now + timedelta(hours=at), seals_from=now + timedelta(hours=at)) for at in (-9, -1, 1)
    )
    key_file.create(path, Keyring([old, current, coming]))

    assert run("list") == 0

    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("  ")[0] == "ID"
    assert [row.split()[0] for row in rows] == [key.key_id.hex() for key in (old, current, coming)]
    assert [row.split("  ")[-1] for row in rows] == ["opens", "seals now", "opens, does not seal yet"]
    assert rows[1].split()[1:3] == [
        f"{current.created_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{current.seals_from:%Y-%m-%dT%H:%M:%SZ}",
    ]


def test_list_tells_what_each_key_for_id_tokens_does(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    sealing = key_file.new_key(now=now, seals_from=now)
    pairs = [
        new_issuer_keys(now=now + timedelta(hours=at), signs_from=now + timedelta(hours=at)) for at in (-9, -2, -1, 1)
    ]
    key_file.create(path, Keyring([sealing], [pair[0] for pair in pairs] + [pairs[1][1]]))

    run("list")

    rows = [row.split() for row in capsys.readouterr().out.splitlines()[2:]]
    assert [(row[0], row[3], " ".join(row[4:])) for row in rows] == [
        (pairs[0][0].key_id.hex(), "RS256", "no longer published"),
        (pairs[1][0].key_id.hex(), "RS256", "published"),
        (pairs[1][1].key_id.hex(), "ES384", "signs now"),
        (pairs[2][0].key_id.hex(), "RS256", "signs now"),
        (pairs[3][0].key_id.hex(), "RS256", "published, does not sign yet"),
    ]


def test_no_command_shows_a_key(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("generate",), ("rotate",), ("list",), ("generate",)):
        run(*words)

    output = capsys.readouterr()
    document = json.loads(path.read_text())
    assert len(document["keys"]) == 2
    for key in document["keys"]:
        assert key["secret"] not in output.out + output.err
        assert key["secret"][:8] not in output.out + output.err
    assert len(document["issuer_keys"]) == 4
    for key in document["issuer_keys"]:
        # The beginning is that of every PKCS #8 key.
        assert key["private_key"][100:120] not in output.out + output.err


@pytest.mark.parametrize("action", ["rotate", "list"])
@pytest.mark.parametrize("content", [None, "{}"], ids=["absent", "no keyring"])
def test_a_file_that_cannot_be_used_is_one_line(
    path: Path, action: str, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)

    assert run(action) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"sts-gateway keys {action}: ")
    assert "k.json: " in output.err
    assert output.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["keys"], "required: ACTION"),
        (["keys", "shred"], "invalid choice: 'shred'"),
        (["keys", "list"], "required: --keyring"),
        (["keys", "generate", "--keyring", "k", "--seals-after", "1m"], "unrecognized arguments: --seals-after"),
        (["keys", "rotate", "--keyring", "k", "--seals-after", "soon"], "'soon': not a duration; write seconds"),
        (["keys", "rotate", "--keyring", "k", "--seals-after", "8d"], "'8d': write at most 7d"),
    ],
)
def test_bad_usage_is_one_line(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)

    output = capsys.readouterr()
    assert caught.value.code == 2
    assert told in output.err
    assert output.err.count("\n") == 1


@pytest.mark.parametrize("words", [["keys", "--help"], ["keys", "rotate", "--help"]])
def test_help_shows_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)

    assert "example:\n  sts-gateway keys " in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["keys", "--help"],
        ["keys", "generate", "--keyring", "fresh.json"],
        ["keys", "rotate", "--keyring", "k.json", "--seals-after", "1m"],
        ["keys", "list", "--keyring", "k.json"],
        ["serve", "--help"],
    ],
    ids=" ".join,
)
def test_keys_leave_the_servers_libraries_unimported(path: Path, words: list[str]) -> None:
    run("generate")

    imported_by(words)
