"""The string to sign: what a signature is computed over, written by a signer or read from one who shows it."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from gateway.domain.errors import MalformedSignedRequest, SignatureMismatch
from gateway.sigv4.canonical import canonical_request
from gateway.sigv4.dates import basic, read_basic
from gateway.sigv4.payload import check_mode
from gateway.sigv4.rules import SigningRules
from gateway.sigv4.schemes import HMAC_SHA256, SIGV4A, refuse_scheme
from gateway.sigv4.scope import DATE, NAME, CredentialScope, check_date, check_terminator
from gateway.sigv4.signed_request import SignedRequest

_FORM: Final = re.compile(rf"([A-Z0-9-]{{1,32}})\n([0-9TZ]{{16}})\n{DATE}/{NAME}/{NAME}/{NAME}\n([0-9a-f]{{64}})")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StringToSign:
    """timestamp: UTC; request_hash: lower-case SHA-256 of the canonical request."""

    timestamp: datetime
    scope: CredentialScope
    request_hash: str

    @property
    def text(self) -> str:
        return f"{HMAC_SHA256}\n{basic(self.timestamp)}\n{self.scope.text}\n{self.request_hash}"


def read_string_to_sign(text: str) -> StringToSign:
    """Read a string to sign that somebody shows together with its signature.

    Raises UnsupportedSignature for SigV4A, MalformedSignedRequest for any other shape, ScopeMismatch for a scope of
    another day than its time or with another terminator. Its time, region and service are for the caller to judge.
    """
    found = _FORM.fullmatch(text)
    if text.startswith(f"{SIGV4A}\n"):
        refuse_scheme(SIGV4A)
    if found is None or found[1] != HMAC_SHA256:
        raise MalformedSignedRequest(
            "The string to sign must be AWS4-HMAC-SHA256, the time, the scope and the canonical request's SHA-256, "
            "one a line"
        )
    timestamp = read_basic(found[2])
    if timestamp is None:
        raise MalformedSignedRequest("The string to sign's second line must be a time like 20150830T123600Z")
    check_terminator(found[6])
    scope = CredentialScope(date=found[3], region=found[4], service=found[5])
    check_date(scope, found[2])
    return StringToSign(timestamp=timestamp, scope=scope, request_hash=found[7])


def strings_to_sign(signed: SignedRequest, rules: SigningRules, *, body_sha256: str | None) -> tuple[str, ...]:
    """The strings that a conforming signer of this request may have signed, likeliest first.

    There is one, and a second where the client sent reserved characters raw (see `canonical`).
    body_sha256: lower-case hex of the real body; None where the body is not seen.
    Raises MalformedSignedRequest for a payload hash that these rules need and lack, or do not accept.
    """
    payload = signed_payload(signed, rules, body_sha256)
    paths = rules.path_forms(signed.http.raw_path)
    queries = signed.canonical_queries
    likeliest = _string_to_sign(signed, paths[0], queries[0], payload)
    if len(paths) == len(queries) == 1:
        return (likeliest,)
    return likeliest, _string_to_sign(signed, paths[-1], queries[-1], payload)


def _string_to_sign(signed: SignedRequest, path: bytes, query: bytes, payload_hash: str) -> str:
    request = canonical_request(
        signed.http.method, path, query, signed.canonical_headers, ";".join(signed.signed_headers), payload_hash
    )
    return f"{HMAC_SHA256}\n{signed.timestamp_text}\n{signed.scope.text}\n{sha256(request).hexdigest()}"


def signed_payload(signed: SignedRequest, rules: SigningRules, body_sha256: str | None) -> str:
    """What stands for the body in the canonical request.

    Raises MalformedSignedRequest when nothing does, or when x-amz-content-sha256 says what these rules do not accept.
    """
    presigned = signed.expires is not None
    if signed.payload_hash is not None:
        check_mode(signed.payload_hash, rules.presigned_payload_modes if presigned else rules.payload_modes)
        return signed.payload_hash
    if presigned and rules.presigned_payload_hash is not None:
        return rules.presigned_payload_hash
    if body_sha256 is None or rules.payload_hash_required:
        raise MalformedSignedRequest(
            "Missing required header for this request: x-amz-content-sha256", kind="missing_payload_hash"
        )
    return body_sha256


def signature_of(string_to_sign: str, key: bytes) -> str:
    """Sign: lower-case hex of the HMAC under a signing key."""
    return hmac.digest(key, string_to_sign.encode(), "sha256").hex()


def check_signature(strings: Sequence[str], signature: str, key: bytes) -> None:
    """Raise SignatureMismatch unless `signature` is, in lower-case hex, that of one of the strings."""
    given = signature.encode()
    for text in strings:
        # In constant time: a comparison that stops early would tell how much of a guess is right.
        if hmac.compare_digest(signature_of(text, key).encode(), given):
            return
    if _SIGNATURE.fullmatch(signature):
        raise SignatureMismatch
    raise SignatureMismatch(cause="the signature is not 64 lower-case hexadecimal digits")
