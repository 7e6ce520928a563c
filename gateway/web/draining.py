"""Whether the server is about to end: what it tells each request, and what readiness says of it."""

from collections.abc import MutableMapping
from typing import Any, Final

from gateway.web.asgi import Scope

_KEY: Final = "gateway.draining"


def begin_draining(state: MutableMapping[str, Any]) -> None:
    """Mark the server's lifespan state, of which every later request has a copy."""
    state[_KEY] = True


def is_draining(scope: Scope) -> bool:
    return bool(scope.get("state", {}).get(_KEY, False))
