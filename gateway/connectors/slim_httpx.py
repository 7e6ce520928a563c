"""httpx without its command line, which brings rich and pygments into memory wherever they are installed."""

import sys

# httpx expects this import to fail where those libraries are missing. Four megabytes of each worker.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]

import httpx  # noqa: E402

__all__ = ["httpx"]
