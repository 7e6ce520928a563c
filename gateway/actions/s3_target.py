"""Which bucket and key an S3 request names: path style on a host of the service, or the bucket before that host."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.actions.request_target import (
    host_of,
    is_one_of,
    read_path,
    refuse_control_characters,
    refuse_dot_segments,
    spellings_of,
)
from gateway.domain.errors import UnmappedRequest
from gateway.sigv4.request import HttpRequest

_BUCKET: Final = re.compile(r"[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]{1,61}[A-Za-z0-9]", re.ASCII)
# Not buckets but the stores' own administration, signed like S3: MinIO's /minio/admin, which no bucket's host hides,
# and Ceph RGW's /admin. A request signed anew with the gateway's key would be an administrator's.
_ADMINISTRATION: Final = frozenset({"minio", "admin"})
_ADMINISTRATION_ON_ANY_HOST: Final = "minio"


class Level(StrEnum):
    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Bucket and key, decoded; empty where the request names none."""

    bucket: str = ""
    key: str = ""

    @property
    def level(self) -> Level:
        if self.key:
            return Level.OBJECT
        return Level.BUCKET if self.bucket else Level.SERVICE

    @property
    def arn(self) -> str:
        if self.key:
            return f"arn:aws:s3:::{self.bucket}/{self.key}"
        # ListAllMyBuckets has no resource type of its own; policies name it `*` or `arn:aws:s3:::*`.
        return f"arn:aws:s3:::{self.bucket or '*'}"


def read_target(http: HttpRequest, hosts: tuple[str, ...]) -> Target:
    """Bucket and key of a request to a service that answers as `hosts`.

    Raises UnmappedRequest for a foreign host and for a path that stores could read in two ways.
    """
    path = _path(http.raw_path)
    bucket = bucket_before(host_of(http), hosts)
    if bucket is not None:
        return target_of(bucket, path[1:])
    bucket, _, key = path[1:].partition("/")
    if not bucket:
        return Target()
    if http.raw_path[1:].split(b"/", 1)[0] != bucket.encode():
        # A bucket's name needs no encoding; `/lake%2Fkey` is a bucket to some readers and a key to others.
        raise UnmappedRequest(cause="the bucket in the path is percent-encoded")
    return target_of(bucket, key)


def target_of(bucket: str, key: str) -> Target:
    """A bucket and a key (may be empty) in decoded form, both of them sound."""
    if _BUCKET.fullmatch(bucket) is None or bucket.lower() in _ADMINISTRATION:
        raise UnmappedRequest(cause="not the name of a bucket")
    if key.startswith("/"):
        # `/lake//` is a listing at a store that merges slashes.
        raise UnmappedRequest(cause="the key begins with /")
    refuse_dot_segments(key)
    refuse_control_characters(key)
    return Target(bucket=bucket, key=key)


def _path(raw_path: bytes) -> str:
    if b"+" in raw_path:
        # A space to AWS, itself to most stores; clients send %2B or %20.
        raise UnmappedRequest(cause="the path holds a + that is not percent-encoded")
    path = read_path(raw_path)
    if path.startswith("//"):
        # Read as a host, or merged into one slash, by much that stands on the way.
        raise UnmappedRequest(cause="the path begins with //")
    if path[1:].split("/", 1)[0].lower() == _ADMINISTRATION_ON_ANY_HOST:
        raise UnmappedRequest(cause="the path leads to the administration of a store")
    return path


def bucket_before(host: str, hosts: tuple[str, ...]) -> str | None:
    """The bucket of a virtual-hosted request; None for path style. The longest entry counts."""
    if is_one_of(host, hosts):
        return None
    for entry in sorted(hosts, key=len, reverse=True):
        for spelling in spellings_of(host):
            if spelling.endswith(f".{entry.lower()}"):
                return spelling.removesuffix(f".{entry.lower()}")
    raise UnmappedRequest(cause="the host is none of the service's")
