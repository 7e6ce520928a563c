"""The straight line for usual checks: it says what the whole way says, or nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.unit.doors.authz.both_ways import HASH, BothWays


@pytest.fixture
def both(tmp_path: Path) -> BothWays:
    return BothWays(tmp_path)


USUAL: Mapping[str, dict[str, Any]] = {
    "an object": {},
    "an object's head": {"method": "HEAD"},
    "an object written": {"method": "PUT"},
    "an object deleted": {"method": "DELETE"},
    "an unsigned payload": {"method": "PUT", "payload_hash": "UNSIGNED-PAYLOAD"},
    "a payload in pieces": {"method": "PUT", "payload_hash": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
    "a partition of a table": {"path": "/lake/dt%3D2026-05-04/part%20one.parquet"},
    "other escapes": {"path": "/lake/a%3Ab%2Cc%40d%28e%29"},
    "two statements that allow": {"path": "/lake/a1"},
    "one statement that allows another bucket": {"path": "/pool/a1"},
    "a key that ends in a slash": {"path": "/lake/team/"},
    "the operation's name in the query": {"query": "x-id=GetObject"},
    "metadata": {"method": "PUT", "headers": {"x-amz-meta-colour": "blue", "x-amz-checksum-crc32": "AAAAAA=="}},
    "a signed user agent": {"headers": {"user-agent": "test/1"}},
    "a user agent with percent signs": {"headers": {"user-agent": "50%d %s (test)"}},
}


@pytest.mark.parametrize("case", USUAL)
async def test_a_usual_request_is_answered_and_recorded_as_by_the_whole_way(both: BothWays, case: str) -> None:
    credentials = await both.session()

    assert await both.envoy(both.asking.request(credentials=credentials, **USUAL[case]))
    assert await both.envoy(both.asking.request(credentials=credentials, **USUAL[case]))


UNUSUAL: Mapping[str, dict[str, Any]] = {
    "another bucket": {"path": "/other/b"},
    "a statement that denies": {"method": "DELETE", "path": "/lake/kept"},
    "a statement with a condition": {"path": "/lake"},
    "a listing": {"path": "/lake", "query": "list-type=2&prefix=secret%2F"},
    "a version": {"query": "versionId=1"},
    "a subresource": {"query": "acl"},
    "a parameter without meaning": {"query": "x-id="},
    "a parameter twice": {"query": "x-id=GetObject&x-id=GetObject"},
    "a presigned marker": {"query": "X-Amz-Expires=60"},
    "no bucket": {"path": "/"},
    "a bucket that cannot be": {"path": "/a_/b"},
    "a store's administration": {"path": "/minio/a"},
    "an administration": {"path": "/admin/a"},
    "a dot segment": {"path": "/lake/../a"},
    "an encoded dot segment": {"path": "/lake/%2e%2e/a"},
    "an upper-case encoded dot segment": {"path": "/lake/%2E%2E/a"},
    "an encoded slash": {"path": "/lake/x%2Fa"},
    "a doubled slash": {"path": "/lake//a"},
    "a doubled escape": {"path": "/lake/%252e/a"},
    "a broken escape": {"path": "/lake/a%2"},
    "a lower-case escape": {"path": "/lake/dt%3d1"},
    "a raw reserved character": {"path": "/lake/dt=1"},
    "a plus": {"path": "/lake/a+b"},
    "a backslash": {"path": "/lake/a%5Cb"},
    "an encoded NUL": {"path": "/lake/a%00"},
    "a key outside ASCII": {"path": "/lake/z%C3%BCrich"},
    "an encoded bucket": {"path": "/%6Cake/a"},
    "a key that looks like a token": {"path": "/lake/" + "a" * 90},
    "a post": {"method": "POST"},
    "a method of nobody's": {"method": "BREW"},
    "a copy": {"method": "PUT", "headers": {"x-amz-copy-source": "/lake/a"}},
    "an access list": {"method": "PUT", "headers": {"x-amz-acl": "public-read"}},
    "tags": {"method": "PUT", "headers": {"x-amz-tagging": "a=b"}},
    "a condition of the request": {"headers": {"if-match": "x"}},
    "a header that is not known": {"headers": {"x-amz-colour": "blue"}},
    "another method in a header": {"headers": {"x-http-method-override": "PUT"}},
    "the client speaks for the gateway": {"headers": {"x-gateway-principal": "root"}},
    "the client speaks for the gateway with underscores": {"headers": {"x_gateway_principal": "root"}},
    "blanks in a signed header": {"headers": {"x-amz-meta-a": "one  two"}},
    "a tab in a signed header": {"headers": {"x-amz-meta-a": "one\ttwo"}},
    "a user agent with a quote": {"headers": {"user-agent": 'say "hi"'}},
    "a user agent outside ASCII": {"headers": {"user-agent": "zoë"}},
    "an unknown payload": {"payload_hash": "STREAMING-SOMETHING"},
    "a payload of upper case": {"payload_hash": HASH.upper()},
    "another host": {"host": "s3.example.org"},
}


@pytest.mark.parametrize("case", UNUSUAL)
async def test_whatever_is_not_usual_is_left_to_the_whole_way_untouched(both: BothWays, case: str) -> None:
    credentials = await both.session()
    assert await both.envoy(both.asking.request(credentials=credentials))

    assert not await both.envoy(both.asking.request(credentials=credentials, **UNUSUAL[case]))


async def test_a_user_with_a_long_lived_key_goes_the_whole_way(both: BothWays) -> None:
    assert not await both.envoy(both.asking.request())


async def test_a_bucket_before_the_host_is_judged_as_in_the_path(both: BothWays) -> None:
    credentials = await both.session()

    assert await both.envoy(both.asking.request(path="/b", host="lake.s3.example.com", credentials=credentials))
    assert await both.envoy(both.asking.request(path="/b", host="lake.s3.example.com:443", credentials=credentials))
    assert not await both.envoy(both.asking.request(path="/b", host="other.s3.example.com", credentials=credentials))
    assert not await both.envoy(
        both.asking.request(path="/minio/x", host="lake.s3.example.com", credentials=credentials)
    )
