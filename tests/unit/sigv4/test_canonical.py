"""Canonical paths and components: S3 keeps, every other service normalises; escapes stand as sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sigv4.canonical import canonical_request, kept_path, normalised_path, written_component


@pytest.mark.parametrize(
    ("raw", "forms"),
    [
        pytest.param(b"", (b"/",), id="empty"),
        pytest.param(b"/", (b"/",), id="root"),
        pytest.param(b"/a//b/", (b"/a//b/",), id="empty segments stay"),
        pytest.param(b"/a/./../b", (b"/a/./../b",), id="dots stay"),
        pytest.param(b"/a%20b%2Fc", (b"/a%20b%2Fc",), id="escapes stay"),
        pytest.param(b"/%2e%2e/a", (b"/%2e%2e/a",), id="escaped dots stay escaped"),
        pytest.param(b"/%41~", (b"/%41~",), id="needless escape stays"),
        pytest.param(b"/dt=2024", (b"/dt%3D2024", b"/dt=2024"), id="raw reserved: its escape, then as sent"),
        pytest.param(b"/a+b;c", (b"/a%2Bb%3Bc", b"/a+b;c"), id="plus is a plus in a path"),
        pytest.param("/é".encode(), (b"/%C3%A9", "/é".encode()), id="raw UTF-8"),
    ],
)
def test_s3_keeps_the_path(raw, forms) -> None:
    assert kept_path(raw) == forms


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        pytest.param(b"", b"/", id="empty"),
        pytest.param(b"/", b"/", id="root"),
        pytest.param(b"//", b"/", id="slashes only"),
        pytest.param(b"//example//", b"/example/", id="slashes"),
        pytest.param(b"/./", b"/", id="slash dot slash"),
        pytest.param(b"/./example", b"/example", id="pointless dot"),
        pytest.param(b"/example/..", b"/", id="relative"),
        pytest.param(b"/example1/example2/../..", b"/", id="relative relative"),
        pytest.param(b"/..", b"/", id="above the root"),
        pytest.param(b"/a/.", b"/a", id="final dot leaves no slash"),
        pytest.param(b"/a/../b/", b"/b/", id="final slash stays"),
        pytest.param(b"/.../a", b"/.../a", id="three dots are a name"),
        pytest.param(b"/.a/b.", b"/.a/b.", id="dots in names"),
        pytest.param(b"/a%20b", b"/a%2520b", id="escapes are escaped again"),
        pytest.param(b"/%2e%2e/a", b"/%252e%252e/a", id="escaped dots are no dot segments"),
        pytest.param(b"/a%2Fb", b"/a%252Fb", id="an escaped slash is none"),
        pytest.param(b"/a b", b"/a%20b", id="raw blank"),
        pytest.param(b"/a+b;c=d", b"/a%2Bb%3Bc%3Dd", id="reserved"),
        pytest.param(b"/-._~", b"/-._~", id="unreserved"),
    ],
)
def test_other_services_normalise_and_encode_again(raw, canonical) -> None:
    assert normalised_path(raw) == (canonical,)


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        pytest.param(b"", b"", id="empty"),
        pytest.param(b"-._~aZ9", b"-._~aZ9", id="unreserved"),
        pytest.param(b"a+b", b"a%20b", id="plus is a blank in a query"),
        pytest.param(b"a%2Bb", b"a%2Bb", id="an escaped plus is a plus"),
        pytest.param(b"a=b", b"a%3Db", id="equals sign in a value"),
        pytest.param(b"/:,;@*()", b"%2F%3A%2C%3B%40%2A%28%29", id="reserved"),
        pytest.param("ሴ".encode(), b"%E1%88%B4", id="raw UTF-8"),
        pytest.param(b"%7e", b"%7e", id="escape stays"),
    ],
)
def test_a_component_is_written_out(raw, written) -> None:
    assert written_component(raw) == written


@given(st.binary(max_size=40))
def test_writing_out_twice_changes_nothing(raw) -> None:
    once = written_component(raw)
    assert written_component(once) == once


@given(st.binary(max_size=40).map(lambda tail: b"/" + tail))
def test_a_normalised_path_has_no_dot_segments(raw) -> None:
    (canonical,) = normalised_path(raw)
    assert not {b".", b".."} & set(canonical.split(b"/"))
    assert b"//" not in canonical


def test_the_canonical_request_is_six_lines_and_its_headers() -> None:
    made = canonical_request("GET", b"/", b"a=1", b"host:h\nx-amz-date:d\n", "host;x-amz-date", "HASH")
    assert made == b"GET\n/\na=1\nhost:h\nx-amz-date:d\n\nhost;x-amz-date\nHASH"
