"""Requests signed anew for a store: valid there under the gateway's key, and under nobody else's."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.service import Upstream
from gateway.exchange.resigning import left_behind, signed_anew
from gateway.sigv4.query import whole_form
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES
from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.sign import sign
from gateway.sigv4.signed_request import SignedRequest
from gateway.sigv4.signing_key import signing_key
from gateway.sigv4.verify import verify

THEN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NOW = THEN + timedelta(minutes=3)
UPSTREAM = Upstream(region="eu-1", access_key_id="UPSTREAM", secret_access_key="up")


def signed_by_client(payload_hash: str = "UNSIGNED-PAYLOAD", **more: str) -> SignedRequest:
    plain = HttpRequest(
        method="PUT",
        raw_path=b"/lake/dt=2024/a%20b",
        raw_query=b"partNumber=1&uploadId=x~y",
        headers=(
            (b"host", b"s3.example.com:8000"),
            (b"content-type", b"text/plain"),
            *[(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()],
        ),
    )
    added = sign(
        plain,
        access_key_id="ASIACLIENT",
        secret_access_key="client",
        session_token="the token",
        scope=CredentialScope(date="20260301", region="us-east-1", service="s3"),
        now=THEN,
        rules=S3_RULES,
        payload_hash=payload_hash,
    )
    return parse(
        HttpRequest(
            method=plain.method,
            raw_path=plain.raw_path,
            raw_query=plain.raw_query,
            headers=(*plain.headers, *added),
        )
    )


def as_the_store_receives_it(signed: SignedRequest, upstream: Upstream = UPSTREAM) -> SignedRequest:
    """What a proxy makes of it: headers of the answer in the place of any of their name, others taken away."""
    replaced = signed_anew(signed, upstream, NOW)
    gone = {name for name, _ in replaced} | set(left_behind(replaced))
    headers = [header for header in signed.http.headers if header[0] not in gone]
    if upstream.host is not None:
        headers = [(name, upstream.host.encode() if name == b"host" else value) for name, value in headers]
    http = signed.http
    return parse(
        HttpRequest(method=http.method, raw_path=http.raw_path, raw_query=http.raw_query, headers=(*headers, *replaced))
    )


def check(arrived: SignedRequest) -> None:
    verify(arrived, signing_key("up", arrived.scope), S3_RULES, body_sha256=None)


def test_the_store_reads_the_gateways_key_now_and_no_token() -> None:
    arrived = as_the_store_receives_it(signed_by_client())

    check(arrived)
    assert arrived.access_key_id == "UPSTREAM"
    assert arrived.scope == CredentialScope(date="20260301", region="eu-1", service="s3")
    assert (arrived.timestamp, arrived.session_token) == (NOW, None)


MODES = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "0" * 64)


@pytest.mark.parametrize("mode", MODES)
def test_the_store_checks_the_body_as_the_client_meant_it(mode: str) -> None:
    arrived = as_the_store_receives_it(signed_by_client(mode))

    check(arrived)
    assert arrived.payload_hash == mode


def test_every_header_that_changes_what_is_asked_is_signed() -> None:
    signed = signed_by_client(x_amz_copy_source="lake/b", content_md5="rL0Y20zC+Fzt72VPzMSk2A==", x_amz_meta_a="x  y")

    arrived = as_the_store_receives_it(signed)

    check(arrived)
    assert set(arrived.signed_headers) == {
        "content-md5",
        "content-type",
        "host",
        "x-amz-content-sha256",
        "x-amz-copy-source",
        "x-amz-date",
        "x-amz-meta-a",
    }


def test_another_host_is_signed_where_the_proxy_writes_one() -> None:
    upstream = Upstream(region="eu-1", access_key_id="UPSTREAM", secret_access_key="up", host="ceph:7480")

    check(as_the_store_receives_it(signed_by_client(), upstream))


def test_the_secret_stays_out_of_sight() -> None:
    assert "up" not in repr(Upstream(region="r", access_key_id="K", secret_access_key="up"))


def test_a_presigned_urls_signature_is_a_parameter_like_any_other() -> None:
    """Ceph takes the header's signature, and reads the query's as part of what it covers."""
    query = b"X-Amz-Signature=aa&X-Amz-Algorithm=AWS4-HMAC-SHA256&b=+"

    assert whole_form(query) == b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=aa&b=%20"
    assert whole_form(b"") == b""
