"""The source of a copy: what x-amz-copy-source names must be readable to the caller too."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.actions.s3_target import Target, target_of
from gateway.domain.errors import UnmappedRequest

# As clients encode it; `+`, `#`, raw blanks, raw bytes beyond ASCII and, in a query, `;` are read in more than one way.
_SOURCE: Final = re.compile(
    r"/?(?P<path>(?!/)(?:[!\"$&-*,-<=>@-~]|%[0-9A-Fa-f]{2})+)(?:\?versionId=(?P<version>(?:(?![?&#+%;])[!-~])+))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySource:
    target: Target
    version: str | None

    @property
    def name(self) -> str:
        """Bucket and key as condition values name them, without a leading slash."""
        return f"{self.target.bucket}/{self.target.key}"


def read_copy_source(header: str) -> CopySource:
    """`[/]BUCKET/KEY[?versionId=ID]`, percent-encoded once. Raises UnmappedRequest for everything else, ARNs too."""
    match = _SOURCE.fullmatch(header)
    if match is None:
        raise UnmappedRequest(cause="x-amz-copy-source is not BUCKET/KEY in percent-encoding")
    try:
        path = unquote_to_bytes(match["path"]).decode()
    except UnicodeDecodeError:
        raise UnmappedRequest(cause="x-amz-copy-source is not UTF-8") from None
    # A slash cannot belong to a bucket's name, so it does not matter here whether it came encoded, as from JavaScript.
    bucket, _, key = path.partition("/")
    if not key:
        raise UnmappedRequest(cause="x-amz-copy-source names no key")
    return CopySource(target=target_of(bucket, key), version=match["version"])
