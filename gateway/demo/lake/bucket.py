"""Objects held in memory under their keys, and the listing of them that S3 gives."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

MAXIMUM_KEYS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    content: bytes
    content_type: str
    modified_at: datetime

    @property
    def etag(self) -> str:
        """S3's: the MD5 in quotes, which tells versions apart and protects from nobody."""
        return f'"{hashlib.md5(self.content, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """`after`: only what sorts behind it. `delimiter` empty: no folders are made."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    maximum: int = MAXIMUM_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Keys, and common prefixes in place of the keys below them. `last`: where the next page begins after."""

    keys: tuple[str, ...]
    prefixes: tuple[str, ...]
    last: str | None


def listing(objects: Mapping[str, StoredObject], query: ListingQuery) -> Listing:
    """One page of a bucket, in the order of keys; `last` is None where nothing is left."""
    entries = iter(dict.fromkeys(_entries(objects, query)))
    page = list(islice(entries, query.maximum))
    more = next(entries, None) is not None
    return Listing(
        keys=tuple(entry for entry in page if not _is_folder(entry, query)),
        prefixes=tuple(entry for entry in page if _is_folder(entry, query)),
        last=page[-1] if more and page else None,
    )


def _entries(objects: Mapping[str, StoredObject], query: ListingQuery) -> Iterator[str]:
    for key in sorted(objects):
        if not key.startswith(query.prefix):
            continue
        entry = _folded(key, query)
        if entry > query.after:
            yield entry


def _folded(key: str, query: ListingQuery) -> str:
    """The key, or the common prefix under which it is listed."""
    end = key.find(query.delimiter, len(query.prefix)) if query.delimiter else -1
    return key if end < 0 else key[: end + len(query.delimiter)]


def _is_folder(entry: str, query: ListingQuery) -> bool:
    return bool(query.delimiter) and entry.find(query.delimiter, len(query.prefix)) >= 0
