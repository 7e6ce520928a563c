"""What a token itself asks for: session tags and a source identity, in the claims that AWS defines for them.

Source: IAM User Guide, "Passing session tags in AWS STS" and "Monitor and control actions taken with assumed roles".
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Never

from gateway.domain.errors import InvalidIdentityToken, InvalidTags
from gateway.domain.tags import MAXIMUM_KEY, MAXIMUM_TAGS, MAXIMUM_VALUE, is_reserved, is_tag_text

TAGS_CLAIM: Final = "https://aws.amazon.com/tags"
SOURCE_IDENTITY_CLAIM: Final = "https://aws.amazon.com/source_identity"
# Without a colon, so `aws:`, which AWS reserves, cannot stand in front.
_SOURCE_IDENTITY: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


def session_tags(claims: Mapping[str, Any]) -> tuple[Mapping[str, str], frozenset[str]]:
    """Tags, and the keys among them (spelt as there) that later sessions inherit.

    `{"principal_tags": {KEY: [VALUE]}, "transitive_tag_keys": [KEY]}`: each value a list of one text. Raises
    InvalidIdentityToken: another shape. InvalidTags: over 50, keys outside 1 to 128 characters, values over 256,
    other characters than letters, numbers, separators and `_.:/=+-@`, `aws:` in front of a key, two keys that differ by
    case only, a transitive key without its tag.
    """
    claim = claims.get(TAGS_CLAIM)
    if claim is None:
        return {}, frozenset()
    if not isinstance(claim, dict):
        _misshapen("is not an object")
    given, inherited = claim.get("principal_tags", {}), claim.get("transitive_tag_keys", [])
    if not isinstance(given, dict):
        _misshapen("principal_tags is not an object")
    if not isinstance(inherited, list) or not all(isinstance(key, str) for key in inherited):
        _misshapen("transitive_tag_keys is not a list of texts")
    if len(given) > MAXIMUM_TAGS:
        raise InvalidTags(f"The token asks for {len(given)} session tags; at most {MAXIMUM_TAGS} are allowed")
    tags = {_key(key): _value(values) for key, values in given.items()}
    by_folded_key = {key.lower(): key for key in tags}
    if len(by_folded_key) != len(tags):
        raise InvalidTags("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.lower() not in by_folded_key for key in inherited):
        raise InvalidTags("The specified transitive tag key must be included in the requested tags.")
    return tags, frozenset(by_folded_key[key.lower()] for key in inherited)


def source_identity(claims: Mapping[str, Any]) -> str | None:
    """The source identity that the token sets; None where it sets none. Raises InvalidIdentityToken."""
    value = claims.get(SOURCE_IDENTITY_CLAIM)
    if value is None:
        return None
    if not isinstance(value, str) or _SOURCE_IDENTITY.fullmatch(value) is None:
        raise InvalidIdentityToken(
            "The ID Token's source identity is not valid",
            cause=r"the source identity is not 2 to 64 of [\w+=,.@-]",
        )
    return value


def _misshapen(fault: str) -> Never:
    raise InvalidIdentityToken("The ID Token's session tags are not valid", cause=f"the tags claim: {fault}")


def _key(key: str) -> str:
    if not 0 < len(key) <= MAXIMUM_KEY or not is_tag_text(key):
        raise InvalidTags(
            f"A session tag's key in the token is not 1 to {MAXIMUM_KEY} letters, numbers, separators or _.:/=+-@"
        )
    if is_reserved(key):
        raise InvalidTags("A session tag's key in the token begins with aws:, which is reserved")
    return key


def _value(values: Any) -> str:
    if not isinstance(values, list) or len(values) != 1 or not isinstance(values[0], str):
        _misshapen("a tag's value is not a list of one text")
    value: str = values[0]
    if len(value) > MAXIMUM_VALUE or not is_tag_text(value):
        raise InvalidTags(
            f"A session tag's value in the token is not at most {MAXIMUM_VALUE} letters, numbers, separators or "
            "_.:/=+-@"
        )
    return value
