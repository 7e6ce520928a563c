"""The header form of a signature: `Authorization: AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=...`.

Its value is never told back: it holds the signature.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.dates import basic, read_basic, read_http_date
from gateway.sigv4.headers import CONTENT_SHA256, covered_headers, read_signed_headers
from gateway.sigv4.query import Query
from gateway.sigv4.schemes import HMAC_SHA256, refuse_scheme
from gateway.sigv4.scope import (
    ACCESS_KEY_ID,
    DATE,
    NAME,
    TERMINATOR,
    CredentialScope,
    check_date,
    read_credential,
)
from gateway.sigv4.signed_request import HttpRequest, SignedRequest

_REQUIRED: Final = ("Credential", "Signature", "SignedHeaders")
_BLANKS: Final = " \t"
_NO_DATE: Final = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
_USUAL: Final = re.compile(
    rf"{HMAC_SHA256} Credential={ACCESS_KEY_ID}/{DATE}/{NAME}/{NAME}/{TERMINATOR}"
    r", ?SignedHeaders=([!-+\--~]+), ?Signature=([!-+\--~]+)"
)
_SHOWN: Final = re.compile(r"[A-Za-z0-9/_.:, +-]{0,256}")
_ISO_8601: Final = "See http://en.wikipedia.org/wiki/ISO_8601"


def read_authorization(http: HttpRequest, fields: Mapping[bytes, bytes], query: Query) -> SignedRequest:
    """Read the Authorization header, and the date, token and payload hash that stand in headers of their own.

    fields, query: the request's, read already.

    Raises UnsupportedSignature for another scheme, MalformedSignedRequest for its syntax, ScopeMismatch for a scope of
    another day than the request's or with another terminator.
    """
    access_key_id, scope, signed_headers, signature = _parameters(fields)
    timestamp, timestamp_text = _timestamp(fields)
    check_date(scope, timestamp_text)
    token = fields.get(b"x-amz-security-token")
    payload_hash = fields.get(CONTENT_SHA256)
    return SignedRequest(
        http=http,
        access_key_id=access_key_id,
        scope=scope,
        timestamp=timestamp,
        timestamp_text=timestamp_text,
        expires=None,
        signed_headers=read_signed_headers(signed_headers, kind="header"),
        signature=signature,
        session_token=None if token is None else token.decode("latin-1"),
        payload_hash=None if payload_hash is None else payload_hash.decode("latin-1"),
        canonical_headers=covered_headers(fields, signed_headers),
        canonical_queries=query.forms,
    )


def _parameters(fields: Mapping[bytes, bytes]) -> tuple[str, CredentialScope, str, str]:
    """Access key id, scope, SignedHeaders, Signature: the usual spelling read at one go, any other taken apart."""
    value = fields[b"authorization"].decode("latin-1")
    return usual_parameters(value) or _taken_apart(value, fields)


def usual_parameters(value: str) -> tuple[str, CredentialScope, str, str] | None:
    """Access key id, scope, SignedHeaders, Signature of a header's value in its usual spelling; None for any other."""
    usual = _USUAL.fullmatch(value)
    if usual is None:
        return None
    access_key_id, date, region, service, signed_headers, signature = usual.groups()
    return access_key_id, CredentialScope(date=date, region=region, service=service), signed_headers, signature


def _taken_apart(value: str, fields: Mapping[bytes, bytes]) -> tuple[str, CredentialScope, str, str]:
    scheme, _, rest = value.strip(_BLANKS).partition(" ")
    if scheme != HMAC_SHA256:
        refuse_scheme(scheme)
    parameters = _split(rest.strip(_BLANKS))
    missing = [f"Authorization header requires '{name}' parameter." for name in _REQUIRED if not parameters.get(name)]
    if b"x-amz-date" not in fields and b"date" not in fields:
        missing.append(_NO_DATE)
    if missing:
        raise MalformedSignedRequest(" ".join(missing))
    credential = read_credential(parameters["Credential"])
    if credential is None:
        raise MalformedSignedRequest(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, "
            f"got '{_shown(parameters['Credential'])}'"
        )
    return *credential, parameters["SignedHeaders"], parameters["Signature"]


def _split(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, equals, value = part.strip(_BLANKS).partition("=")
        # A blank inside: `Credential= AKIA...`, the usual fruit of a line break in a copied key.
        if not equals or " " in value or "\t" in value:
            raise MalformedSignedRequest(
                "Authorization header holds a part that is not a valid key=value pair (missing equal-sign, or a blank)."
            )
        if name not in _REQUIRED or name in parameters:
            raise MalformedSignedRequest(
                "Authorization header must have 'Credential', 'SignedHeaders' and 'Signature', each once, "
                "and nothing else."
            )
        parameters[name] = value
    return parameters


def _timestamp(fields: Mapping[bytes, bytes]) -> tuple[datetime, str]:
    """The request's time, and the text of it that is signed. X-Amz-Date wins over Date, which any client may add."""
    raw = fields.get(b"x-amz-date")
    date = fields.get(b"date") if raw is None else raw
    if date is None:
        raise MalformedSignedRequest(_NO_DATE)
    written = date.decode("latin-1")
    moment = read_basic(written)
    if moment is not None:
        return moment, written
    moment = read_http_date(written) if raw is None else None
    if moment is None:
        raise MalformedSignedRequest(f"Date must be in ISO-8601 'basic format'. Got '{_shown(written)}'. {_ISO_8601}")
    return moment, basic(moment)


def _shown(text: str) -> str:
    """What the caller wrote, where it can be shown: short, readable, and without `=`, which a signature follows."""
    return text if _SHOWN.fullmatch(text) else "(unreadable)"
