"""What S3's own headers mean: which are known, which fill condition keys, which a query may carry in their place."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from gateway.actions.request_target import header_text, shown
from gateway.actions.s3_table import ACL_HEADERS, TABLE
from gateway.domain.errors import UnmappedRequest

COPY_SOURCE: Final = "x-amz-copy-source"
METADATA: Final = "x-amz-meta-"

# Header -> condition key ("Condition keys for Amazon S3", Service Authorization Reference).
CONDITION_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "if-match": "s3:if-match",
        "if-none-match": "s3:if-none-match",
        "x-amz-bucket-namespace": "s3:x-amz-bucket-namespace",
        "x-amz-object-lock-legal-hold": "s3:object-lock-legal-hold",
        "x-amz-object-lock-mode": "s3:object-lock-mode",
        "x-amz-object-lock-retain-until-date": "s3:object-lock-retain-until-date",
        **{
            name: f"s3:{name}"
            for name in (
                *ACL_HEADERS,
                "x-amz-metadata-directive",
                "x-amz-object-ownership",
                "x-amz-server-side-encryption",
                "x-amz-server-side-encryption-aws-kms-key-id",
                "x-amz-server-side-encryption-customer-algorithm",
                "x-amz-storage-class",
                "x-amz-website-redirect-location",
            )
        },
    }
)
# Headers that ask for more than the operation's own action.
DEEDS: Final = frozenset({COPY_SOURCE, *(name for row in TABLE.values() for name in row.grants)})
# Of these only `true` asks for anything.
SWITCHES: Final = frozenset({"x-amz-bypass-governance-retention", "x-amz-bucket-object-lock-enabled"})

# The signature's own, in a header or, of a presigned URL, in the query.
_SIGNING: Final = frozenset(
    {
        "x-amz-algorithm",
        "x-amz-content-sha256",
        "x-amz-credential",
        "x-amz-date",
        "x-amz-expires",
        "x-amz-security-token",
        "x-amz-signature",
        "x-amz-signedheaders",
    }
)
# Without a meaning for permissions: how to transfer, what to check first, what to answer.
_PLAIN: Final = frozenset(
    {
        "x-amz-api-version",
        "x-amz-bucket-object-lock-token",
        "x-amz-checksum-algorithm",
        "x-amz-checksum-mode",
        "x-amz-checksum-type",
        "x-amz-confirm-remove-self-bucket-access",
        "x-amz-copy-source-if-match",
        "x-amz-copy-source-if-modified-since",
        "x-amz-copy-source-if-none-match",
        "x-amz-copy-source-if-unmodified-since",
        "x-amz-copy-source-range",
        "x-amz-copy-source-server-side-encryption-customer-algorithm",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key-md5",
        "x-amz-decoded-content-length",
        "x-amz-expected-bucket-owner",
        "x-amz-if-match-initiated-time",
        "x-amz-if-match-last-modified-time",
        "x-amz-if-match-size",
        "x-amz-max-parts",
        "x-amz-mfa",
        "x-amz-mp-object-size",
        "x-amz-object-attributes",
        "x-amz-object-if-match",
        "x-amz-optional-object-attributes",
        "x-amz-part-number-marker",
        "x-amz-request-payer",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-server-side-encryption-bucket-key-enabled",
        "x-amz-server-side-encryption-context",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-server-side-encryption-customer-key-md5",
        "x-amz-skip-destination-validation",
        "x-amz-source-expected-bucket-owner",
        "x-amz-tagging-directive",
        "x-amz-te",
        "x-amz-trailer",
        "x-amz-transition-default-minimum-object-size",
        "x-amz-user-agent",
        "x-amz-write-offset-bytes",
    }
)
# With one the store also copies annotations; the action is the copy's own business.
ANNOTATION_DIRECTIVE: Final = "x-amz-object-annotation-directive"
_KNOWN: Final = frozenset({*_SIGNING, *_PLAIN, *DEEDS, *CONDITION_KEYS, ANNOTATION_DIRECTIVE})
_PLAIN_PREFIXES: Final = (METADATA, "x-amz-checksum-")
# MinIO unpacks an archive into any number of keys; its and Ceph's extensions reach past what S3's permissions say.
_UNPACKING: Final = ("x-amz-meta-snowball-", "x-amz-meta-minio-snowball-")
_EXTENSIONS: Final = ("x-minio-", "x-rgw-", "x-ceph-", "x-seaweedfs-")
_AMZ: Final = "x-amz-"


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """S3's headers of a request, and those that fill condition keys, each once.

    Raises UnmappedRequest for one that is not known: a store might act on it.
    """
    read: dict[str, str] = {}
    for raw_name, value in headers:
        if not raw_name.startswith((b"x-", b"x_", b"if-")):
            continue
        name = raw_name.decode("latin-1")
        # Ceph RGW and WSGI servers read x_amz_acl as x-amz-acl; no signature and no table would have seen it.
        twin = name.replace("_", "-")
        if twin not in CONDITION_KEYS and not twin.startswith((_AMZ, *_EXTENSIONS)):
            continue
        if not _is_known(name) or (twin != name and not name.startswith(METADATA)):
            raise UnmappedRequest(cause=f"the header {shown(name)} is not known")
        if name in read:
            raise UnmappedRequest(cause=f"the header {shown(name)} is given twice")
        read[name] = header_text(value)
    return read


def may_stand_in_query(name: str) -> bool:
    """Whether the query may carry this x-amz- parameter: the signature's own, and what presigning SDKs move there.

    One that fills a condition key or asks for more counts at some stores and is ignored by others: refused.
    """
    lowered = name.lower()
    return lowered in _SIGNING or lowered in _PLAIN or _is_plain(lowered)


def _is_known(name: str) -> bool:
    return name in _KNOWN or _is_plain(name)


def _is_plain(name: str) -> bool:
    return name.startswith(_PLAIN_PREFIXES) and not name.replace("_", "-").startswith(_UNPACKING)
