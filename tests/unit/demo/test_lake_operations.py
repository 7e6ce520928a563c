"""What the lake does with an allowed request, and what it refuses to guess at."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.demo.lake.bucket import StoredObject
from gateway.demo.lake.operations import LakeRequest, Objects, operation_for, query_of
from gateway.domain.errors import InvalidParameter, UnmappedRequest
from gateway.web.responses import Answer

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NAMES = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}


@pytest.fixture
def objects() -> Objects:
    stored = StoredObject(content=b"hello", content_type="text/plain", modified_at=NOW)
    return {"a & b/1": stored, "z": stored}


def done(objects: Objects, method: str, action: str, **given: Any) -> Answer:
    query = given.pop("query", {})
    honest = {"bucket": "lake", "key": "z", "content_type": None, "body": b"", "now": NOW, "request_id": "r-1"}
    return operation_for(method, action, query)(objects, LakeRequest(query=query, **(honest | given)))


def test_an_object_comes_with_its_type_etag_and_date(objects: Objects) -> None:
    answer = done(objects, "GET", "s3:GetObject")

    assert (answer.status, answer.body) == (200, b"hello")
    assert dict(answer.headers) == {
        b"content-type": b"text/plain",
        b"etag": b'"5d41402abc4b2a76b9719d911017c592"',
        b"last-modified": b"Sat, 31 Jan 2026 12:00:00 GMT",
    }


def test_a_key_that_is_not_there_is_told(objects: Objects) -> None:
    answer = done(objects, "GET", "s3:GetObject", key="nowhere")

    assert answer.status == 404
    assert b"<Code>NoSuchKey</Code>" in answer.body
    assert b"<RequestId>r-1</RequestId>" in answer.body


def test_what_is_put_can_be_got(objects: Objects) -> None:
    put = done(objects, "PUT", "s3:PutObject", key="new", body=b"fresh", content_type="text/csv")
    got = done(objects, "GET", "s3:GetObject", key="new")

    assert (put.status, got.body) == (200, b"fresh")
    assert dict(got.headers)[b"content-type"] == b"text/csv"
    assert dict(put.headers)[b"etag"] == dict(got.headers)[b"etag"]


def test_what_is_put_without_a_type_is_bytes(objects: Objects) -> None:
    done(objects, "PUT", "s3:PutObject", key="new")

    assert objects["new"].content_type == "application/octet-stream"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(objects: Objects) -> None:
    assert [done(objects, "DELETE", "s3:DeleteObject").status for _ in range(2)] == [204, 204]
    assert "z" not in objects


def text(answer: Answer, path: str) -> list[str | None]:
    return [element.text for element in ET.fromstring(answer.body).findall(path, NAMES)]


def test_a_listing_is_well_formed_whatever_the_keys_hold(objects: Objects) -> None:
    answer = done(objects, "GET", "s3:ListBucket", key="", query={"list-type": "2"})

    assert text(answer, "s3:Contents/s3:Key") == ["a & b/1", "z"]
    assert text(answer, "s3:IsTruncated") == ["false"]
    assert text(answer, "s3:Contents/s3:Size") == ["5", "5"]


def test_a_listing_can_have_encoded_names(objects: Objects) -> None:
    query = {"list-type": "2", "encoding-type": "url", "delimiter": "/"}

    answer = done(objects, "GET", "s3:ListBucket", key="", query=query)

    assert text(answer, "s3:EncodingType") == ["url"]
    assert text(answer, "s3:CommonPrefixes/s3:Prefix") == ["a%20%26%20b/"]


def test_a_listing_goes_on_where_its_token_says(objects: Objects) -> None:
    first = done(objects, "GET", "s3:ListBucket", key="", query={"list-type": "2", "max-keys": "1"})
    [token] = text(first, "s3:NextContinuationToken")

    assert token is not None
    rest = done(objects, "GET", "s3:ListBucket", key="", query={"list-type": "2", "continuation-token": token})

    assert text(first, "s3:IsTruncated") == ["true"]
    assert text(rest, "s3:Contents/s3:Key") == ["z"]


@pytest.mark.parametrize("given", ["-1", "x", "", "1.5", "٣"])
def test_a_count_that_is_none_is_refused(given: str, objects: Objects) -> None:
    with pytest.raises(InvalidParameter):
        done(objects, "GET", "s3:ListBucket", key="", query={"list-type": "2", "max-keys": given})


def test_a_bucket_that_is_asked_for_is_there(objects: Objects) -> None:
    assert done(objects, "HEAD", "s3:ListBucket", key="").status == 200


@pytest.mark.parametrize(
    ("method", "action", "query"),
    [
        ("POST", "s3:PutObject", {"uploads": ""}),
        ("PUT", "s3:PutObject", {"partNumber": "1", "uploadId": "u"}),
        ("GET", "s3:GetObject", {"versionId": "v"}),
        ("GET", "s3:GetObjectTagging", {"tagging": ""}),
        ("GET", "s3:ListBucket", {}),
        ("GET", "s3:ListBucket", {"list-type": "1"}),
        ("DELETE", "s3:DeleteBucket", {}),
    ],
    ids=["multipart upload", "a part", "a version", "tags", "ListObjects", "another list", "another action"],
)
def test_what_the_lake_cannot_do_is_refused_and_changes_nothing(
    method: str, action: str, query: dict[str, str], objects: Objects
) -> None:
    before = dict(objects)

    with pytest.raises(UnmappedRequest):
        done(objects, method, action, query=query, body=b"part")

    assert objects == before


def test_a_presigned_querys_own_parameters_are_no_others() -> None:
    query = query_of(b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00&x-id=GetObject")

    operation_for("GET", "s3:GetObject", query)
