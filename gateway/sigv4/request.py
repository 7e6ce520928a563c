"""From a request as it came over the wire to what its signature covers; nothing of it is believed yet."""

import re
from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import MalformedSignedRequest, MissingAuthentication
from gateway.sigv4 import query as names
from gateway.sigv4.authorization import read_authorization
from gateway.sigv4.canonical import CONTROLS
from gateway.sigv4.headers import read_headers
from gateway.sigv4.presigned import read_presigned
from gateway.sigv4.query import Query, read_query
from gateway.sigv4.schemes import SIGV2_QUERY, refuse_scheme
from gateway.sigv4.signed_request import HttpRequest, SignedRequest

__all__ = ["HttpRequest", "SignedRequest", "parse"]

MAXIMUM_PATH_BYTES: Final = 16_384
MAXIMUM_QUERY_BYTES: Final = 65_536

_METHOD: Final = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")
# Any of these says that the query carries a signature; X-Amz-Date or a token alone do not.
_QUERY_MARKS: Final = frozenset(
    (names.ALGORITHM, names.CREDENTIAL, names.SIGNATURE, names.SIGNED_HEADERS, names.EXPIRES)
)
_ONE_MECHANISM: Final = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter "
    "or the Authorization header should be specified"
)


def parse(http: HttpRequest) -> SignedRequest:
    """Read a request's signature, in the header or the presigned form.

    Raises MissingAuthentication for none; UnsupportedSignature for one of another kind; ScopeMismatch for a scope of
    another day than the request or with another terminator; MalformedSignedRequest for two signatures, for one that
    cannot be read, or that leaves out `host` or an x-amz-* header.
    """
    _check_target(http)
    fields = read_headers(http.headers)
    query = read_query(http.raw_query)
    return _read_signature(http, fields, query)


def _check_target(http: HttpRequest) -> None:
    if not _METHOD.fullmatch(http.method):
        raise MalformedSignedRequest("The request method is not one")
    if len(http.raw_path) > MAXIMUM_PATH_BYTES or len(http.raw_query) > MAXIMUM_QUERY_BYTES:
        raise MalformedSignedRequest(
            f"The request target is too long: at most {MAXIMUM_PATH_BYTES} bytes of path "
            f"and {MAXIMUM_QUERY_BYTES} of query"
        )
    if http.raw_path and not http.raw_path.startswith(b"/"):
        raise MalformedSignedRequest("The request target must begin with '/'")
    # A line break would let one part of the canonical request stand for two. `read_query` looks at the query.
    if len(http.raw_path.translate(None, CONTROLS)) != len(http.raw_path):
        raise MalformedSignedRequest("The request target holds control characters")


def _read_signature(http: HttpRequest, fields: Mapping[bytes, bytes], query: Query) -> SignedRequest:
    """Read the one signature that there is. Two are refused: one would be checked and the other used."""
    presigned = not _QUERY_MARKS.isdisjoint(query.amz)
    if b"authorization" in fields:
        if presigned or _signed_by_v2(query):
            raise MalformedSignedRequest(_ONE_MECHANISM, kind="two_mechanisms")
        if names.SECURITY_TOKEN in query.amz or names.DATE in query.amz:
            raise MalformedSignedRequest(
                "The Authorization header goes with X-Amz-Date and X-Amz-Security-Token headers, not query parameters",
                kind="two_mechanisms",
            )
        return read_authorization(http, fields, query)
    if presigned:
        if b"x-amz-date" in fields:
            raise MalformedSignedRequest(
                "The date is given twice: a presigned URL has it as X-Amz-Date in the query only", kind="two_mechanisms"
            )
        return read_presigned(http, fields, query)
    if _signed_by_v2(query):
        refuse_scheme(SIGV2_QUERY)
    raise MissingAuthentication


def _signed_by_v2(query: Query) -> bool:
    # Both, for `Signature` alone may be a parameter of anybody's.
    text = b"&" + query.forms[0]
    return b"&AWSAccessKeyId=" in text and b"&Signature=" in text
