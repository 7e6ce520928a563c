"""What a directory says of itself: whether it is Active Directory, and what its domain is called."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.connectors.blocking import Deadline
from gateway.connectors.ldap.filters import Present
from gateway.connectors.ldap.session import Session

_ACTIVE_DIRECTORY: Final = frozenset({"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.1851"})
_AGE_SECONDS: Final = 600.0
_NAMED: Final = Present(attribute="nETBIOSName").encoded({})
_ROOT_ATTRIBUTES: Final = ("supportedCapabilities", "defaultNamingContext", "configurationNamingContext")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    r"""`domain`: the short name in `CORP\alice`, None where there is none; `root`: the domain's own DN."""

    is_active_directory: bool
    root: str | None = None
    domain: str | None = None


class FactFinder:
    """Asks the root entry, and remembers for ten minutes. Used by many threads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: tuple[float, Facts] | None = None

    def facts(self, session: Session, deadline: Deadline) -> Facts:
        """Raises ServerFailed, TimeoutError."""
        known = self._known
        if known is not None and self._monotonic() - known[0] < _AGE_SECONDS:
            return known[1]
        found = _asked(session, deadline)
        with self._lock:
            self._known = (self._monotonic(), found)
        return found


def _asked(session: Session, deadline: Deadline) -> Facts:
    root = session.read("", _ROOT_ATTRIBUTES, deadline).entries
    # Not by trying the matching rule: OpenLDAP answers it with success and nobody.
    if not root or _ACTIVE_DIRECTORY.isdisjoint(root[0].texts("supportedCapabilities")):
        return Facts(is_active_directory=False)
    naming, configuration = root[0].text("defaultNamingContext"), root[0].text("configurationNamingContext")
    if naming is None or configuration is None:
        return Facts(is_active_directory=True, root=naming)
    # [MS-ADTS] 6.1.1.2.1.1: the cross-references name each domain's short name.
    answer = session.search(f"CN=Partitions,{configuration}", _NAMED, ("nETBIOSName", "nCName"), deadline, most=100)
    names = [one.text("nETBIOSName") for one in answer.entries if one.text("nCName") == naming]
    return Facts(is_active_directory=True, root=naming, domain=names[0] if len(names) == 1 else None)
