"""What the portal shows somebody who has signed in, by name: one role, favourites, and why a role is not theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.origin import RequestOrigin
from gateway.exchange.assume_role import DEFAULT_DURATION
from gateway.exchange.parts import Parts
from gateway.exchange.people import favourites
from gateway.exchange.people.listed_roles import ListedRoles, RolesList
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.roles import PersonsRole, the_role, told
from gateway.exchange.people.why_not import Answered, why_not
from gateway.policy.words import Told
from gateway.policy.words import told as told_in_words


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts:
    """One role of the person. `limits` None: no permissions boundary. `duration`: seconds of a session by default."""

    role: PersonsRole
    duration: int
    granted_by: tuple[str, ...]
    allowed: tuple[Told, ...]
    limits: tuple[Told, ...] | None


class Portal:
    """The use cases over one configuration."""

    __slots__ = ("_listed", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._listed = ListedRoles(parts)

    @property
    def region(self) -> str:
        return self._parts.region

    @property
    def now(self) -> datetime:
        return self._parts.clock.now()

    def roles(self, session: PortalSession, origin: RequestOrigin) -> RolesList:
        """What the person may assume, as a page lists it. Raises ProviderUnreachable."""
        return self._listed.of(session.signed_in, origin)

    def role(self, session: PortalSession, account: str, name: str, origin: RequestOrigin) -> RoleFacts:
        """Raises RoleAssumptionDenied."""
        choice = the_role(self._parts, session.signed_in, account, name, origin)
        identity = session.signed_in.identity
        catalog = self._parts.catalog
        boundary = catalog.boundary_of(choice.role)
        return RoleFacts(
            role=told(choice.role),
            duration=min(identity.session_duration or DEFAULT_DURATION, choice.role.maximum_duration),
            granted_by=choice.allowed_by,
            allowed=told_in_words(catalog.policies_of(choice.role)),
            limits=None if boundary is None else told_in_words(boundary),
        )

    def why_not(self, session: PortalSession, question: str, origin: RequestOrigin) -> Sequence[Answered]:
        """The roles that `question` may mean, each with why it is the person's or not."""
        return why_not(self._parts, session.signed_in, question, origin)

    async def favourites(self, session: PortalSession) -> frozenset[str]:
        """`ACCOUNT/ROLE`, each. Raises StateUnavailable."""
        return await favourites.favourites(self._parts, session.signed_in)

    async def add_favourite(self, session: PortalSession, account: str, name: str, origin: RequestOrigin) -> None:
        """Raises RoleAssumptionDenied, InvalidParameter, StateUnavailable."""
        role = told(the_role(self._parts, session.signed_in, account, name, origin).role)
        await favourites.add(self._parts, session.signed_in, role.key)

    async def remove_favourite(self, session: PortalSession, role: str) -> None:
        """`role`: `ACCOUNT/ROLE`. Raises StateUnavailable."""
        await favourites.remove(self._parts, session.signed_in, role)
