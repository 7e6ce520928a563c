"""Who asks in the usual way, found out once: one session, one scope, one list of signed headers, one service.

The audit line is not written down here a second time: it is the one that `authorize` makes of a request whose every
text is a mark, cut where the marks stand.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from gateway.actions.action import ServiceAction
from gateway.actions.s3_usual import USUAL_ROWS
from gateway.domain.origin import RequestOrigin
from gateway.domain.principal import Principal
from gateway.domain.service import Service, ServiceType
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.authorization import Authorization
from gateway.exchange.authorize import tell_actions
from gateway.exchange.live_policies import PolicySets
from gateway.exchange.parts import Parts
from gateway.exchange.proof import role_tags, tell_signer
from gateway.exchange.request_keys import principal_tags
from gateway.exchange.usual_plan import Records, Stopped, Template
from gateway.policy.context import RequestContext
from gateway.policy.selection import Selects
from gateway.policy.statement import Statement
from gateway.sealing.keyring import SealingKey
from gateway.sessions.authenticator import Claimant
from gateway.sigv4.authorization import usual_parameters
from gateway.sigv4.headers import read_signed_headers
from gateway.sigv4.scope import CredentialScope, check_scope
from gateway.telemetry.audit import line_of
from gateway.telemetry.meters import Meters
from gateway.wire.s3_faults import FAULTS

Rendering = Callable[[Authorization], Any]
"""From who signed to what a door answers them; raises GatewayError where it cannot be told."""

SIGNATURE: Final = b"Signature="
_FIELDS: Final = ("now", "source_ip", "user_agent", "arn", "allowed_by", "request_id", "event_id")
_NOW: Final = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_NOW_TOLD: Final = "2001-02-03T04:05:06Z"
_MOST_STATEMENTS: Final = 32
_MOST_TOLD: Final = 256
_LONGEST_AUTHORIZATION: Final = 2_048
_OURS: Final = b"x-gateway-"
_VARIABLE: Final = "${"
_NO_KEYS: Final = RequestContext(values={})

_Candidate = tuple[bool, Selects | None, str]
"""A statement: whether it allows, the resources that it selects (None: all), its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualPlan:
    """One caller's way to one action. `sets`: of each set of policies, the statements that are about the action."""

    sets: tuple[tuple[_Candidate, ...], ...]
    line: Template
    told: dict[tuple[str, ...], str] = field(default_factory=dict)

    def allowed_by(self, arn: str, keys: RequestContext) -> str | None:
        """The statements that allow it, as the audit line has them; None where it is not allowed."""
        found: list[str] = []
        for candidates in self.sets:
            before = len(found)
            for allows, selects, statement_id in candidates:
                if selects is None or selects(arn, keys):
                    if not allows:
                        return None
                    found.append(statement_id)
            if len(found) == before:
                return None
        ids = tuple(found)
        told = self.told.get(ids)
        if told is None:
            if len(self.told) >= _MOST_TOLD:
                # Of many statements, a client's own session policy's among them, there are more choices than memory.
                self.told.clear()
            told = self.told[ids] = line_of({"": sorted(set(ids))}).decode("ascii")[4:-2]
        return told


@dataclass(slots=True, kw_only=True)
class UsualCaller:
    """`form`: the canonical headers, filled with the values that `pick` takes out of the request's, and their names.

    `signer`: who it is, as a door is told; `answer`: what it makes of that.
    """

    service: Service
    claimant: Claimant
    principal: Principal
    sealing_key: SealingKey
    signing_key: bytes = field(repr=False)
    ends: datetime
    date: bytes
    scope: bytes
    signed: frozenset[bytes]
    form: bytes
    pick: Callable[[Mapping[bytes, bytes]], tuple[bytes, ...]]
    sets: PolicySets
    signer: Authorization
    answer: Any = field(repr=False)
    plans: dict[tuple[str, bool], UsualPlan | None] = field(default_factory=dict)

    def plan(self, parts: Parts, method: str, *, is_object: bool) -> UsualPlan | None:
        """None where a decision may need more than the resource."""
        key = method, is_object
        if key in self.plans:
            return self.plans[key]
        row = USUAL_ROWS.get(key)
        if row is None:
            return None  # and is not remembered: a proxy passes on whatever method its client makes up
        plan = self.plans[key] = _plan(parts, self, method, row.actions[0])
        return plan


def caller_of(
    parts: Parts, service: Service, authorization: bytes, token: bytes, now: datetime, render: Rendering
) -> UsualCaller | None:
    """The caller of an Authorization header and a session token; not yet believed.

    None where it is none of the usual ones. Raises GatewayError.
    """
    if len(authorization) > _LONGEST_AUTHORIZATION:
        return None  # callers are remembered, with all names of headers that theirs lists
    read = usual_parameters(authorization.decode("latin-1"))
    if service.type is not ServiceType.S3 or not token or read is None:
        return None
    access_key_id, scope, signed_headers, signature = read
    names = tuple(name.encode("latin-1") for name in read_signed_headers(signed_headers, kind="header"))
    if authorization.rpartition(SIGNATURE)[2] != signature.encode("latin-1") or b"host" not in names or len(names) < 2:
        return None
    if any(name.startswith(_OURS) for name in names):
        return None
    check_scope(scope, service=service.signing_name, region=service.region)
    opened = parts.authenticator.opened(access_key_id, token.decode("latin-1"), now)
    if service.principals and opened[0].principal.account not in service.principals:
        return None
    return _caller(parts, service, opened, scope, names, render)


def _caller(
    parts: Parts,
    service: Service,
    opened: tuple[Claimant, SealingKey],
    scope: CredentialScope,
    names: tuple[bytes, ...],
    render: Rendering,
) -> UsualCaller | None:
    claimant, sealing_key = opened
    sets, session = parts.policies.sets_of(claimant), claimant.session
    if sets is None or session is None:
        return None
    tags = principal_tags(claimant.principal, role_tags(parts, session))
    signer = Authorization(principal=claimant.principal, actions=(), decisions=(), tags=tags)
    written = [name.replace(b"%", b"%%") for name in names]
    return UsualCaller(
        service=service,
        claimant=claimant,
        principal=claimant.principal,
        sealing_key=sealing_key,
        signing_key=parts.signing_keys.of(claimant.secret_access_key, scope),
        ends=session.expires_at,
        date=scope.date.encode(),
        scope=scope.text.encode(),
        signed=frozenset(names),
        form=b"".join(name + b":%b\n" for name in written) + b"\n" + b";".join(written) + b"\n",
        pick=itemgetter(*names),
        sets=sets,
        signer=signer,
        answer=render(signer),
    )


def _plan(parts: Parts, caller: UsualCaller, method: str, action: str) -> UsualPlan | None:
    sets = []
    for policies in (caller.sets.identity, caller.sets.boundary, caller.sets.session):
        if policies is None:
            continue
        about = [one for policy in policies for one in policy.statements if _is_about(one, action)]
        if len(about) > _MOST_STATEMENTS or not all(map(_is_plain, about)):
            return None
        sets.append(tuple(map(_candidate, about)))
    line = _line(parts, caller, method, action)
    return None if line is None else UsualPlan(sets=tuple(sets), line=line)


def _is_about(statement: Statement, action: str) -> bool:
    return statement.actions.selects(action.lower(), _NO_KEYS)


def _is_plain(statement: Statement) -> bool:
    """Whether nothing but the resource decides whether it matches."""
    written = () if statement.resources is None else statement.resources.written
    return not statement.conditions and statement.principals is None and not any(_VARIABLE in one for one in written)


def _candidate(statement: Statement) -> _Candidate:
    selects = None if statement.resources is None else statement.resources.selects
    return statement.allows, selects, statement.statement_id


def _line(parts: Parts, caller: UsualCaller, method: str, action: str) -> Template | None:
    """The audit line; None where each has more of its own."""
    mark, records = secrets.token_hex(8), Records()
    marks = {name: f"{mark}{number:02d}" for number, name in enumerate(_FIELDS)} | {"now": _NOW_TOLD}
    entry = AuditEntry(
        trail=parts.trail.written_to(records, Stopped(_NOW)),
        origin=RequestOrigin(
            request_id=marks["request_id"], source_ip=marks["source_ip"], user_agent=marks["user_agent"]
        ),
        event_source=f"{caller.service.signing_name}.amazonaws.com",
        event_name=action,
        codes=FAULTS,
        meter=Meters.alone().action(action),
    )
    tell_signer(parts, caller.claimant, entry)
    tell_actions(entry, method, (ServiceAction(name=action, resource=marks["arn"]),))
    entry.details["allowedBy"] = [marks["allowed_by"]]
    entry.succeeded()
    (record,) = records.written
    if "sharedEventID" in record:
        return None
    told = {**marks, "event_id": record["eventID"], "allowed_by": f'["{marks["allowed_by"]}"]'}
    return Template(line_of(record).decode(), told, _FIELDS)
