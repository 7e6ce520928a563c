"""The frame of every page for people: one style sheet, no script, nothing inline, and headers that hold it so."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final

from gateway.web.responses import Answer, Headers

STYLESHEET_PATH: Final = "/portal.css"
_STYLESHEET: Final = (Path(__file__).parent / "static" / "portal.css").read_bytes()
_POLICY: Final = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
_HTML: Final = (b"content-type", b"text/html; charset=utf-8")


def page(
    *, title: str, body: str, status: int = 200, form_targets: Sequence[str] = (), headers: Headers = ()
) -> Answer:
    """A whole page. `body`: HTML whose texts are escaped already; `form_targets`: origins its forms may lead to.

    A browser holds a form's redirects against `form-action` too, so another origin that one ends at must stand there.
    """
    targets = " ".join(("'self'", *form_targets))
    policy = f"{_POLICY}; form-action {targets}"
    text = _FRAME.format(title=escape(title), style=STYLESHEET_PATH, body=body)
    return Answer(
        status=status,
        body=text.encode(),
        headers=(
            _HTML,
            (b"content-security-policy", policy.encode("ascii")),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
            *headers,
        ),
    )


def stylesheet() -> Answer:
    headers = ((b"content-type", b"text/css; charset=utf-8"), (b"cache-control", b"public, max-age=3600"))
    return Answer(status=200, body=_STYLESHEET, headers=headers)


def see_other(path: str, headers: Headers = ()) -> Answer:
    """To another page, with GET (RFC 9110 15.4.4). `path`: already known to be safe."""
    return Answer(status=303, headers=((b"location", path.encode("ascii")), *headers))


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
<main>
{body}
</main>
</body>
</html>
"""
