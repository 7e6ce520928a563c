"""The administrator's view: what is configured and how it fares. Nothing can be changed here.

It is for people one of whose roles may call `gateway:ReadConfiguration` on
`arn:aws:gateway:REGION:ACCOUNT:configuration` of the role's account, by the same engine as every other request: who may
assume that role may see the view, without assuming it first. Each look is a line of the audit log.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.arn import session_arn
from gateway.domain.errors import ActionDenied
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal, PrincipalType
from gateway.domain.role import Role
from gateway.exchange import audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.catalogue import AccessRow, access
from gateway.exchange.parts import Parts
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.exchange.people.roles import asked_by
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.provider_health import ProviderHealth, provider_health
from gateway.exchange.recent_refusals import RecentRefusal
from gateway.exchange.request_keys import request_context
from gateway.exchange.session_name import session_name_of
from gateway.policy.context import RequestContext
from gateway.policy.document import Policy
from gateway.policy.evaluate import evaluate
from gateway.policy.query import Query
from gateway.roles.decision import Refusal
from gateway.roles.identity_keys import carried_values
from gateway.telemetry.audit_tail import record_of
from gateway.wire.identity_center_faults import FAULTS

READ_CONFIGURATION: Final = "gateway:ReadConfiguration"
_SOURCE: Final = "gateway.amazonaws.com"
_EVENT: Final = "ReadConfiguration"
_LATEST: Final = 20
_NOTHING_KNOWN: Final = RequestContext(values={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """`cautions`: what `check` warns of, each with file, line and the mend."""

    providers: Sequence[ProviderHealth]
    cautions: Sequence[str]
    roles: int
    mappings: int


class Administration:
    """The use cases over one configuration."""

    __slots__ = ("_candidates", "_listing", "_parts")

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._listing = asyncio.Lock()
        # Of all roles few name the action at all: only those are asked at each page.
        self._candidates = tuple(role for role in parts.catalog.roles if _may_allow(parts.catalog.policies_of(role)))

    def is_open_to(self, session: PortalSession, origin: RequestOrigin) -> bool:
        return self._reading_role(session.signed_in, origin) is not None

    def overview(self, session: PortalSession, origin: RequestOrigin) -> Overview:
        """Raises ActionDenied, AuditUnavailable, recorded already."""
        with self._entry(origin) as entry:
            self._read(session, origin, entry, "overview")
            catalog = self._parts.catalog
            mappings = {one.mapping.mapping_id for role in catalog.roles for one in catalog.trust_of(role).mappings}
            return Overview(
                providers=provider_health(self._parts.registry),
                cautions=self._parts.cautions,
                roles=len(catalog.roles),
                mappings=len(mappings),
            )

    async def access(self, session: PortalSession, role: str, origin: RequestOrigin) -> Sequence[AccessRow]:
        """Who may assume `role` (`ALIAS/NAME`; empty: every role). Raises ActionDenied, AuditUnavailable, recorded."""
        with self._entry(origin) as entry:
            self._read(session, origin, entry, "access")
        known = self._parts.catalog.role_by_name(role)
        if role and known is None:
            return ()
        roles = None if known is None else [known]
        # Of thousands of roles that might assume each other it takes seconds, in which others are to be answered.
        async with self._listing:
            return await asyncio.to_thread(access, self._parts.catalog, roles, self._parts.users.all)

    async def refusals(self, session: PortalSession, request_id: str, origin: RequestOrigin) -> Sequence[RecentRefusal]:
        """The refusal of one request; of no request in particular the latest ones of this process.

        Raises ActionDenied, AuditUnavailable, recorded already.
        """
        with self._entry(origin) as entry:
            self._read(session, origin, entry, "refusals")
        recent = self._parts.trail.refusals
        if not request_id:
            return recent.latest(_LATEST)
        found = recent.by_request(request_id) or await self._in_log(request_id)
        return () if found is None else (found,)

    async def _in_log(self, request_id: str) -> RecentRefusal | None:
        """What another worker refused, or this one long ago, where the audit log is a file."""
        if self._parts.audit_file is None:
            return None
        record = await asyncio.to_thread(record_of, self._parts.audit_file, request_id)
        return RecentRefusal.of(record) if record is not None and "errorCode" in record else None

    def _read(self, session: PortalSession, origin: RequestOrigin, entry: AuditEntry, what: str) -> None:
        signed_in = session.signed_in
        entry.user_identity = audit_identities.identity(signed_in.identity, None)
        entry.session_id = signed_in.sign_in_id
        entry.details |= {"provider": signed_in.identity.provider, "userName": signed_in.identity.username}
        entry.request_parameters = {"view": what}
        role = self._reading_role(signed_in, origin)
        if role is None:
            raise ActionDenied(
                principal=signed_in.identity.username,
                action=READ_CONFIGURATION,
                resource="the gateway's configuration",
                cause="no role of the person allows it",
            )
        entry.concerns(role.arn)
        entry.succeeded()

    def _reading_role(self, signed_in: SignedIn, origin: RequestOrigin) -> Role | None:
        """The first of the person's roles that allows the view."""
        # While a directory does not answer nobody knows what the person may: no role of theirs opens anything.
        if signed_in.unanswered is not None:
            return None
        return next((role for role in self._candidates if self._allows(role, signed_in, origin)), None)

    def _allows(self, role: Role, signed_in: SignedIn, origin: RequestOrigin) -> bool:
        parts, now = self._parts, self._parts.clock.now()
        try:
            principal = self._as_session(role, signed_in, origin)
        except Refusal:
            return False
        query = Query(
            action=READ_CONFIGURATION,
            resource=f"arn:aws:gateway:{parts.region}:{role.arn.account}:configuration",
            context=request_context(principal, role.tags, origin, now, {}),
        )
        policies, boundary = parts.catalog.policies_of(role), parts.catalog.boundary_of(role)
        return evaluate(query, identity=policies, boundary=boundary, session=None).allowed

    def _as_session(self, role: Role, signed_in: SignedIn, origin: RequestOrigin) -> Principal:
        """The principal that the person would be in a session of the role. Raises Refusal: the role is not theirs."""
        identity, now = signed_in.identity, self._parts.clock.now()
        catalog = self._parts.catalog
        decision = catalog.may_assume(role, identity, asked_by(signed_in, origin), now)
        if not decision.allowed:
            raise Refusal(decision.cause)
        carried = carried_values(identity, catalog.carried_keys(role), role.arn.account)
        name = session_name_of(identity.username)
        return Principal(
            type=PrincipalType.ASSUMED_ROLE,
            arn=session_arn(role.arn.account, role.arn.name, name),
            identity_arn=str(role.arn),
            account=role.arn.account,
            unique_id=f"{role.role_id}:{name}",
            access_key_id="",
            session_name=name,
            session_id=signed_in.sign_in_id,
            role_name=role.arn.name,
            user_name=identity.username,
            source_identity=decision.source_identity,
            tags=decision.tags,
            issued_at=now,
            provider=identity.provider,
            subject=identity.subject,
            condition_keys={**decision.condition_keys, **carried},
        )

    def _entry(self, origin: RequestOrigin) -> AuditEntry:
        return self._parts.trail.entry(origin, source=_SOURCE, name=_EVENT, codes=FAULTS, metered=_EVENT)


def _may_allow(policies: Sequence[Policy]) -> bool:
    action = READ_CONFIGURATION.lower()
    statements = (statement for policy in policies for statement in policy.statements)
    return any(one.allows and one.actions.selects(action, _NOTHING_KNOWN) for one in statements)
