"""S3's ListBucketResult document (API reference, ListObjectsV2)."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

from gateway.demo.lake.bucket import Listing, ListingQuery, StoredObject
from gateway.wire.xml_text import escaped

_NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"


def list_result(
    *, bucket: str, query: ListingQuery, listing: Listing, objects: Mapping[str, StoredObject], url_encoded: bool
) -> bytes:
    """`url_encoded`: names are percent-encoded, as `encoding-type=url` asks (XML cannot hold every key)."""
    name: Callable[[str], str] = quote if url_encoded else escaped
    elements = [
        _element("Name", escaped(bucket)),
        _element("Prefix", name(query.prefix)),
        _element("KeyCount", str(len(listing.keys) + len(listing.prefixes))),
        _element("MaxKeys", str(query.maximum)),
        _element("IsTruncated", "false" if listing.last is None else "true"),
        *([_element("Delimiter", name(query.delimiter))] if query.delimiter else []),
        *([_element("EncodingType", "url")] if url_encoded else []),
        *([] if listing.last is None else [_element("NextContinuationToken", quote(listing.last, safe=""))]),
        *(_contents(name(key), objects[key]) for key in listing.keys),
        *(_element("CommonPrefixes", _element("Prefix", name(prefix))) for prefix in listing.prefixes),
    ]
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{declaration}<ListBucketResult xmlns="{_NAMESPACE}">{"".join(elements)}</ListBucketResult>'.encode()


def _contents(key: str, stored: StoredObject) -> str:
    return _element(
        "Contents",
        _element("Key", key)
        + _element("LastModified", f"{stored.modified_at:%Y-%m-%dT%H:%M:%S.000Z}")
        + _element("ETag", escaped(stored.etag))
        + _element("Size", str(len(stored.content)))
        + _element("StorageClass", "STANDARD"),
    )


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"
