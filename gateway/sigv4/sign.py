"""Signing in the header form: what goes to an upstream that knows one key of ours, and the other side in tests."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from typing import Final

from gateway.sigv4.canonical import canonical_request
from gateway.sigv4.dates import basic
from gateway.sigv4.headers import CONTENT_SHA256, covered_headers, read_headers
from gateway.sigv4.query import whole_form
from gateway.sigv4.rules import SigningRules
from gateway.sigv4.schemes import HMAC_SHA256
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.signed_request import HttpRequest
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.string_to_sign import StringToSign, signature_of

# Written anew by a signature: what the request carried of them belongs to its former signer.
REPLACED: Final = frozenset((b"authorization", b"x-amz-date", b"x-amz-security-token", CONTENT_SHA256))
# Besides x-amz-*: headers that a proxy on the way passes on as they are.
_SIGNED_TOO: Final = frozenset((b"host", b"content-type", b"content-md5"))


def sign(
    http: HttpRequest,
    *,
    access_key_id: str,
    secret_access_key: str,
    session_token: str | None,
    scope: CredentialScope,
    now: datetime,
    rules: SigningRules,
    payload_hash: str,
) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that make this request valid under the given key: they replace any of their name.

    The request's headers must hold `host` as it will arrive. A session token header of a former signer must not be
    sent along (`REPLACED`). payload_hash: hex SHA-256 of the body, or a literal of x-amz-content-sha256.
    Raises ValueError when the scope is of another day than `now`; MalformedSignedRequest without a `host`.
    """
    timestamp = basic(now)
    if scope.date != timestamp[:8]:
        raise ValueError(f"the scope's date {scope.date} is not that of {timestamp}")
    added = [(b"x-amz-date", timestamp.encode())]
    if rules.payload_hash_required:
        added.append((CONTENT_SHA256, payload_hash.encode()))
    if session_token is not None:
        added.append((b"x-amz-security-token", session_token.encode()))
    kept = [(name, value) for name, value in http.headers if name not in REPLACED]
    fields = read_headers([*kept, *added])
    signed = _signed_names(fields)
    canonical = canonical_request(
        http.method,
        rules.path_forms(http.raw_path)[0],
        whole_form(http.raw_query),
        covered_headers(fields, signed),
        signed,
        payload_hash,
    )
    text = StringToSign(timestamp=now, scope=scope, request_hash=sha256(canonical).hexdigest()).text
    signature = signature_of(text, signing_key(secret_access_key, scope))
    credential = f"{access_key_id}/{scope.text}"
    authorization = f"{HMAC_SHA256} Credential={credential}, SignedHeaders={signed}, Signature={signature}"
    return (*added, (b"authorization", authorization.encode()))


def _signed_names(given: Iterable[bytes]) -> str:
    names = {name for name in given if name in _SIGNED_TOO or name.startswith(b"x-amz-")} | {b"host"}
    return b";".join(sorted(names)).decode()
