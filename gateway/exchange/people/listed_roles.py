"""The list of a person's roles as a page shows it: the same for a moment, however often somebody looks.

Nothing is opened by what stands here: whoever takes a role is judged anew. Another configuration begins with nothing.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.domain.origin import RequestOrigin
from gateway.exchange.parts import Parts
from gateway.exchange.people.roles import PersonsRole, roles_of
from gateway.exchange.people.signed_in import SignedIn

_LASTS: Final = timedelta(seconds=5)
_KEPT: Final = 512
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RolesList:
    """By account and name. One list is one value: what is drawn of it may be kept under it."""

    roles: tuple[PersonsRole, ...]


class ListedRoles:
    """Over one configuration, for those who have looked last."""

    __slots__ = ("_kept", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kept: OrderedDict[_Key, tuple[datetime, RolesList]] = OrderedDict()

    def of(self, signed_in: SignedIn, origin: RequestOrigin) -> RolesList:
        """Raises ProviderUnreachable: nobody knows now what the person may."""
        now = self._parts.clock.now()
        # Whatever a decision may hang on but the hour, which is why a list lasts no longer.
        key = (signed_in.sign_in_id, signed_in.as_of, origin.source_ip, origin.secure_transport)
        until, known = self._kept.get(key, (now, None))
        if known is not None and now < until and signed_in.unanswered is None:
            return known
        found = RolesList(roles=tuple(roles_of(self._parts, signed_in, origin)))
        self._kept[key] = (now + _LASTS, found)
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found
