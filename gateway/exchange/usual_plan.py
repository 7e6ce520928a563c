"""How the usual sign-in at one role by one provider is granted, recorded and answered, found out beforehand.

Nothing is written down here a second time: the audit line and the answer are those that `assume_role` makes of a
person whose every text is a mark, cut where the marks stand. So they say what they would have said, field by field.
"""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, Final

from gateway.domain.assumption import AssumedRole, SessionRequest
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity, ProviderType
from gateway.domain.origin import RequestOrigin
from gateway.domain.revocation import role_value
from gateway.domain.role import Role
from gateway.exchange import assume_role, audit_identities
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.roles.condition_keys import GROUPS, PROVIDER
from gateway.sessions.session_token import TokenContent, session_of
from gateway.telemetry.audit import line_of
from gateway.telemetry.meters import Meters
from gateway.wire import sts_answers, sts_xml
from gateway.wire.sts_faults import FAULTS

ACTION: Final = "AssumeRoleWithWebIdentity"
SOURCE: Final = "sts.amazonaws.com"
FIELDS: Final = (
    "subject",
    "username",
    "audience",
    "session_name",
    "duration",
    "access_key_id",
    "secret_access_key",
    "session_token",
    "session_id",
    "ends",
    "ends_told",
    "now",
    "source_ip",
    "user_agent",
    "request_id",
    "event_id",
    "allowed_by",
)
"""What differs from one sign-in to the next, in the order in which a Template takes it."""

_MOST_MAPPINGS: Final = 8
_USUAL_KEYS: Final = frozenset({PROVIDER.lower(), GROUPS.lower()})
_NOW: Final = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
_ENDS: Final = datetime(2002, 3, 4, 5, 6, 7, tzinfo=UTC)
_DURATION: Final = 987_654_321


class Template:
    """A text with places for fields."""

    __slots__ = ("_pick", "_pieces")

    def __init__(self, text: str, marks: Mapping[str, str], fields: Sequence[str] = FIELDS) -> None:
        """`marks`: the text that stands for each of `fields`, in whose order their values will be given."""
        names = {mark: name for name, mark in marks.items()}
        pieces = re.split(f"({'|'.join(map(re.escape, names))})", text)
        self._pieces = tuple(pieces[::2])
        ahead = len(self._pieces)
        # The text between marks stands at even places of what was split, the marks at odd ones.
        places = (at // 2 if at % 2 == 0 else ahead + fields.index(names[piece]) for at, piece in enumerate(pieces))
        self._pick = itemgetter(*places)

    def filled(self, values: tuple[str, ...]) -> str:
        return "".join(self._pick(self._pieces + values))


@dataclass(frozen=True, slots=True, kw_only=True)
class UsualPlan:
    """One role and one provider. `mappings`: id and groups, no groups meaning everybody of the provider.

    `role_value`: the role as revocations name it.

    The templates are for a request with a duration, and for one without.
    """

    role: Role
    role_arn: str
    account: str
    role_value: str
    mappings: tuple[tuple[str, frozenset[str]], ...]
    lines: Mapping[bool, Template]
    answer: Template

    def allowed_by(self, groups: frozenset[str]) -> str | None:
        """The mappings that allow somebody of these groups, as the audit line has them; None where none does."""
        found = [one for one, asked in self.mappings if not asked or not asked.isdisjoint(groups)]
        return '["' + '","'.join(found) + '"]' if found else None


def may_allow(parts: Parts, role: Role, provider: str, groups: frozenset[str]) -> bool:
    """Whether a mapping may allow the role to somebody of these groups. For others no plan is made: that takes long."""
    mappings = [one.mapping for one in parts.catalog.trust_of(role).mappings if one.mapping.provider == provider]
    return any(not one.groups or not one.groups.isdisjoint(groups) for one in mappings)


def plan_for(parts: Parts, role: Role, provider: str, issuer: str) -> UsualPlan | None:
    """None where a decision may need more than provider and groups, or grant more than the role.

    That is: a trust policy, other conditions, session tags, keys that sessions of the role carry, many mappings.
    """
    trust = parts.catalog.trust_of(role)
    mappings = [one for one in trust.mappings if one.mapping.provider == provider]
    if trust.stated.statements or parts.catalog.carried_keys(role) or not 0 < len(mappings) <= _MOST_MAPPINGS:
        return None
    if any(one.tags or not one.readers.keys() <= _USUAL_KEYS for one in mappings):
        return None
    maker = _Maker(parts, role, provider, issuer, [sorted(one.mapping.groups) for one in mappings])
    return UsualPlan(
        role=role,
        role_arn=str(role.arn),
        account=role.arn.account,
        role_value=role_value(role.arn.account, role.arn.name),
        mappings=tuple((one.mapping.mapping_id, one.mapping.groups) for one in mappings),
        lines={True: maker.line(_DURATION), False: maker.line(None)},
        answer=maker.answer(),
    )


class _Maker:
    """Lets somebody with marks for texts sign in, and cuts what comes of it."""

    def __init__(self, parts: Parts, role: Role, provider: str, issuer: str, groups: Sequence[Sequence[str]]) -> None:
        self._parts = parts
        self._role = role
        mark = secrets.token_hex(8)
        self._marks = {name: f"{mark}{number:02d}" for number, name in enumerate(FIELDS)}
        self._marks |= {"duration": str(_DURATION), "now": "2001-02-03T04:05:06Z", "ends": "2002-03-04T05:06:07Z"}
        self._marks["ends_told"] = audit_identities.told_end(_ENDS)
        self._identity = Identity(
            provider=provider,
            provider_type=ProviderType.OIDC,
            issuer=issuer,
            subject=self._marks["subject"],
            audience=self._marks["audience"],
            username=self._marks["username"],
            groups=frozenset(group for several in groups for group in several),
        )
        self._assumed = self._somebody()

    def line(self, duration: int | None) -> Template:
        """The audit line."""
        records = Records()
        marks = self._marks
        entry = AuditEntry(
            trail=self._parts.trail.written_to(records, Stopped(_NOW)),
            origin=RequestOrigin(
                request_id=marks["request_id"], source_ip=marks["source_ip"], user_agent=marks["user_agent"]
            ),
            event_source=SOURCE,
            event_name=ACTION,
            codes=FAULTS,
            meter=Meters.alone().action(ACTION),
        )
        request = SessionRequest(role_arn=str(self._role.arn), session_name=marks["session_name"], duration=duration)
        assume_role.begin(entry, request)
        entry.details["provider"] = self._identity.provider
        assume_role.told(entry, self._identity)
        entry.details["allowedBy"] = [marks["allowed_by"]]
        assume_role.record_opened(entry, self._assumed)
        (record,) = records.written
        text = line_of(record).decode()
        # The list of what allowed is a field of its own, however many there are.
        told = {**marks, "event_id": record["eventID"], "allowed_by": f'["{marks["allowed_by"]}"]'}
        return Template(text, told)

    def answer(self) -> Template:
        """The answer in XML."""
        written = sts_xml.answer(sts_answers.web_identity(self._assumed), self._marks["request_id"]).decode()
        return Template(written, self._marks)

    def _somebody(self) -> AssumedRole:
        marks, role = self._marks, self._role
        content = TokenContent(
            access_key_id=marks["access_key_id"],
            secret_access_key=marks["secret_access_key"],
            session_id=marks["session_id"],
            issued_at=int(_NOW.timestamp()),
            expires_at=int(_ENDS.timestamp()),
            role_arn=str(role.arn),
            session_name=marks["session_name"],
            provider=self._identity.provider,
            subject=marks["subject"],
            user_name=marks["username"],
            source_identity=None,
            tags={},
            transitive_tag_keys=(),
            condition_keys={},
            session_policies=(),
            chain_depth=0,
        )
        credentials = TemporaryCredentials(
            access_key_id=marks["access_key_id"],
            secret_access_key=marks["secret_access_key"],
            session_token=marks["session_token"],
            expiration=_ENDS,
        )
        return AssumedRole(credentials=credentials, principal=session_of(content).principal, identity=self._identity)


class Records:
    """An audit sink."""

    def __init__(self) -> None:
        self.written: list[Mapping[str, Any]] = []

    def write(self, record: Mapping[str, Any]) -> None:
        self.written.append(record)


class Stopped:
    """A clock that stands."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now
