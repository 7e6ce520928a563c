"""Forms of our own pages: read one way, and refused where another site may have sent them."""

from collections.abc import Iterable, Mapping
from typing import Final

from gateway.domain.errors import FormRefused, UnsupportedMedia
from gateway.web.asgi import Receive, Scope
from gateway.web.headers import single_header
from gateway.web.limits import read_body
from gateway.wire.form import read_fields

MAXIMUM_FORM: Final = 64 * 1024
MAXIMUM_MESSAGE: Final = 256 * 1024
_TYPE: Final = "application/x-www-form-urlencoded"
_OWN_SITES: Final = frozenset({"same-origin", "none"})


async def read_form(scope: Scope, receive: Receive, public_url: str) -> Mapping[str, str]:
    """The fields of a form. Raises FormRefused, UnsupportedMedia, UnreadableQuery, BodyTooLarge."""
    check_own(tuple(scope["headers"]), public_url)
    return await _fields(scope, receive, MAXIMUM_FORM)


async def read_message(scope: Scope, receive: Receive) -> Mapping[str, str]:
    """The fields of a form that another site's page may send: a message, which proves itself.

    Raises UnsupportedMedia, UnreadableQuery, BodyTooLarge.
    """
    return await _fields(scope, receive, MAXIMUM_MESSAGE)


async def _fields(scope: Scope, receive: Receive, limit: int) -> Mapping[str, str]:
    headers = tuple(scope["headers"])
    if (single_header(headers, b"content-type") or "").partition(";")[0].strip().lower() != _TYPE:
        raise UnsupportedMedia(f"A form is sent as {_TYPE}")
    return read_fields(await read_body(receive, limit), ())


def check_own(headers: Iterable[tuple[bytes, bytes]], public_url: str) -> None:
    """Raises FormRefused where the browser says that another site's page sent this.

    Pages say `Referrer-Policy: same-origin`: under `no-referrer` a browser sends `Origin: null` with our own forms.
    """
    given = tuple(headers)
    origin, site = single_header(given, b"origin"), single_header(given, b"sec-fetch-site")
    if origin is not None and origin != public_url:
        raise FormRefused(cause="the header Origin is another site's")
    if site is not None and site not in _OWN_SITES:
        raise FormRefused(cause="the header Sec-Fetch-Site says that another site sent the form")
