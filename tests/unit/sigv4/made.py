"""Honest signed requests, of which a case changes one thing; signed by `sign`, and presigned as a conforming signer."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from gateway.sigv4.request import HttpRequest, SignedRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import signature_of, strings_to_sign

NOW = datetime(2026, 5, 4, 10, 0, 0, tzinfo=UTC)
STAMP = "20260504T100000Z"
KEY_ID = "ASIAQNZGKIQY56JQ7WML"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "AQHBXVhbXBsZS10b2tlbi1vZi1hLXNlc3Npb24"
EMPTY = sha256(b"").hexdigest()
BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
STS = CredentialScope(date="20260504", region="us-east-1", service="sts")
S3 = CredentialScope(date="20260504", region="eu-central-1", service="s3")
RULES = {"sts": SERVICE_RULES, "s3": S3_RULES}
STS_KEY = signing_key(SECRET, STS)
S3_KEY = signing_key(SECRET, S3)


def hashed(body: bytes) -> str:
    return sha256(body).hexdigest()


def request(method: str = "GET", path: bytes = b"/", query: bytes = b"", **headers: str) -> HttpRequest:
    """A request with a host; keyword `x_amz_acl` is the header `x-amz-acl`."""
    named = {"host": "sts.example.com", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return HttpRequest(
        method=method,
        raw_path=path,
        raw_query=query,
        headers=tuple((name.encode(), value.encode("latin-1")) for name, value in named.items()),
    )


def with_headers(http: HttpRequest, **changed: str | None) -> HttpRequest:
    """The request with headers replaced, added at the end, or (None) taken away."""
    wanted = {name.replace("_", "-").encode(): value for name, value in changed.items()}
    kept = [(name, value) for name, value in http.headers if name not in wanted]
    added = [(name, value.encode("latin-1")) for name, value in wanted.items() if value is not None]
    return replace(http, headers=(*kept, *added))


def also(http: HttpRequest, name: str, value: str) -> HttpRequest:
    """The request with one more header, whether or not there is one of that name."""
    return replace(http, headers=(*http.headers, (name.encode(), value.encode("latin-1"))))


def header_of(http: HttpRequest, name: str) -> str:
    return dict(http.headers)[name.encode()].decode("latin-1")


def signed_http(
    http: HttpRequest,
    scope: CredentialScope = STS,
    *,
    payload_hash: str = EMPTY,
    token: str | None = TOKEN,
    rules: SigningRules | None = None,
    now: datetime = NOW,
) -> HttpRequest:
    """The request as a conforming client sends it, in the header form."""
    added = sign(
        http,
        access_key_id=KEY_ID,
        secret_access_key=SECRET,
        session_token=token,
        scope=scope,
        now=now,
        rules=rules or RULES[scope.service],
        payload_hash=payload_hash,
    )
    return replace(http, headers=(*http.headers, *added))


def post() -> HttpRequest:
    """STS GetCallerIdentity, signed."""
    http = request("POST", content_type="application/x-www-form-urlencoded; charset=utf-8")
    return signed_http(http, payload_hash=hashed(BODY))


def get_object() -> HttpRequest:
    """S3 GetObject, signed, with an empty body."""
    return signed_http(request("GET", b"/lake/team%20a/part-1.parquet", b"versionId=3&x-id=GetObject"), S3)


def authorization(
    *,
    scheme: str = "AWS4-HMAC-SHA256",
    credential: str = f"{KEY_ID}/20260504/us-east-1/sts/aws4_request",
    signed_headers: str = "host;x-amz-date",
    signature: str = "0" * 64,
) -> str:
    return f"{scheme} Credential={credential}, SignedHeaders={signed_headers}, Signature={signature}"


def presigned_query(**changed: str | None) -> dict[str, str]:
    """The authentication parameters of a presigned URL but its signature; `X_Amz_Date="..."` changes, None removes."""
    parameters: dict[str, Any] = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{KEY_ID}/20260504/us-east-1/sts/aws4_request",
        "X-Amz-Date": STAMP,
        "X-Amz-Expires": "300",
        "X-Amz-Security-Token": TOKEN,
        "X-Amz-SignedHeaders": "host",
    }
    parameters.update({name.replace("_", "-"): value for name, value in changed.items()})
    return {name: value for name, value in parameters.items() if value is not None}


def encoded(parameters: Mapping[str, str]) -> bytes:
    return "&".join(
        f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in parameters.items()
    ).encode()


def presigned(
    http: HttpRequest | None = None,
    scope: CredentialScope = STS,
    *,
    body_sha256: str | None = EMPTY,
    rules: SigningRules | None = None,
    **changed: str | None,
) -> HttpRequest:
    """A presigned URL with an honest signature over whatever its parameters say."""
    http = http or request()
    changed = {"X_Amz_Credential": f"{KEY_ID}/{scope.text}", **changed}
    query = b"&".join(part for part in (http.raw_query, encoded(presigned_query(**changed))) if part)
    unsigned = replace(http, raw_query=query + b"&X-Amz-Signature=" + b"0" * 64)
    signed = parse(unsigned)
    text = strings_to_sign(signed, rules or RULES[scope.service], body_sha256=body_sha256)[0]
    signature = signature_of(text, signing_key(SECRET, scope))
    return replace(http, raw_query=query + f"&X-Amz-Signature={signature}".encode())


def parsed(http: HttpRequest) -> SignedRequest:
    return parse(http)
