"""Every hostile answer of the published record, each made from one that was honestly signed, and what it must meet."""

from tests.fakes.saml_hostile import (
    algorithms,
    conditions,
    documents,
    encryption,
    keys,
    plaintexts,
    readers,
    references,
    requests,
    sources,
    texts,
    wrapping,
)
from tests.fakes.saml_hostile.attack import (
    ATTACKS,
    COMMENT,
    PROCESSING,
    Attack,
    Posted,
    World,
    inside_encryption,
)

KINDS = (
    algorithms,
    conditions,
    documents,
    encryption,
    keys,
    plaintexts,
    readers,
    references,
    requests,
    sources,
    texts,
    wrapping,
)
"""Each module adds its own to ATTACKS when it is imported."""

__all__ = ["ATTACKS", "COMMENT", "KINDS", "PROCESSING", "Attack", "Posted", "World", "inside_encryption"]
