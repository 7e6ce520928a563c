"""Signing anew for an upstream: what is added, what it covers, whose signature it replaces."""

from datetime import timedelta

import pytest

from gateway.domain.errors import MalformedSignedRequest
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import REPLACED, sign
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.verify import verify
from tests.unit.sigv4.made import EMPTY, NOW, S3, get_object, request

UPSTREAM = CredentialScope(date="20260504", region="us-east-1", service="s3")


def signed_anew(http: HttpRequest, rules=S3_RULES, token=None, **changed) -> tuple[tuple[bytes, bytes], ...]:
    values = {
        "access_key_id": "upstream",
        "secret_access_key": "upstream-secret",
        "session_token": token,
        "scope": UPSTREAM,
        "now": NOW,
        "rules": rules,
        "payload_hash": "UNSIGNED-PAYLOAD",
    }
    return sign(http, **{**values, **changed})


def test_a_request_signed_by_a_client_is_signed_anew_for_the_store() -> None:
    client = get_object()
    added = signed_anew(client)
    kept = tuple((name, value) for name, value in client.headers if name not in REPLACED)
    arrived = parse(
        HttpRequest(method="GET", raw_path=client.raw_path, raw_query=client.raw_query, headers=(*kept, *added))
    )
    assert (arrived.access_key_id, arrived.scope, arrived.session_token) == ("upstream", UPSTREAM, None)
    verify(arrived, signing_key("upstream-secret", UPSTREAM), S3_RULES, body_sha256=None)


def test_s3_is_told_the_payload_hash_and_a_session_its_token() -> None:
    assert [name for name, _ in signed_anew(request(), token="t")] == [
        b"x-amz-date",
        b"x-amz-content-sha256",
        b"x-amz-security-token",
        b"authorization",
    ]


def test_another_service_is_told_the_date_and_the_signature() -> None:
    assert [name for name, _ in signed_anew(request(), SERVICE_RULES)] == [b"x-amz-date", b"authorization"]


def test_headers_that_a_proxy_may_change_are_not_signed() -> None:
    added = dict(signed_anew(request(user_agent="u", x_forwarded_for="f", content_type="t", x_amz_meta_a="1")))
    assert b"SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-meta-a," in added[b"authorization"]


def test_a_request_without_a_host_is_refused() -> None:
    with pytest.raises(MalformedSignedRequest, match="'host' is named as a SignedHeader"):
        signed_anew(HttpRequest(method="GET", raw_path=b"/", raw_query=b"", headers=()))


def test_a_scope_of_another_day_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="the scope's date 20260504 is not that of 20260505T100000Z"):
        signed_anew(request(), now=NOW + timedelta(days=1), scope=S3, payload_hash=EMPTY)
