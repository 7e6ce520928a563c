"""Session tags: AWS's grammar and bounds.

Source: AWS STS API Reference, `Tag`; IAM User Guide, "Passing session tags in AWS STS".
"""

import unicodedata
from typing import Final

MAXIMUM_TAGS: Final = 50
MAXIMUM_KEY: Final = 128
MAXIMUM_VALUE: Final = 256
TAG_GRAMMAR: Final = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
_PUNCTUATION: Final = frozenset("_.:/=+-@")
_RESERVED_PREFIX: Final = "aws:"


def is_tag_text(text: str) -> bool:
    """Whether every character is one of TAG_GRAMMAR."""
    return all(character in _PUNCTUATION or unicodedata.category(character)[0] in "LZN" for character in text)


def is_reserved(key: str) -> bool:
    """Whether the key begins with `aws:`, in any case."""
    return key[: len(_RESERVED_PREFIX)].lower() == _RESERVED_PREFIX
