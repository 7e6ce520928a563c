"""The look of every page of the demo world: one frame, one style sheet, nothing inline, no script."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response

STYLESHEET_PATH: Final = "/demo.css"
_STYLESHEET: Final = (Path(__file__).parent / "static" / "demo.css").read_bytes()
_CONTENT_POLICY: Final = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_SHARED_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def page(*, title: str, body: str, status: int = 200, form_targets: Iterable[str] = ()) -> Response:
    """A whole page. `body` is HTML whose texts are escaped already; `form_targets`: origins its forms may lead to.

    A browser holds a form's redirects against `form-action` too, so the client's own origin must stand there.
    """
    targets = " ".join(("'self'", *form_targets))
    policy = f"{_CONTENT_POLICY}; form-action {targets}"
    headers = {**_SHARED_HEADERS, "Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(_FRAME.format(title=escape(title), style=STYLESHEET_PATH, body=body), status, headers)


def stylesheet() -> Response:
    headers = {**_SHARED_HEADERS, "Cache-Control": "no-cache"}
    return Response(_STYLESHEET, media_type="text/css", headers=headers)


def command_lines(text: str) -> str:
    """A block to copy: one click marks all of it."""
    return f'<pre class="copy" tabindex="0">{escape(text)}</pre>'


_FRAME: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
</head>
<body>
<p class="notice"><strong>Development only.</strong> No password is asked, and this machine alone is answered.</p>
<main>
{body}
</main>
</body>
</html>
"""
