"""The projected token's file: read anew, held to a token's form, and never shown."""

from pathlib import Path

import pytest

from gateway.client.token_file import TokenFile, UnusableToken

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


def test_the_token_that_is_there_now_is_read(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    file = TokenFile(path=path)
    assert file.read() == TOKEN

    path.write_text(f"{TOKEN}x\n")

    assert file.read() == f"{TOKEN}x"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"abc", b"two words", b"a\nb.c.d", b"\xff\xfe\xff\xfe", b"x" * 20_001, b"tok\x00en"],
    ids=["empty", "a newline", "too short", "a blank", "two lines", "no ASCII", "too long", "a NUL"],
)
def test_what_is_no_token_is_refused_without_showing_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(content)

    with pytest.raises(UnusableToken, match="holds no token") as told:
        TokenFile(path=path).read()
    assert content[:20].decode("latin-1") not in str(told.value) or not content.strip()


def test_a_file_that_is_missing_is_told_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(UnusableToken, match=r"No such file.*fsGroup"):
        TokenFile(path=tmp_path / "token").read()
