"""What a request asks for, in the words of policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAction:
    """One IAM action on one resource: `s3:GetObject` on `arn:aws:s3:::lake/part-1`.

    `context`: the condition keys that the request itself fills, such as `s3:prefix`; a text is single-valued.
    `every_key`: the request may mean any key under the wildcard `resource`. It needs an Allow that covers the wildcard
    itself, and no Deny that could match any key of it.
    `unseen`: condition keys that hold a value which cannot be seen from here, in lower case; one that ends in `/`
    stands for all names below it. A Deny that asks for one must be taken to match, an Allow must not.
    """

    name: str
    resource: str
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    every_key: bool = False
    unseen: frozenset[str] = frozenset()
