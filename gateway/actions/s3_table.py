"""S3's REST map as a table: method, level and subresource give the IAM actions, and what else such a request may say.

Source: "Actions, resources, and condition keys for Amazon S3" (Service Authorization Reference), the "Permissions" of
each operation in the Amazon S3 API Reference.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.actions.s3_target import Level

SERVICE, BUCKET, OBJECT = Level.SERVICE, Level.BUCKET, Level.OBJECT


class Body(StrEnum):
    """What of a request's meaning stands in its body alone."""

    NOTHING = "nothing"
    KEYS = "keys"
    TAGS = "tags"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation. `versioned`: its actions when a `versionId` is given; empty: it takes none.

    `parameters`: further query parameters it may have. `grants`: headers that ask for more, and the actions which that
    takes. `copies`: takes x-amz-copy-source. `static`: condition keys with a fixed value. `unseen`: those whose values
    stand in a body that is not read.
    """

    actions: tuple[str, ...]
    versioned: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()
    grants: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    copies: bool = False
    static: Mapping[str, str] = field(default_factory=dict)
    unseen: frozenset[str] = frozenset()
    body: Body = Body.NOTHING


Key = tuple[str, Level, str]

_LISTING: Final = ("prefix", "delimiter", "max-keys", "encoding-type")
_OVERRIDES: Final = tuple(
    f"response-{name}"
    for name in (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    )
)
ACL_HEADERS: Final = (
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
)
_SETS_ACL: Final = MappingProxyType(dict.fromkeys(ACL_HEADERS, ()))
_BYPASSES: Final = MappingProxyType({"x-amz-bypass-governance-retention": ("s3:BypassGovernanceRetention",)})
_WRITES: Final = MappingProxyType(
    {
        **dict.fromkeys(ACL_HEADERS, ("s3:PutObjectAcl",)),
        "x-amz-tagging": ("s3:PutObjectTagging",),
        "x-amz-object-lock-mode": ("s3:PutObjectRetention",),
        "x-amz-object-lock-retain-until-date": ("s3:PutObjectRetention",),
        "x-amz-object-lock-legal-hold": ("s3:PutObjectLegalHold",),
    }
)
_MAKES_BUCKET: Final = MappingProxyType(
    {
        **dict.fromkeys(ACL_HEADERS, ("s3:PutBucketAcl",)),
        "x-amz-bucket-object-lock-enabled": ("s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"),
        "x-amz-object-ownership": ("s3:PutBucketOwnershipControls",),
    }
)
_LOCK_KEYS: Final = frozenset(
    {"s3:object-lock-mode", "s3:object-lock-retain-until-date", "s3:object-lock-remaining-retention-days"}
)


def _row(actions: str, versioned: str = "", parameters: Iterable[str] = ()) -> Row:
    return Row(
        actions=tuple(f"s3:{name}" for name in actions.split()),
        versioned=tuple(f"s3:{name}" for name in versioned.split()),
        parameters=frozenset(parameters),
    )


def _creating(row: Row, *, completes: bool) -> Row:
    # The parts of an upload are exempt from "enforce conditional writes" policies, what makes the object is not.
    return replace(row, static={"s3:ObjectCreationOperation": "true" if completes else "false"})


_PUT_OBJECT: Final = replace(_row("PutObject"), grants=_WRITES)

_ON_OBJECTS: Final[Mapping[Key, Row]] = {
    ("GET", OBJECT, ""): _row("GetObject", "GetObjectVersion", (*_OVERRIDES, "partNumber")),
    ("HEAD", OBJECT, ""): _row("GetObject", "GetObjectVersion", (*_OVERRIDES, "partNumber")),
    ("PUT", OBJECT, ""): replace(_creating(_PUT_OBJECT, completes=True), copies=True),
    ("DELETE", OBJECT, ""): replace(_row("DeleteObject", "DeleteObjectVersion"), grants=_BYPASSES),
    ("POST", OBJECT, "uploads"): _creating(_PUT_OBJECT, completes=False),
    ("PUT", OBJECT, "uploadId"): replace(
        _creating(_PUT_OBJECT, completes=False), copies=True, parameters=frozenset({"partNumber"})
    ),
    ("POST", OBJECT, "uploadId"): _creating(_PUT_OBJECT, completes=True),
    ("DELETE", OBJECT, "uploadId"): _row("AbortMultipartUpload"),
    ("GET", OBJECT, "uploadId"): _row(
        "ListMultipartUploadParts", "", ("max-parts", "part-number-marker", "encoding-type")
    ),
    ("GET", OBJECT, "acl"): _row("GetObjectAcl", "GetObjectVersionAcl"),
    ("PUT", OBJECT, "acl"): replace(_row("PutObjectAcl", "PutObjectVersionAcl"), grants=_SETS_ACL),
    ("GET", OBJECT, "tagging"): _row("GetObjectTagging", "GetObjectVersionTagging"),
    ("PUT", OBJECT, "tagging"): replace(_row("PutObjectTagging", "PutObjectVersionTagging"), body=Body.TAGS),
    ("DELETE", OBJECT, "tagging"): _row("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    ("GET", OBJECT, "attributes"): _row("GetObject GetObjectAttributes", "GetObjectVersion GetObjectVersionAttributes"),
    ("GET", OBJECT, "legal-hold"): _row("GetObjectLegalHold", "GetObjectLegalHold"),
    ("PUT", OBJECT, "legal-hold"): replace(
        _row("PutObjectLegalHold", "PutObjectLegalHold"), unseen=frozenset({"s3:object-lock-legal-hold"})
    ),
    ("GET", OBJECT, "retention"): _row("GetObjectRetention", "GetObjectRetention"),
    ("PUT", OBJECT, "retention"): replace(
        _row("PutObjectRetention", "PutObjectRetention"), grants=_BYPASSES, unseen=_LOCK_KEYS
    ),
    ("GET", OBJECT, "torrent"): _row("GetObjectTorrent", "GetObjectVersionTorrent"),
    ("POST", OBJECT, "restore"): replace(_row("RestoreObject", "RestoreObject"), body=Body.RESTORE),
    ("POST", OBJECT, "select"): _row("GetObject", "", ("select-type",)),
    ("PUT", OBJECT, "encryption"): replace(
        _row("UpdateObjectEncryption", "UpdateObjectEncryption"),
        unseen=frozenset({"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"}),
    ),
    ("GET", OBJECT, "annotation"): _row(
        "ListObjectAnnotations",
        "ListObjectAnnotations",
        ("annotation-prefix", "max-annotation-results", "continuation-token"),
    ),
    ("GET", OBJECT, "annotation&annotationName"): _row("GetObjectAnnotation", "GetObjectAnnotation"),
    ("PUT", OBJECT, "annotation&annotationName"): _row("PutObjectAnnotation", "PutObjectAnnotation"),
    ("DELETE", OBJECT, "annotation&annotationName"): replace(
        _row("DeleteObjectAnnotation", "DeleteObjectAnnotation"), grants=_BYPASSES
    ),
}

_ON_BUCKETS: Final[Mapping[Key, Row]] = {
    ("GET", SERVICE, ""): _row(
        "ListAllMyBuckets", "", ("max-buckets", "continuation-token", "prefix", "bucket-region")
    ),
    ("GET", BUCKET, ""): _row(
        "ListBucket", "", (*_LISTING, "marker", "list-type", "continuation-token", "fetch-owner", "start-after")
    ),
    ("HEAD", BUCKET, ""): _row("ListBucket"),
    ("PUT", BUCKET, ""): replace(
        _row("CreateBucket"), grants=_MAKES_BUCKET, unseen=frozenset({"s3:locationconstraint", "aws:requesttag/"})
    ),
    ("DELETE", BUCKET, ""): _row("DeleteBucket"),
    ("GET", BUCKET, "versions"): _row("ListBucketVersions", "", (*_LISTING, "key-marker", "version-id-marker")),
    ("GET", BUCKET, "uploads"): _row(
        "ListBucketMultipartUploads",
        "",
        ("prefix", "delimiter", "encoding-type", "key-marker", "max-uploads", "upload-id-marker"),
    ),
    ("POST", BUCKET, "delete"): replace(_row("DeleteObject"), grants=_BYPASSES, body=Body.KEYS),
    ("GET", BUCKET, "location"): _row("GetBucketLocation"),
    ("GET", BUCKET, "policyStatus"): _row("GetBucketPolicyStatus"),
    ("DELETE", BUCKET, "policy"): _row("DeleteBucketPolicy"),
    ("DELETE", BUCKET, "website"): _row("DeleteBucketWebsite"),
    ("PUT", BUCKET, "acl"): replace(_row("PutBucketAcl"), grants=_SETS_ACL),
    ("GET", BUCKET, "acl"): _row("GetBucketAcl"),
    ("POST", BUCKET, "metadataConfiguration"): _row("CreateBucketMetadataTableConfiguration"),
    ("POST", BUCKET, "metadataTable"): _row("CreateBucketMetadataTableConfiguration"),
    ("PUT", BUCKET, "metadataInventoryTable"): _row("UpdateBucketMetadataInventoryTableConfiguration"),
    ("PUT", BUCKET, "metadataJournalTable"): _row("UpdateBucketMetadataJournalTableConfiguration"),
    ("PUT", BUCKET, "metadataAnnotationTable"): _row("UpdateBucketMetadataAnnotationTableConfiguration"),
}

# Subresource -> the words of its actions. GET asks for Get..., PUT for Put..., DELETE for the word given (AWS has no
# Delete... action for most: what may set a configuration may remove it).
_CONFIGURATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "abac": ("BucketAbac", ""),
    "accelerate": ("AccelerateConfiguration", ""),
    "analytics": ("AnalyticsConfiguration", "PutAnalyticsConfiguration"),
    "cors": ("BucketCORS", "PutBucketCORS"),
    "encryption": ("EncryptionConfiguration", "PutEncryptionConfiguration"),
    "intelligent-tiering": ("IntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    "inventory": ("InventoryConfiguration", "PutInventoryConfiguration"),
    "lifecycle": ("LifecycleConfiguration", "PutLifecycleConfiguration"),
    "logging": ("BucketLogging", ""),
    "metrics": ("MetricsConfiguration", "PutMetricsConfiguration"),
    "notification": ("BucketNotification", ""),
    "object-lock": ("BucketObjectLockConfiguration", ""),
    "ownershipControls": ("BucketOwnershipControls", "PutBucketOwnershipControls"),
    "policy": ("BucketPolicy", "DeleteBucketPolicy"),
    "publicAccessBlock": ("BucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    "replication": ("ReplicationConfiguration", "PutReplicationConfiguration"),
    "requestPayment": ("BucketRequestPayment", ""),
    "tagging": ("BucketTagging", "PutBucketTagging"),
    "versioning": ("BucketVersioning", ""),
    "website": ("BucketWebsite", "DeleteBucketWebsite"),
}
_METADATA: Final = ("metadataConfiguration", "metadataTable")
_NUMEROUS: Final = frozenset({"analytics", "intelligent-tiering", "inventory", "metrics"})
_UNSEEN: Final[Mapping[str, frozenset[str]]] = {"inventory": frozenset({"s3:inventoryaccessibleoptionalfields"})}


def _configurations() -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for subresource, (words, removal) in _CONFIGURATIONS.items():
        one = ("id",) if subresource in _NUMEROUS else ()
        more = ("continuation-token",) if subresource in _NUMEROUS else ()
        rows["GET", BUCKET, subresource] = _row(f"Get{words}", "", (*one, *more))
        rows["PUT", BUCKET, subresource] = replace(
            _row(f"Put{words}", "", one), unseen=_UNSEEN.get(subresource, frozenset())
        )
        if removal:
            rows["DELETE", BUCKET, subresource] = _row(removal, "", one)
    for subresource in _METADATA:
        rows["GET", BUCKET, subresource] = _row("GetBucketMetadataTableConfiguration")
        rows["DELETE", BUCKET, subresource] = _row("DeleteBucketMetadataTableConfiguration")
    return rows


TABLE: Final[Mapping[Key, Row]] = MappingProxyType({**_ON_OBJECTS, **_ON_BUCKETS, **_configurations()})

# Known, and refused on purpose: the store would hand out credentials of its own, or serves directory buckets, whose
# permissions are not S3's.
REFUSED: Final[Mapping[str, str]] = {
    "session": "CreateSession hands out the store's own credentials",
    "renameObject": "RenameObject is of directory buckets",
    "max-directory-buckets": "ListDirectoryBuckets is of directory buckets",
}

SUBRESOURCES: Final = frozenset(name for _, _, names in TABLE for name in names.split("&") if name)
# These carry a value, without which stores take the request for another one; the others must not.
VALUED: Final = frozenset({"uploadId", "annotationName"})
