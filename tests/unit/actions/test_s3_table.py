"""The whole table, written once more from the references, row by row."""

import pytest

from gateway.actions.s3_table import OBJECT, REFUSED, SUBRESOURCES, TABLE, VALUED, Key
from tests.unit.actions.asking import asked, refused, told

# method, level, subresource: actions | actions with a versionId | further parameters
ROWS = """
GET    service -                         : ListAllMyBuckets | | bucket-region continuation-token max-buckets prefix
GET    bucket  -                         : ListBucket | | continuation-token delimiter encoding-type fetch-owner list-type marker max-keys prefix start-after
HEAD   bucket  -                         : ListBucket | |
PUT    bucket  -                         : CreateBucket | |
DELETE bucket  -                         : DeleteBucket | |
GET    bucket  versions                  : ListBucketVersions | | delimiter encoding-type key-marker max-keys prefix version-id-marker
GET    bucket  uploads                   : ListBucketMultipartUploads | | delimiter encoding-type key-marker max-uploads prefix upload-id-marker
POST   bucket  delete                    : DeleteObject | |
GET    bucket  location                  : GetBucketLocation | |
GET    bucket  abac                      : GetBucketAbac | |
PUT    bucket  abac                      : PutBucketAbac | |
GET    bucket  accelerate                : GetAccelerateConfiguration | |
PUT    bucket  accelerate                : PutAccelerateConfiguration | |
GET    bucket  acl                       : GetBucketAcl | |
PUT    bucket  acl                       : PutBucketAcl | |
GET    bucket  analytics                 : GetAnalyticsConfiguration | | continuation-token id
PUT    bucket  analytics                 : PutAnalyticsConfiguration | | id
DELETE bucket  analytics                 : PutAnalyticsConfiguration | | id
GET    bucket  cors                      : GetBucketCORS | |
PUT    bucket  cors                      : PutBucketCORS | |
DELETE bucket  cors                      : PutBucketCORS | |
GET    bucket  encryption                : GetEncryptionConfiguration | |
PUT    bucket  encryption                : PutEncryptionConfiguration | |
DELETE bucket  encryption                : PutEncryptionConfiguration | |
GET    bucket  intelligent-tiering       : GetIntelligentTieringConfiguration | | continuation-token id
PUT    bucket  intelligent-tiering       : PutIntelligentTieringConfiguration | | id
DELETE bucket  intelligent-tiering       : PutIntelligentTieringConfiguration | | id
GET    bucket  inventory                 : GetInventoryConfiguration | | continuation-token id
PUT    bucket  inventory                 : PutInventoryConfiguration | | id
DELETE bucket  inventory                 : PutInventoryConfiguration | | id
GET    bucket  lifecycle                 : GetLifecycleConfiguration | |
PUT    bucket  lifecycle                 : PutLifecycleConfiguration | |
DELETE bucket  lifecycle                 : PutLifecycleConfiguration | |
GET    bucket  logging                   : GetBucketLogging | |
PUT    bucket  logging                   : PutBucketLogging | |
POST   bucket  metadataConfiguration     : CreateBucketMetadataTableConfiguration | |
GET    bucket  metadataConfiguration     : GetBucketMetadataTableConfiguration | |
DELETE bucket  metadataConfiguration     : DeleteBucketMetadataTableConfiguration | |
POST   bucket  metadataTable             : CreateBucketMetadataTableConfiguration | |
GET    bucket  metadataTable             : GetBucketMetadataTableConfiguration | |
DELETE bucket  metadataTable             : DeleteBucketMetadataTableConfiguration | |
PUT    bucket  metadataInventoryTable    : UpdateBucketMetadataInventoryTableConfiguration | |
PUT    bucket  metadataJournalTable      : UpdateBucketMetadataJournalTableConfiguration | |
PUT    bucket  metadataAnnotationTable   : UpdateBucketMetadataAnnotationTableConfiguration | |
GET    bucket  metrics                   : GetMetricsConfiguration | | continuation-token id
PUT    bucket  metrics                   : PutMetricsConfiguration | | id
DELETE bucket  metrics                   : PutMetricsConfiguration | | id
GET    bucket  notification              : GetBucketNotification | |
PUT    bucket  notification              : PutBucketNotification | |
GET    bucket  object-lock               : GetBucketObjectLockConfiguration | |
PUT    bucket  object-lock               : PutBucketObjectLockConfiguration | |
GET    bucket  ownershipControls         : GetBucketOwnershipControls | |
PUT    bucket  ownershipControls         : PutBucketOwnershipControls | |
DELETE bucket  ownershipControls         : PutBucketOwnershipControls | |
GET    bucket  policy                    : GetBucketPolicy | |
PUT    bucket  policy                    : PutBucketPolicy | |
DELETE bucket  policy                    : DeleteBucketPolicy | |
GET    bucket  policyStatus              : GetBucketPolicyStatus | |
GET    bucket  publicAccessBlock         : GetBucketPublicAccessBlock | |
PUT    bucket  publicAccessBlock         : PutBucketPublicAccessBlock | |
DELETE bucket  publicAccessBlock         : PutBucketPublicAccessBlock | |
GET    bucket  replication               : GetReplicationConfiguration | |
PUT    bucket  replication               : PutReplicationConfiguration | |
DELETE bucket  replication               : PutReplicationConfiguration | |
GET    bucket  requestPayment            : GetBucketRequestPayment | |
PUT    bucket  requestPayment            : PutBucketRequestPayment | |
GET    bucket  tagging                   : GetBucketTagging | |
PUT    bucket  tagging                   : PutBucketTagging | |
DELETE bucket  tagging                   : PutBucketTagging | |
GET    bucket  versioning                : GetBucketVersioning | |
PUT    bucket  versioning                : PutBucketVersioning | |
GET    bucket  website                   : GetBucketWebsite | |
PUT    bucket  website                   : PutBucketWebsite | |
DELETE bucket  website                   : DeleteBucketWebsite | |
GET    object  -                         : GetObject | GetObjectVersion | partNumber response-cache-control response-content-disposition response-content-encoding response-content-language response-content-type response-expires
HEAD   object  -                         : GetObject | GetObjectVersion | partNumber response-cache-control response-content-disposition response-content-encoding response-content-language response-content-type response-expires
PUT    object  -                         : PutObject | |
DELETE object  -                         : DeleteObject | DeleteObjectVersion |
POST   object  uploads                   : PutObject | |
PUT    object  uploadId                  : PutObject | | partNumber
POST   object  uploadId                  : PutObject | |
DELETE object  uploadId                  : AbortMultipartUpload | |
GET    object  uploadId                  : ListMultipartUploadParts | | encoding-type max-parts part-number-marker
GET    object  acl                       : GetObjectAcl | GetObjectVersionAcl |
PUT    object  acl                       : PutObjectAcl | PutObjectVersionAcl |
GET    object  tagging                   : GetObjectTagging | GetObjectVersionTagging |
PUT    object  tagging                   : PutObjectTagging | PutObjectVersionTagging |
DELETE object  tagging                   : DeleteObjectTagging | DeleteObjectVersionTagging |
GET    object  attributes                : GetObject GetObjectAttributes | GetObjectVersion GetObjectVersionAttributes |
GET    object  legal-hold                : GetObjectLegalHold | GetObjectLegalHold |
PUT    object  legal-hold                : PutObjectLegalHold | PutObjectLegalHold |
GET    object  retention                 : GetObjectRetention | GetObjectRetention |
PUT    object  retention                 : PutObjectRetention | PutObjectRetention |
GET    object  torrent                   : GetObjectTorrent | GetObjectVersionTorrent |
POST   object  restore                   : RestoreObject | RestoreObject |
POST   object  select                    : GetObject | | select-type
PUT    object  encryption                : UpdateObjectEncryption | UpdateObjectEncryption |
GET    object  annotation                : ListObjectAnnotations | ListObjectAnnotations | annotation-prefix continuation-token max-annotation-results
GET    object  annotation&annotationName : GetObjectAnnotation | GetObjectAnnotation |
PUT    object  annotation&annotationName : PutObjectAnnotation | PutObjectAnnotation |
DELETE object  annotation&annotationName : DeleteObjectAnnotation | DeleteObjectAnnotation |
"""
TARGETS = {"service": "/", "bucket": "/lake", "object": "/lake/raw/key"}
ARNS = {"service": "arn:aws:s3:::*", "bucket": "arn:aws:s3:::lake", "object": "arn:aws:s3:::lake/raw/key"}


def rows() -> dict[tuple[str, str, str], tuple[list[str], list[str], list[str]]]:
    written = {}
    for line in ROWS.strip().splitlines():
        key, _, rest = line.partition(" : ")
        method, level, subresource = key.split()
        actions, versioned, parameters = (part.split() for part in rest.split("|"))
        written[method, level, subresource.strip("-") if subresource == "-" else subresource] = (
            [f"s3:{name}" for name in actions],
            [f"s3:{name}" for name in versioned],
            parameters,
        )
    return written


CASES = [pytest.param(key, *row, id="-".join(filter(None, key))) for key, row in rows().items()]
# What their bodies say is told in test_s3_bodies.
BODIES = (("POST", "bucket", "delete"), ("POST", "object", "restore"))
PLAIN = [case for case in CASES if case.values[0] not in BODIES]


def target_of(key: Key, *more: str) -> str:
    _, level, subresource = key
    names = [f"{name}=x" if name in VALUED else name for name in subresource.split("&") if name]
    query = "&".join((*names, *more))
    return TARGETS[level] + (f"?{query}" if query else "")


def test_the_table_has_these_rows_and_no_other() -> None:
    assert set(TABLE) == set(rows())


@pytest.mark.parametrize(("key", "actions", "versioned", "parameters"), PLAIN)
def test_a_row_asks_for_its_actions_on_its_resource(
    key: Key, actions: list[str], versioned: list[str], parameters: list[str]
) -> None:
    assert told(asked(key[0], target_of(key))) == [f"{name} {ARNS[key[1]]}" for name in actions]


@pytest.mark.parametrize(("key", "actions", "versioned", "parameters"), PLAIN)
def test_a_version_is_asked_for_by_the_actions_of_versions_or_refused(
    key: Key, actions: list[str], versioned: list[str], parameters: list[str]
) -> None:
    target = target_of(key, "versionId=v1")

    if versioned:
        answer = asked(key[0], target)
        assert told(answer) == [f"{name} {ARNS[key[1]]}" for name in versioned]
        assert {one.context["s3:versionid"] for one in answer} == {"v1"}
    else:
        assert "versionId" in refused(key[0], target)


@pytest.mark.parametrize(("key", "actions", "versioned", "parameters"), PLAIN)
def test_a_row_takes_its_own_parameters(
    key: Key, actions: list[str], versioned: list[str], parameters: list[str]
) -> None:
    assert TABLE[key].parameters == set(parameters)
    for name in parameters:
        assert told(asked(key[0], target_of(key, f"{name}=1"))) == [f"{one} {ARNS[key[1]]}" for one in actions]


@pytest.mark.parametrize(("key", "actions", "versioned", "parameters"), CASES)
def test_a_parameter_of_another_operation_or_of_none_is_refused(
    key: Key, actions: list[str], versioned: list[str], parameters: list[str]
) -> None:
    every = {name for row in TABLE.values() for name in row.parameters} | {"append", "metadata", "Action", "lambdaArn"}

    for name in every - set(parameters):
        assert name in refused(key[0], target_of(key, f"{name}=1"))


@pytest.mark.parametrize(("key", "actions", "versioned", "parameters"), CASES)
def test_a_second_subresource_is_refused(
    key: Key, actions: list[str], versioned: list[str], parameters: list[str]
) -> None:
    for name in SUBRESOURCES - {*key[2].split("&")}:
        names = "&".join(sorted({*filter(None, key[2].split("&")), name}))
        if (key[0], key[1], names) not in TABLE:
            assert refused(key[0], target_of(key, f"{name}=x" if name in VALUED else name))


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "get", "TRACE", ""])
@pytest.mark.parametrize("level", ["service", "bucket", "object"])
def test_a_method_without_a_row_is_refused(method: str, level: str) -> None:
    for subresource in {"", *SUBRESOURCES}:
        if (method, level, subresource) not in TABLE:
            assert refused(method, target_of((method, level, subresource)))  # type: ignore[arg-type]


@pytest.mark.parametrize("subresource", sorted(SUBRESOURCES))
def test_a_subresource_has_a_value_exactly_where_stores_look_for_one(subresource: str) -> None:
    target = f"/lake/key?{subresource}" if subresource in VALUED else f"/lake?{subresource}=true"

    assert refused("GET", target)


@pytest.mark.parametrize("version", ["=", "", "=%20", "=%20v1", "=v1%20", "=%C2%A0", "=%E2%80%83v1"])
def test_a_version_that_is_empty_or_framed_by_blanks_is_refused(version: str) -> None:
    for method in ("GET", "DELETE"):
        assert refused(method, f"/lake/key?versionId{version}").startswith("a versionId that is empty")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/lake?session"),
        ("PUT", "/lake/key?renameObject"),
        ("GET", "/?max-directory-buckets=3"),
    ],
)
def test_operations_of_directory_buckets_are_refused_by_name(method: str, target: str) -> None:
    name = next(name for name in REFUSED if name in target)

    assert refused(method, target) == REFUSED[name]


def test_only_objects_have_versions() -> None:
    assert {level for (_, level, _), row in TABLE.items() if row.versioned} == {OBJECT}
