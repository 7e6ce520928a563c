"""What S3's headers ask for, which condition keys they fill, and which are refused."""

import pytest

from gateway.actions.s3_headers import CONDITION_KEYS
from tests.unit.actions.asking import asked, refused, told

KEY = "arn:aws:s3:::lake/key"
ACL = ("x-amz-acl", *(f"x-amz-grant-{name}" for name in ("full-control", "read", "read-acp", "write", "write-acp")))
WRITES = [("PUT", "/lake/key"), ("POST", "/lake/key?uploads"), ("PUT", "/lake/key?uploadId=u&partNumber=1")]
GRANTS = {
    **dict.fromkeys(ACL, "s3:PutObjectAcl"),
    "x-amz-tagging": "s3:PutObjectTagging",
    "x-amz-object-lock-mode": "s3:PutObjectRetention",
    "x-amz-object-lock-retain-until-date": "s3:PutObjectRetention",
    "x-amz-object-lock-legal-hold": "s3:PutObjectLegalHold",
}


@pytest.mark.parametrize(("method", "target"), WRITES)
@pytest.mark.parametrize("header", GRANTS)
def test_a_write_with_more_than_content_asks_for_more(method: str, target: str, header: str) -> None:
    answer = asked(method, target, headers={header: "a=b"})

    assert told(answer) == [f"s3:PutObject {KEY}", f"{GRANTS[header]} {KEY}"]


def test_two_headers_that_ask_for_the_same_ask_once() -> None:
    headers = {"x-amz-acl": "private", "x-amz-grant-read": "id=1", "x-amz-tagging": "a=b"}

    assert told(asked("PUT", "/lake/key", headers=headers)) == [
        f"s3:PutObject {KEY}",
        f"s3:PutObjectAcl {KEY}",
        f"s3:PutObjectTagging {KEY}",
    ]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        *(({name: "private"}, ["s3:PutBucketAcl"]) for name in ACL),
        ({"x-amz-object-ownership": "ObjectWriter"}, ["s3:PutBucketOwnershipControls"]),
        (
            {"x-amz-bucket-object-lock-enabled": "true"},
            ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"],
        ),
        ({"x-amz-bucket-object-lock-enabled": "False"}, []),
    ],
)
def test_a_new_bucket_with_more_than_a_name_asks_for_more(headers: dict[str, str], expected: list[str]) -> None:
    names = [one.name for one in asked("PUT", "/lake", headers=headers)]

    assert names == ["s3:CreateBucket", *expected]


@pytest.mark.parametrize(
    ("method", "target", "action"),
    [
        ("DELETE", "/lake/key", "s3:DeleteObject"),
        ("DELETE", "/lake/key?versionId=1", "s3:DeleteObjectVersion"),
        ("PUT", "/lake/key?retention", "s3:PutObjectRetention"),
        ("DELETE", "/lake/key?annotation&annotationName=n", "s3:DeleteObjectAnnotation"),
    ],
)
def test_passing_over_governance_retention_asks_for_that_too(method: str, target: str, action: str) -> None:
    header = "x-amz-bypass-governance-retention"

    assert told(asked(method, target, headers={header: "True"})) == [
        f"{action} {KEY}",
        f"s3:BypassGovernanceRetention {KEY}",
    ]
    assert told(asked(method, target, headers={header: "false"})) == [f"{action} {KEY}"]
    assert header in refused(method, target, headers={header: "yes"})


@pytest.mark.parametrize(
    ("method", "target", "header"),
    [
        ("GET", "/lake/key", "x-amz-acl"),
        ("GET", "/lake/key", "x-amz-copy-source"),
        ("PUT", "/lake/key?acl", "x-amz-copy-source"),
        ("PUT", "/lake/key?tagging", "x-amz-tagging"),
        ("POST", "/lake/key?uploads", "x-amz-copy-source"),
        ("PUT", "/lake/key", "x-amz-bypass-governance-retention"),
        ("PUT", "/lake/key", "x-amz-object-ownership"),
        ("PUT", "/lake?policy", "x-amz-acl"),
    ],
)
def test_a_header_of_another_operation_is_refused(method: str, target: str, header: str) -> None:
    assert header in refused(method, target, headers={header: "other/key"})


@pytest.mark.parametrize("header", CONDITION_KEYS)
def test_a_header_fills_its_condition_key(header: str) -> None:
    method, target = ("PUT", "/lake") if header == "x-amz-object-ownership" else ("PUT", "/lake/key")

    action = asked(method, target, headers={header: "some value"})[0]

    assert action.context[CONDITION_KEYS[header]] == "some value"
    assert CONDITION_KEYS[header] not in asked(method, target)[0].context


def test_the_condition_keys_are_those_of_the_reference() -> None:
    assert set(CONDITION_KEYS.values()) == {
        "s3:if-match",
        "s3:if-none-match",
        "s3:object-lock-legal-hold",
        "s3:object-lock-mode",
        "s3:object-lock-retain-until-date",
        "s3:x-amz-acl",
        "s3:x-amz-bucket-namespace",
        "s3:x-amz-grant-full-control",
        "s3:x-amz-grant-read",
        "s3:x-amz-grant-read-acp",
        "s3:x-amz-grant-write",
        "s3:x-amz-grant-write-acp",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-object-ownership",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class",
        "s3:x-amz-website-redirect-location",
    }


@pytest.mark.parametrize(
    "header",
    [
        "x-amz-future-feature",
        "x-amz-rename-source",
        "x-amz-object-lock-event-hold",
        "x-amz-target",
        "x-amz-meta-snowball-auto-extract",
        "x-amz-meta-minio-snowball-prefix",
        "x-amz-meta-snowball_auto_extract",
        "x-minio-force-delete",
        "x-minio-extract",
        "x-rgw-object-type",
        "x_amz_acl",
        "x-amz_acl",
        "x_amz_copy_source",
        "x_minio_force_delete",
        "x_amz_meta_name",
        "x-http-method-override",
        "x_http_method_override",
    ],
)
def test_a_header_that_a_store_might_act_on_is_refused(header: str) -> None:
    assert refused("PUT", "/lake/key", headers={header: "true"})


@pytest.mark.parametrize(
    "header",
    [
        "x-amz-meta-colour",
        "x-amz-meta-a_b",
        "x-amz-checksum-crc32",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-trailer",
        "x-amz-decoded-content-length",
        "x-amz-date",
        "x-amz-security-token",
        "x-amz-expected-bucket-owner",
        "x-amzn-trace-id",
        "x-forwarded-for",
        "amz-sdk-request",
        "content-encoding",
    ],
)
def test_a_header_without_a_meaning_for_permissions_asks_for_nothing(header: str) -> None:
    assert told(asked("PUT", "/lake/key", headers={header: "v"})) == [f"s3:PutObject {KEY}"]


@pytest.mark.parametrize("header", ["x-amz-acl", "x-amz-meta-a", "if-match", "x-amz-copy-source", "x-amz-date"])
def test_a_header_given_twice_is_refused(header: str) -> None:
    assert "twice" in refused("PUT", "/lake/key", headers=((header, "v"), (header, "v")))


@pytest.mark.parametrize("value", ["a\x00b", "a\nb", "a\x7f"])
def test_a_header_with_a_control_character_is_refused(value: str) -> None:
    assert "control" in refused("PUT", "/lake/key", headers={"x-amz-storage-class": value})


@pytest.mark.parametrize(
    "name",
    [
        "x-amz-acl",
        "X-Amz-Acl",
        "x-amz-copy-source",
        "x-amz-server-side-encryption",
        "x-amz-new",
        "x-amz-meta-snowball-x",
    ],
)
def test_a_header_moved_into_the_query_is_refused_where_stores_differ(name: str) -> None:
    assert "belongs into a header" in refused("PUT", f"/lake/key?{name}=v")


@pytest.mark.parametrize("name", ["x-amz-checksum-mode", "X-Amz-Content-Sha256", "X-Amz-Meta-A", "x-id", "X-Amz-Date"])
def test_what_presigning_clients_move_into_the_query_asks_for_nothing(name: str) -> None:
    assert told(asked("PUT", f"/lake/key?{name}=v")) == [f"s3:PutObject {KEY}"]


def test_one_parameter_in_two_spellings_is_refused() -> None:
    assert "once" in refused("GET", "/lake/key?X-Amz-Date=1&x-amz-date=2")


def test_every_action_knows_how_the_request_is_signed() -> None:
    (action,) = asked("GET", "/lake/key", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})

    assert action.context == {
        "s3:authType": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    }


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("PUT", "/lake/key", "true"),
        ("POST", "/lake/key?uploadId=u", "true"),
        ("PUT", "/lake/key?uploadId=u&partNumber=1", "false"),
        ("POST", "/lake/key?uploads", "false"),
        ("GET", "/lake/key", None),
    ],
)
def test_it_is_told_whether_a_write_makes_the_object(method: str, target: str, expected: str | None) -> None:
    assert asked(method, target)[0].context.get("s3:ObjectCreationOperation") == expected


@pytest.mark.parametrize("header", ["x-amz-api-version", "x-amz-te", "x-amz-user-agent"])
def test_what_sdks_add_of_their_own_asks_for_nothing(header: str) -> None:
    """AWS's SDK for C++, which pyarrow is built on, names the API's version; the one for browsers itself."""
    assert told(asked("PUT", "/lake/key", headers={header: "x"})) == [f"s3:PutObject {KEY}"]
