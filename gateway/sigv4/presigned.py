"""The query form of a signature: a presigned URL."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Never

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4 import query as names
from gateway.sigv4.dates import MAXIMUM_EXPIRES, read_basic
from gateway.sigv4.headers import CONTENT_SHA256, covered_headers, read_signed_headers
from gateway.sigv4.payload import UNSIGNED_PAYLOAD
from gateway.sigv4.query import Query
from gateway.sigv4.schemes import HMAC_SHA256, SIGV4A, refuse_scheme
from gateway.sigv4.scope import check_date, read_credential
from gateway.sigv4.signed_request import HttpRequest, SignedRequest

REQUIRED: Final = (
    names.ALGORITHM,
    names.CREDENTIAL,
    names.SIGNATURE,
    names.DATE,
    names.SIGNED_HEADERS,
    names.EXPIRES,
)
_MISSING: Final = (
    "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
    "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)
_BAD_CREDENTIAL: Final = (
    "Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; "
    'expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
)
_BAD_DATE: Final = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
_TOO_LONG: Final = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
    f"{MAXIMUM_EXPIRES} seconds"
)
_REMEMBERED: Final = 256
_USUAL_DIGITS: Final = 6
_WHOLE_NUMBER: Final = re.compile(r"(-?)0*([0-9]{1,18})")


def read_presigned(http: HttpRequest, fields: Mapping[bytes, bytes], query: Query) -> SignedRequest:
    """Read the authentication parameters of a presigned URL, in the order in which S3 looks at them.

    fields, query: the request's, read already.
    Raises UnsupportedSignature, MalformedSignedRequest, and ScopeMismatch as in the header form.
    """
    algorithm, credential_text, signature, written, signed_names, life = query.texts(REQUIRED)
    _check_algorithm(algorithm)
    if not (algorithm and credential_text and signature and written and signed_names and life):
        _refuse(_MISSING)
    credential = read_credential(credential_text)
    if credential is None:
        _refuse(_BAD_CREDENTIAL)
    access_key_id, scope = credential
    timestamp = read_basic(written)
    if timestamp is None:
        _refuse(_BAD_DATE)
    check_date(scope, written)
    signed_headers = read_signed_headers(signed_names, kind="query")
    payload_hash = _payload_hash(query, fields, signed_headers)
    return SignedRequest(
        http=http,
        access_key_id=access_key_id,
        scope=scope,
        timestamp=timestamp,
        timestamp_text=written,
        expires=_expires(life) if len(life) <= _USUAL_DIGITS else _expires.__wrapped__(life),
        signed_headers=signed_headers,
        signature=signature,
        session_token=_session_token(query, fields),
        payload_hash=payload_hash,
        canonical_headers=covered_headers(_without_tolerated(fields, signed_headers), signed_names),
        canonical_queries=query.forms,
    )


def _refuse(message: str) -> Never:
    raise MalformedSignedRequest(message, kind="query")


def _check_algorithm(algorithm: str | None) -> None:
    if algorithm == SIGV4A:
        refuse_scheme(SIGV4A)
    if algorithm and algorithm != HMAC_SHA256:
        _refuse(f'X-Amz-Algorithm only supports "{HMAC_SHA256}"')


@lru_cache(maxsize=_REMEMBERED)
def _expires(text: str) -> int:
    found = _WHOLE_NUMBER.fullmatch(text)
    if found is None:
        _refuse("X-Amz-Expires should be a number")
    if found[1]:
        _refuse("X-Amz-Expires must be non-negative")
    seconds = int(found[2])
    if seconds > MAXIMUM_EXPIRES:
        _refuse(_TOO_LONG)
    return seconds


def _session_token(query: Query, fields: Mapping[bytes, bytes]) -> str | None:
    header = fields.get(b"x-amz-security-token")
    token = query.text(names.SECURITY_TOKEN)
    if header is None:
        return token
    if token is not None:
        _refuse("The session token is given twice: send it as X-Amz-Security-Token in the query only")
    return header.decode("latin-1")


def _payload_hash(query: Query, fields: Mapping[bytes, bytes], signed_headers: tuple[str, ...]) -> str | None:
    """The query's word for the payload, or a signed header's.

    Clients add the header unsigned when they use the URL; one that says what is signed anyway is let pass, any other
    would choose how the request is checked (CVE-2025-31489).
    """
    parameter = query.text(names.CONTENT_SHA256)
    raw = fields.get(CONTENT_SHA256)
    if raw is None:
        return parameter
    header = raw.decode("latin-1")
    if CONTENT_SHA256.decode() in signed_headers:
        if parameter not in (None, header):
            _refuse("X-Amz-Content-Sha256 differs between query and header")
        return header
    if header not in (UNSIGNED_PAYLOAD, parameter):
        raise MalformedSignedRequest(
            "There were headers present in the request which were not signed: x-amz-content-sha256",
            kind="unsigned_headers",
        )
    return parameter


def _without_tolerated(fields: Mapping[bytes, bytes], signed_headers: tuple[str, ...]) -> Mapping[bytes, bytes]:
    """The headers, but for an unsigned x-amz-content-sha256 that `_payload_hash` let pass."""
    if CONTENT_SHA256 not in fields or CONTENT_SHA256.decode() in signed_headers:
        return fields
    return {name: value for name, value in fields.items() if name != CONTENT_SHA256}
