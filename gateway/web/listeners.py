"""Which listener a request came in by: the public one, or the one for proxies, probes and metrics."""

from collections.abc import MutableMapping
from typing import Any, Final

from gateway.web.asgi import Scope

_KEY: Final = "gateway.internal"


def mark_internal(state: MutableMapping[str, Any]) -> None:
    """Mark the state of the internal listener's connections, of which each of their requests has a copy."""
    state[_KEY] = True


def is_internal(scope: Scope) -> bool:
    return bool(scope.get("state", {}).get(_KEY, False))
