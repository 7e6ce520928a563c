"""What a person may assume, asked of the catalog anew each time: a change of configuration counts at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.domain.assumption import AssumedRole, SessionRequest
from gateway.domain.errors import RoleAssumptionDenied
from gateway.domain.origin import RequestOrigin
from gateway.domain.role import Role
from gateway.exchange import audit_identities
from gateway.exchange.assume_role import granted, opened
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.people import sign_ins
from gateway.exchange.people.revoked import check_sign_in
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.session_name import session_name_of
from gateway.roles.decision import AssumptionRequest, RoleChoice
from gateway.roles.statements import ASSUME_ROLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsRole:
    """A role of the list: its account's number and alias, its name without path, the seconds of its longest session."""

    account: str
    account_alias: str
    role: str
    arn: str
    maximum: int

    @property
    def key(self) -> str:
        """What tells it from the person's other roles: `ACCOUNT/ROLE`."""
        return f"{self.account}/{self.role}"


def roles_of(parts: Parts, signed_in: SignedIn, origin: RequestOrigin) -> Sequence[PersonsRole]:
    """By account and name; of two roles of one account and name (unlike paths) there is one."""
    roles = {(one.account, one.role): one for one in map(told, assumable(parts, signed_in, origin))}
    return tuple(roles[key] for key in sorted(roles))


async def credentials(
    parts: Parts,
    signed_in: SignedIn,
    account: str,
    role_name: str,
    origin: RequestOrigin,
    entry: AuditEntry,
    *,
    duration: int | None = None,
) -> AssumedRole:
    """A session of a role: through the same exchange as every other door's. `duration`: seconds, None: the role's own.

    Raises RoleAssumptionDenied, DurationTooLong, AuditUnavailable, KeyringUnavailable, PackedPolicyTooLarge,
    InvalidTags, NotSignedIn.
    """
    identity = signed_in.identity
    # As CloudTrail has it: of the directory's person, and a service's event, whose parameters stand apart.
    entry.event_type = "AwsServiceEvent"
    entry.user_identity = audit_identities.signed_in_person(identity, account, signed_in.sign_in_id)
    entry.service_details = {"role_name": role_name, "account_id": account}
    entry.session_id = signed_in.sign_in_id
    entry.recipient_account = account
    entry.details["provider"] = identity.provider
    role = the_role(parts, signed_in, account, role_name, origin).role
    entry.concerns(role.arn)
    request = SessionRequest(role_arn=str(role.arn), duration=duration)
    grant = granted(parts, identity, request, origin, entry)
    entry.user_identity = audit_identities.signed_in_person(identity, account, signed_in.sign_in_id)
    until = parts.clock.now() + timedelta(seconds=grant.duration)
    await sign_ins.note_credentials(parts.people, signed_in.sign_in_id, until)
    # What was heard of meanwhile ends the sign-in, and not what is opened after it.
    check_sign_in(parts, signed_in)
    return opened(parts, grant, identity, entry, sign_in_id=signed_in.sign_in_id)


def the_role(parts: Parts, signed_in: SignedIn, account: str, role_name: str, origin: RequestOrigin) -> RoleChoice:
    """The person's role of this account and name. Raises RoleAssumptionDenied."""
    for choice in choices(parts, signed_in, origin):
        if (choice.role.arn.account, choice.role.arn.name) == (account, role_name):
            return choice
    raise RoleAssumptionDenied(
        action=ASSUME_ROLE[signed_in.identity.provider_type],
        cause=f"the person may assume no role {role_name} of {account}",
    )


def assumable(parts: Parts, signed_in: SignedIn, origin: RequestOrigin) -> Iterator[Role]:
    return (choice.role for choice in choices(parts, signed_in, origin))


def choices(parts: Parts, signed_in: SignedIn, origin: RequestOrigin) -> Sequence[RoleChoice]:
    """The person's roles by name, each with what grants it. Raises ProviderUnreachable."""
    if signed_in.unanswered is not None:
        # Whoever was put out of a group, or out of the house, must not go in while the directory is silent.
        raise signed_in.unanswered
    return parts.catalog.roles_of(signed_in.identity, parts.clock.now(), asked_by(signed_in, origin))


def asked_by(signed_in: SignedIn, origin: RequestOrigin) -> AssumptionRequest:
    """The request that the person makes for whichever role."""
    return AssumptionRequest(
        session_name=session_name_of(signed_in.identity.username),
        source_ip=origin.source_ip,
        secure_transport=origin.secure_transport,
    )


def told(role: Role) -> PersonsRole:
    return PersonsRole(
        account=role.arn.account,
        account_alias=role.name.partition("/")[0],
        role=role.arn.name,
        arn=str(role.arn),
        maximum=role.maximum_duration,
    )
