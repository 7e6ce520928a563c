"""The tags that a request sets on an object, as condition keys."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from gateway.actions.s3_body import TAGGING, read_body
from gateway.domain.errors import UnmappedRequest

UNSEEN_TAGS: Final = frozenset({"s3:requestobjecttag/", "s3:requestobjecttagkeys"})
_MOST_TAGS: Final = 10


def tags_in_header(header: str) -> dict[str, str | list[str]]:
    """Condition keys of `x-amz-tagging`, which is written like a form: `project=a&kind=b`."""
    try:
        pairs = parse_qsl(
            header, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_TAGS
        )
    except ValueError:
        # Of an empty header nothing is set.
        if not header:
            return {}
        raise UnmappedRequest(cause="x-amz-tagging is not a form of at most 10 tags") from None
    return _keys(pairs)


def tags_in_body(body: bytes) -> dict[str, str | list[str]]:
    """Condition keys of PutObjectTagging's body. Raises UnmappedRequest, BodyTooLarge."""
    sets = read_body(body, TAGGING).children
    if len(sets) != 1:
        raise UnmappedRequest(cause="the body of PutObjectTagging holds one TagSet")
    written = [tag.texts() for tag in sets[0].children]
    return _keys((tag.get("Key", ""), tag.get("Value", "")) for tag in written)


def _keys(pairs: Iterable[tuple[str, str]]) -> dict[str, str | list[str]]:
    tags: dict[str, str] = {}
    for key, value in pairs:
        if len(tags) == _MOST_TAGS:
            raise UnmappedRequest(cause=f"more than {_MOST_TAGS} tags")
        # Condition keys are compared without case: of `a` and `A` a policy would see one.
        if not key or key.lower() in {known.lower() for known in tags}:
            raise UnmappedRequest(cause="a tag without a key, or a key that is given twice")
        tags[key] = value
    if not tags:
        return {}
    return {
        **{f"s3:RequestObjectTag/{key}": value for key, value in tags.items()},
        "s3:RequestObjectTagKeys": list(tags),
    }
