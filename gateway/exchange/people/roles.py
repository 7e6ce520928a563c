"""What a person may assume, asked of the catalog anew each time: a change of configuration counts at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.assumption import AssumedRole, SessionRequest
from gateway.domain.errors import RoleAssumptionDenied
from gateway.domain.origin import RequestOrigin
from gateway.domain.role import Role
from gateway.exchange import audit_identities
from gateway.exchange.assume_role import open_session
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.session_name import session_name_of
from gateway.roles.decision import AssumptionRequest
from gateway.roles.statements import ASSUME_ROLE


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsRole:
    """A role of the list: its account's number and alias, and its name without path."""

    account: str
    account_alias: str
    role: str


def roles_of(parts: Parts, signed_in: SignedIn, origin: RequestOrigin) -> Sequence[PersonsRole]:
    """By account and name; of two roles of one account and name (unlike paths) there is one."""
    roles = {(one.account, one.role): one for one in map(_told, _assumable(parts, signed_in, origin))}
    return tuple(roles[key] for key in sorted(roles))


def credentials(
    parts: Parts, signed_in: SignedIn, account: str, role_name: str, origin: RequestOrigin, entry: AuditEntry
) -> AssumedRole:
    """A session of a role: through the same exchange as every other door's.

    Raises RoleAssumptionDenied, AuditUnavailable, KeyringUnavailable, PackedPolicyTooLarge, InvalidTags.
    """
    identity = signed_in.identity
    entry.user_identity = audit_identities.identity(identity, account)
    entry.request_parameters = {"roleName": role_name, "accountId": account}
    entry.recipient_account = account
    entry.details["provider"] = identity.provider
    assumable = _assumable(parts, signed_in, origin)
    role = next((one for one in assumable if (one.arn.account, one.arn.name) == (account, role_name)), None)
    if role is None:
        raise RoleAssumptionDenied(
            action=ASSUME_ROLE[identity.provider_type], cause=f"the person may assume no role {role_name} of {account}"
        )
    entry.concerns(role.arn)
    request = SessionRequest(role_arn=str(role.arn))
    return open_session(parts, identity, request, origin, entry, sign_in_id=signed_in.sign_in_id)


def _assumable(parts: Parts, signed_in: SignedIn, origin: RequestOrigin) -> Iterator[Role]:
    identity = signed_in.identity
    asked = AssumptionRequest(
        session_name=session_name_of(identity.username),
        source_ip=origin.source_ip,
        secure_transport=origin.secure_transport,
    )
    return (choice.role for choice in parts.catalog.roles_of(identity, parts.clock.now(), asked))


def _told(role: Role) -> PersonsRole:
    return PersonsRole(account=role.arn.account, account_alias=role.name.partition("/")[0], role=role.arn.name)
