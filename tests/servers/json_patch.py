"""JSON Patch (RFC 6902) applied, as far as webhooks use it: `add` alone, strictly."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any


def patched(document: Mapping[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A new document. What RFC 6902 calls an error fails."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for operation in operations:
        assert operation["op"] == "add", operation
        *above, last = (step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:])
        target: Any = result
        for step in above:
            target = target[int(step)] if isinstance(target, list) else target[step]
        if isinstance(target, list):
            at = len(target) if last == "-" else int(last)
            assert at <= len(target), operation
            target.insert(at, copy.deepcopy(operation["value"]))
        else:
            target[last] = copy.deepcopy(operation["value"])
    return result
