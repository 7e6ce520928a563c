"""The look of the demo world's own pages: the gateway's frame, and above it what this world is."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from gateway.web import pages
from gateway.web.markup import Child, Markup, joined, tag

ASSET_ROUTES: Final = [Route(path, asset, methods=["GET"]) for path, asset in pages.ASSETS.items()]
_NOTICE: Final = tag(
    "header",
    tag("strong", "Development only."),
    " No password is asked, and this machine alone is answered.",
    class_="notice",
)
_MORE_HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


def page(*, title: str, body: Sequence[Child], status: int = 200, form_targets: Sequence[str] = ()) -> Response:
    """A whole page. `form_targets`: origins its forms may lead to."""
    answer = pages.page(title=title, body=joined(body), status=status, above=_NOTICE, form_targets=form_targets)
    headers = {name.decode("ascii"): value.decode("ascii") for name, value in (*answer.headers, *_MORE_HEADERS)}
    return Response(answer.body, answer.status, headers)


def command_lines(text: str) -> Markup:
    """A block to copy: one click marks all of it."""
    return tag("div", tag("pre", text, tabindex="0"), class_="block")
