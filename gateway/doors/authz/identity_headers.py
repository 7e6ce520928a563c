"""The headers that tell who signed: X-Gateway-Principal, -Account, -Session, -Source-Identity and -Tag-*.

Values are printable ASCII: of anything else, and of `%`, the bytes in UTF-8 stand percent-encoded.
"""

import re
from typing import Final

from gateway.domain.errors import ProxyRefused
from gateway.exchange.authorization import Authorization
from gateway.web.responses import Headers

LARGEST: Final = 6_144
"""Bytes of these headers together: proxies hold an answer's head in a buffer of 8 KiB, with the signature in it."""

# `_` is encoded too: WSGI servers read it as `-`, and one tag would stand for another.
_NOT_IN_NAME: Final = re.compile(rb"[^A-Za-z0-9.-]")
_NOT_IN_VALUE: Final = re.compile(rb"[^ -$&-~]|^ | $")


def identity_headers(authorization: Authorization) -> Headers:
    """Who signed. Raises ProxyRefused where it is too long: a tag that is left out may be one that denies."""
    principal = authorization.principal
    told = {
        b"x-gateway-principal": principal.arn,
        b"x-gateway-account": principal.account,
        b"x-gateway-session": principal.session_name,
        b"x-gateway-source-identity": principal.source_identity,
        **{b"x-gateway-tag-" + _name(key): value for key, value in authorization.tags.items()},
    }
    headers = tuple((name, _value(text)) for name, text in told.items() if text is not None)
    size = sum(len(name) + len(value) for name, value in headers)
    if size > LARGEST:
        raise ProxyRefused(cause=f"who signed takes {size} bytes of headers, at most {LARGEST}: give shorter tags")
    return headers


def _name(key: str) -> bytes:
    return _NOT_IN_NAME.sub(_escaped, key.encode()).lower()


def _value(text: str) -> bytes:
    return _NOT_IN_VALUE.sub(_escaped, text.encode())


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]
