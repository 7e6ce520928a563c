"""The source of a copy is judged as a read of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.actions.s3_copy import read_copy_source
from gateway.domain.errors import UnmappedRequest
from tests.unit.actions.asking import asked, refused, told


@pytest.mark.parametrize("target", ["/lake/key", "/lake/key?partNumber=1&uploadId=u"])
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("other/from/k", "s3:GetObject arn:aws:s3:::other/from/k"),
        ("/other/from/k", "s3:GetObject arn:aws:s3:::other/from/k"),
        ("other%2Ffrom%2Fk", "s3:GetObject arn:aws:s3:::other/from/k"),
        ("other/a%20b%2Bc%3Fd", "s3:GetObject arn:aws:s3:::other/a b+c?d"),
        ("other/%C3%BC", "s3:GetObject arn:aws:s3:::other/ü"),
        ("/other/k?versionId=v.1_2-3", "s3:GetObjectVersion arn:aws:s3:::other/k"),
        ("other/k%3FversionId=1", "s3:GetObject arn:aws:s3:::other/k?versionId=1"),
        ("other/a%2520b", "s3:GetObject arn:aws:s3:::other/a%20b"),
    ],
)
def test_a_copy_reads_its_source_too(target: str, header: str, expected: str) -> None:
    answer = asked("PUT", target, headers={"x-amz-copy-source": header})

    assert told(answer) == ["s3:PutObject arn:aws:s3:::lake/key", expected]


def test_source_and_version_are_condition_keys() -> None:
    headers = {"x-amz-copy-source": "/other/a%20b?versionId=v1", "x-amz-acl": "private"}
    write, acl, read = asked("PUT", "/lake/key", headers=headers)

    assert write.context["s3:x-amz-copy-source"] == acl.context["s3:x-amz-copy-source"] == "other/a b"
    assert read.context["s3:versionid"] == "v1"
    assert "s3:versionid" not in write.context
    assert "s3:x-amz-acl" not in read.context


def test_annotations_that_are_copied_are_judged() -> None:
    headers = {"x-amz-copy-source": "other/k", "x-amz-object-annotation-directive": "COPY"}

    assert told(asked("PUT", "/lake/key", headers=headers)) == [
        "s3:PutObject arn:aws:s3:::lake/key",
        "s3:PutObjectAnnotation arn:aws:s3:::lake/key",
        "s3:GetObject arn:aws:s3:::other/k",
        "s3:GetObjectAnnotation arn:aws:s3:::other/k",
    ]
    assert len(asked("PUT", "/lake/key", headers=headers | {"x-amz-object-annotation-directive": "EXCLUDE"})) == 2


@pytest.mark.parametrize(
    "header",
    [
        "",
        "/",
        "other",
        "other/",
        "//other/k",
        "/other//k",
        "other/../lake/k",
        "other/%2e%2e/k",
        "other/a%2f..%2Fk",
        "ot/k",
        "minio/admin/v3/info",
        "arn:aws:s3:us-east-1:111122223333:accesspoint/ap/object/k",
        "other/a+b",
        "other/a b",
        "other/ü",
        "other/%ff",
        "other/%zz",
        "other/a%00b",
        "other/k?versionId=",
        "other/k?versionId=%20v1",
        pytest.param("other/k?versionId=\xc2\xa0", id="a version that a store may take for none"),
        pytest.param("other/k?versionId=v1;", id="a version that Go drops"),
        "other/k?versionId=\x00",
        "other/k?versionid=1",
        "other/k?versionId=1&x=2",
        "other/k?versionId=1?versionId=2",
        "other/k?x=2",
        "other/k#f",
        "http://other/k",
    ],
)
def test_a_source_that_could_be_read_in_two_ways_is_refused(header: str) -> None:
    assert refused("PUT", "/lake/key", headers={"x-amz-copy-source": header})


@given(st.text(max_size=60))
def test_any_source_is_read_or_refused(header: str) -> None:
    try:
        source = read_copy_source(header)
    except UnmappedRequest:
        return
    assert source.target.key
