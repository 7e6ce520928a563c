"""The frame of pages, and the two files that every page has."""

from typing import Any

import pytest

from gateway.domain.origin import RequestOrigin
from gateway.web.markup import tag
from gateway.web.pages import ASSETS, ASSETS_AT_ONCE, page


async def got(path: str, query: bytes) -> tuple[dict[bytes, bytes], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any: ...

    await ASSETS[path]({"type": "http", "query_string": query}, receive, send)
    return dict(sent[0]["headers"]), sent[1]["body"]


def address_of(kind: str) -> tuple[str, bytes]:
    text = page(title="A page", body=tag("p", "x")).body.decode()
    address = text.partition(f'{kind}="/portal')[2].partition('"')[0]
    path, _, query = f"/portal{address}".partition("?")
    return path, query.encode()


@pytest.mark.parametrize(("kind", "media_type"), [("href", b"text/css"), ("src", b"text/javascript")])
async def test_a_file_is_kept_by_browsers_under_the_address_of_its_content(kind: str, media_type: bytes) -> None:
    headers, body = await got(*address_of(kind))
    assert headers[b"content-type"].startswith(media_type)
    assert b"immutable" in headers[b"cache-control"]
    assert body


@pytest.mark.parametrize("query", [b"", b"v=of-another-version"])
@pytest.mark.parametrize("path", ["/portal.css", "/portal.js"])
async def test_under_another_versions_address_nothing_is_kept(path: str, query: bytes) -> None:
    """While replicas of two versions answer, a browser must not keep the old file as the new one."""
    headers, _ = await got(path, query)
    assert headers[b"cache-control"] == b"no-cache"


ORIGIN = RequestOrigin(request_id="an-id")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("query", ["its own", b"", b"v=of-another-version"])
@pytest.mark.parametrize("kind", ["href", "src"])
async def test_a_file_is_given_at_once_as_by_the_application(kind: str, query: bytes | str, method: str) -> None:
    path, own = address_of(kind)
    asked = own if isinstance(query, str) else query

    answer = ASSETS_AT_ONCE[path.encode()](method, path.encode(), asked, (), ORIGIN)

    assert answer is not None
    headers, body = await got(path, asked)
    assert dict(answer.headers) | {b"content-length": b"%d" % len(body)} == headers
    assert answer.body == body


@pytest.mark.parametrize(
    ("method", "path"), [("POST", b"/portal.css"), ("GET", b"/portal.css.map"), ("GET", b"/portal.css/")]
)
def test_whatever_else_is_asked_there_is_for_the_application(method: str, path: bytes) -> None:
    assert ASSETS_AT_ONCE[b"/portal.css"](method, path, b"", (), ORIGIN) is None


def test_a_page_allows_its_own_files_and_nothing_else() -> None:
    headers = dict(page(title="A page", body=tag("p", "x"), form_targets=("http://127.0.0.1:9",)).headers)
    policy = headers[b"content-security-policy"].decode()
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; ")
    assert "require-trusted-types-for 'script'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' http://127.0.0.1:9")
    assert "unsafe" not in policy
    assert headers[b"x-frame-options"] == b"DENY"


def test_neither_file_has_code_or_style_that_a_string_could_become() -> None:
    script = (ASSETS["/portal.js"].lasting.body).decode()  # type: ignore[attr-defined]
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "Function(",
        "http:",
        "https:",
    ):
        assert word not in script
    style = (ASSETS["/portal.css"].lasting.body).decode()  # type: ignore[attr-defined]
    assert "@import" not in style
    assert "url(" not in style
