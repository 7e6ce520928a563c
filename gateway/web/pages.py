"""The frame of every page for people: one style sheet, one script, nothing inline, and headers that hold it so."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from gateway.domain.origin import RequestOrigin
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.at_once import DoorBelow, RequestHeaders
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.responses import Answer, Headers, send_answer

_STATIC: Final = Path(__file__).parent / "static"
# No script but ours may run, and ours cannot make HTML of a string (Trusted Types): what a claim says stays a text.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_READING: Final = frozenset({"GET", "HEAD"})
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asset:
    """A file of the frame. Its address changes with its content, so that a browser never mixes two versions.

    `lasting`: the answer to whoever names this version in the query; `passing`: to everybody else.
    """

    path: str
    query: bytes
    lasting: Answer
    passing: Answer

    @property
    def address(self) -> str:
        return f"{self.path}?{self.query.decode('ascii')}"

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        await send_answer(send, self._answer(scope["query_string"]))

    def at_once(
        self, method: str, raw_path: bytes, raw_query: bytes, _: RequestHeaders, __: RequestOrigin
    ) -> Answer | None:
        """The same in the turn in which it is asked for; None: it is for `__call__`, or another path's."""
        is_mine = method in _READING and raw_path == self.path.encode("ascii")
        return self._answer(raw_query) if is_mine else None

    def _answer(self, query: bytes) -> Answer:
        # While replicas of two versions answer, one must not be remembered as the other.
        return self.lasting if query == self.query else self.passing


def _asset(name: str, media_type: str) -> _Asset:
    content = (_STATIC / name).read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]

    def kept(how: bytes) -> Answer:
        headers = ((b"content-type", f"{media_type}; charset=utf-8".encode("ascii")), (b"cache-control", how))
        return Answer(status=200, body=content, headers=headers)

    return _Asset(
        path=f"/{name}",
        query=f"v={version}".encode("ascii"),
        lasting=kept(b"public, max-age=31536000, immutable"),
        passing=kept(b"no-cache"),
    )


_STYLE: Final = _asset("portal.css", "text/css")
_SCRIPT: Final = _asset("portal.js", "text/javascript")
ASSETS: Final[Mapping[str, Application]] = {asset.path: asset for asset in (_STYLE, _SCRIPT)}
"""Path to application, of whatever serves pages."""

ASSETS_AT_ONCE: Final[Mapping[bytes, DoorBelow]] = {
    asset.path.encode("ascii"): asset.at_once for asset in (_STYLE, _SCRIPT)
}
"""The same, of requests that are answered in the turn in which they come."""


def page(
    *,
    title: str,
    body: Markup,
    status: int = 200,
    above: Child = None,
    form_targets: Sequence[str] = (),
    headers: Headers = (),
) -> Answer:
    """A whole page. `above`: what stands before its content; `form_targets`: origins its forms may lead to.

    A browser holds a form's redirects against `form-action` too, so another origin that one ends at must stand there.
    """
    own = _headers(tuple(form_targets))
    return Answer(status=status, body=_document(title, body, above).encode(), headers=(*own, *headers))


def see_other(path: str, headers: Headers = ()) -> Answer:
    """To another page, with GET (RFC 9110 15.4.4). `path`: already known to be safe."""
    return Answer(status=303, headers=((b"location", path.encode("ascii")), *headers))


@lru_cache(maxsize=64)
def _headers(form_targets: tuple[str, ...]) -> Headers:
    policy = f"{_POLICY}; form-action {' '.join((_SELF, *form_targets))}"
    return (
        _HTML,
        (b"content-security-policy", policy.encode("ascii")),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"DENY"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )


def _document(title: str, body: Markup, above: Child) -> str:
    head = joined((_HEAD, tag("title", f"{title} · sts-gateway")))
    return f"{_BEGIN}{tag('head', head)}<body>{_SKIP}{joined((above,))}{_MAIN}{body}{_END}"


_BEGIN: Final = '<!doctype html>\n<html lang="en">'
_SKIP: Final = tag("a", "To the content", href="#content", class_="skip")
_MAIN: Final = '<main id="content" tabindex="-1">'
_END: Final = "</main></body></html>\n"
_SELF: Final = "'self'"
_HEAD: Final = joined(
    (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href=_STYLE.address),
        tag("script", src=_SCRIPT.address, defer=True),
    )
)
