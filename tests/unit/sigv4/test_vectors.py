"""AWS's published Signature Version 4 vectors: the signatures that its services take."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.errors import SignatureMismatch
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.verify import check_time, verify
from tests.unit.sigv4.made import hashed

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
SCOPE = CredentialScope(date="20150830", region="us-east-1", service="service")
NOW = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sigv4.json").read_text())["vectors"]
# The suite's S3-like vectors keep the path and still sign the body's hash without saying so in a header.
KEPT = SERVICE_RULES.__class__(
    path_forms=S3_RULES.path_forms,
    payload_modes=SERVICE_RULES.payload_modes,
    presigned_payload_modes=SERVICE_RULES.presigned_payload_modes,
    payload_hash_required=False,
    presigned_payload_hash=None,
)
RULES = {"normalised": SERVICE_RULES, "kept": KEPT}


def as_sent(vector: dict, signature: str) -> HttpRequest:
    headers = [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z"), *vector.get("headers", ())]
    names = ";".join(sorted({name for name, _ in headers}))
    authorization = (
        f"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{SCOPE.text}, SignedHeaders={names}, Signature={signature}"
    )
    return HttpRequest(
        method=vector.get("method", "GET"),
        raw_path=vector.get("path", "/").encode(),
        raw_query=vector.get("query", "").encode(),
        headers=tuple((name.encode(), value.encode()) for name, value in (*headers, ("authorization", authorization))),
    )


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in VECTORS])
def test_a_published_vector_verifies(vector) -> None:
    signed = parse(as_sent(vector, vector["signature"]))
    rules = RULES[vector.get("rule", "normalised")]
    check_time(signed, NOW)
    verify(signed, signing_key(SECRET, SCOPE), rules, body_sha256=hashed(vector.get("body", "").encode()))


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["id"]) for vector in VECTORS])
def test_a_published_vector_with_another_signature_is_refused(vector) -> None:
    other = vector["signature"][::-1]
    rules = RULES[vector.get("rule", "normalised")]
    with pytest.raises(SignatureMismatch):
        verify(
            parse(as_sent(vector, other)),
            signing_key(SECRET, SCOPE),
            rules,
            body_sha256=hashed(vector.get("body", "").encode()),
        )


def test_the_published_signing_key_is_derived() -> None:
    # "Examples of how to derive a signing key", AWS General Reference.
    scope = CredentialScope(date="20150830", region="us-east-1", service="iam")
    assert signing_key(SECRET, scope).hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"
