"""Listings of the lake, held against a slow and plain reading of S3's rules."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo.lake.bucket import Listing, ListingQuery, StoredObject, listing

OBJECT = StoredObject(content=b"x", content_type="text/plain", modified_at=datetime(2026, 1, 31, tzinfo=UTC))
KEYS = ("README.txt", "reports/a", "reports/b", "reports/old/c", "scratch/d")


def listed(query: ListingQuery, keys: tuple[str, ...] = KEYS) -> Listing:
    return listing(dict.fromkeys(keys, OBJECT), query)


@pytest.mark.parametrize(
    ("query", "keys", "prefixes"),
    [
        (ListingQuery(), KEYS, ()),
        (ListingQuery(prefix="reports/"), KEYS[1:4], ()),
        (ListingQuery(delimiter="/"), ("README.txt",), ("reports/", "scratch/")),
        (ListingQuery(prefix="reports/", delimiter="/"), ("reports/a", "reports/b"), ("reports/old/",)),
        (ListingQuery(prefix="reports", delimiter="/"), (), ("reports/",)),
        (ListingQuery(prefix="nothing"), (), ()),
        (ListingQuery(after="reports/b"), ("reports/old/c", "scratch/d"), ()),
    ],
    ids=["all", "prefix", "folders", "folder", "prefix before the delimiter", "nothing", "after"],
)
def test_a_listing_shows_what_the_query_asks_for(
    query: ListingQuery, keys: tuple[str, ...], prefixes: tuple[str, ...]
) -> None:
    assert listed(query) == Listing(keys=keys, prefixes=prefixes, last=None)


def test_a_page_says_where_the_next_one_begins() -> None:
    page = listed(ListingQuery(maximum=2))

    assert (page.keys, page.last) == (KEYS[:2], "reports/a")


def test_a_page_of_nothing_has_no_next_one() -> None:
    assert listed(ListingQuery(maximum=0)) == Listing(keys=(), prefixes=(), last=None)


@given(
    keys=st.sets(st.text(alphabet="ab/", min_size=1, max_size=5), max_size=12),
    prefix=st.text(alphabet="ab/", max_size=2),
    delimiter=st.sampled_from(("", "/", "b")),
    maximum=st.integers(min_value=1, max_value=4),
)
def test_pages_together_are_the_whole_listing(keys: set[str], prefix: str, delimiter: str, maximum: int) -> None:
    matching = [key for key in keys if key.startswith(prefix)]
    folders = {
        prefix + key[len(prefix) :].partition(delimiter)[0] + delimiter
        for key in matching
        if delimiter and delimiter in key[len(prefix) :]
    }
    bare = {key for key in matching if not (delimiter and delimiter in key[len(prefix) :])}
    seen_keys: list[str] = []
    seen_folders: list[str] = []
    after = ""

    while True:
        query = ListingQuery(prefix=prefix, delimiter=delimiter, after=after, maximum=maximum)
        page = listed(query, tuple(keys))
        assert len(page.keys) + len(page.prefixes) <= maximum
        seen_keys += page.keys
        seen_folders += page.prefixes
        if page.last is None:
            break
        after = page.last

    assert (seen_keys, seen_folders) == (sorted(bare), sorted(folders))
