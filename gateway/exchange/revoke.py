"""Ending sessions before their time, and telling resource servers what has been ended.

`gateway:Revoke` is asked on the role's ARN. An access key does not tell its role, only its account: it needs the
permission for every role of that account. A session's id does not tell even that, and sessions of several accounts may
have come of it: it needs the permission for every role of every account. A subject is asked on an ARN of the caller's
account, and ends everywhere: one person.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.domain.arn import RoleArn, subject_arn
from gateway.domain.authentication import EndedSignIn, RevocationPage, RevocationRequest, Revoked
from gateway.domain.clock import utc_text
from gateway.domain.errors import ActionDenied, InvalidArn, InvalidParameter
from gateway.domain.identifiers import TEMPORARY_KEY_PREFIX, account_of
from gateway.domain.revocation import Revocation, RevocationKind, role_value
from gateway.domain.role import Role
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.authenticate import may_authenticate_somewhere
from gateway.exchange.deciding import allowed, refused_outright
from gateway.exchange.parts import Parts
from gateway.exchange.people import sign_ins
from gateway.exchange.people.sign_in_record import SignInRecord
from gateway.exchange.proof import Proof, SignedCall, proven_to_gateway

REVOKE: Final = "gateway:Revoke"
_SESSION_ID: Final = re.compile(r"[A-Z2-7]{16}")
_ACCESS_KEY_ID: Final = re.compile(r"[A-Z0-9]{16,128}")
_MAXIMUM_SUBJECT: Final = 1_024


async def revoke(parts: Parts, request: RevocationRequest, call: SignedCall, entry: AuditEntry) -> Revoked:
    """End what the request names; again and again is the same as once.

    Raises InvalidParameter, AuthenticationError, AccessDenied, ServiceError.
    """
    entry.read_only = False
    entry.request_parameters = {"kind": request.kind.value, "value": request.value}
    proof = proven_to_gateway(parts, call, entry)
    value = _TARGETS[request.kind](parts, proof, request.value)
    made = await parts.revocations.revoke(request.kind, value)
    ended = await _sign_ins_ended(parts, made)
    entry.succeeded(
        {
            "kind": made.kind.value,
            "value": made.value,
            "issuedBefore": utc_text(made.issued_before),
            "until": utc_text(made.until),
            "signIns": [one.id for one in ended],
        }
    )
    return Revoked(revocation=made, sign_ins=ended)


async def revocations(parts: Parts, cursor: str | None, call: SignedCall, entry: AuditEntry) -> RevocationPage:
    """What has been ended since `cursor`. Raises AuthenticationError, AccessDenied, ServiceError."""
    proof = proven_to_gateway(parts, call, entry)
    may_authenticate_somewhere(parts, proof)
    # From the store, and not from this process' memory: a gateway that cannot reach it must not pass for one that can.
    cursor, reset, found = await parts.revocations.since(cursor)
    entry.combined((proof.principal.access_key_id, call.origin.source_ip or ""), proof.now)
    return RevocationPage(cursor=cursor, reset=reset, revocations=found)


async def _sign_ins_ended(parts: Parts, made: Revocation) -> tuple[EndedSignIn, ...]:
    """Take the records of what the revocation ended out of the store, and tell of them."""
    found: Sequence[SignInRecord] = ()
    if made.kind is RevocationKind.SESSION:
        record = await sign_ins.read(parts.people, made.value)
        found = () if record is None else (record,)
    elif made.kind is RevocationKind.SUBJECT:
        known = await sign_ins.records_of(parts.people, made.value)
        # Whoever has signed in again meanwhile did so after it.
        found = [one for one in known if one.signed_in.begun <= made.issued_before]
    for one in found:
        await sign_ins.end(parts, one.signed_in.sign_in_id)
    return tuple(_told(one) for one in found)


def _told(record: SignInRecord) -> EndedSignIn:
    signed_in = record.signed_in
    return EndedSignIn(
        id=signed_in.sign_in_id,
        provider=signed_in.identity.provider,
        user_name=signed_in.identity.username,
        begun=signed_in.begun,
        address=record.address,
        client=record.agent,
        programs=tuple(record.programs.values()),
    )


def _role(parts: Parts, proof: Proof, value: str) -> str:
    if _account_named(parts, value) not in {None, proof.principal.account}:
        raise refused_outright(parts, proof, REVOKE, value, "the role is another account's")
    role = _role_named(parts, value)
    try:
        if role is None:
            _allowed_for_every_role(parts, proof)
        else:
            allowed(parts, proof, ServiceAction(name=REVOKE, resource=str(role.arn)))
    except ActionDenied as denied:
        raise _told_as_asked(denied, value) from None
    if role is None:
        raise InvalidParameter("There is no such role; name one as ACCOUNT/ROLE, as `roles` has it", parameter="value")
    return role_value(role.arn.account, role.arn.name)


def _told_as_asked(denied: ActionDenied, value: str) -> ActionDenied:
    """By the name that was sent: whether there is such a role is nobody's business who may not revoke it."""
    return ActionDenied(
        principal=denied.principal,
        action=denied.action,
        resource=value,
        cause=denied.cause,
        encoded_message=denied.encoded_message,
    )


def _account_named(parts: Parts, value: str) -> str | None:
    """The account of a role's name or ARN, be there such a role or not; None where there is no such account."""
    try:
        return RoleArn.parse(value).account
    except InvalidArn:
        named = value.partition("/")[0]
    # By the configuration's name for it, or by its number.
    roles = parts.catalog.roles
    return next((one.arn.account for one in roles if named in {one.name.partition("/")[0], one.arn.account}), None)


def _role_named(parts: Parts, value: str) -> Role | None:
    """By the configuration's name (`ALIAS/NAME`), by `ACCOUNT/NAME` with the account's number, or by ARN."""
    by_name = parts.catalog.role_by_name(value) or parts.catalog.role_by_arn(value)
    if by_name is not None:
        return by_name
    return next((role for role in parts.catalog.roles if role_value(role.arn.account, role.arn.name) == value), None)


def _subject(parts: Parts, proof: Proof, value: str) -> str:
    provider, _, subject = value.partition("/")
    if not provider or not subject or len(value) > _MAXIMUM_SUBJECT:
        raise InvalidParameter("Write a subject as PROVIDER/SUBJECT, as audit lines have them", parameter="value")
    resource = subject_arn(parts.region, proof.principal.account, provider, subject)
    allowed(parts, proof, ServiceAction(name=REVOKE, resource=resource))
    if parts.registry.by_name(provider) is None:
        # A name spelled wrong would end nobody's sessions, and be believed to have.
        raise InvalidParameter("The subject's provider is not configured", parameter="value")
    return value


def _session(parts: Parts, proof: Proof, value: str) -> str:
    if _SESSION_ID.fullmatch(value) is None:
        raise InvalidParameter("A session's id is the sessionId of an audit line", parameter="value")
    _allowed_for_every_role(parts, proof)
    accounts = {*(role.arn.account for role in parts.catalog.roles), *(user.account for user in parts.users.all)}
    for account in sorted(accounts - {proof.principal.account}):
        allowed(parts, proof, ServiceAction(name=REVOKE, resource=_every_role_of(account), every_key=True))
    return value


def _access_key(parts: Parts, proof: Proof, value: str) -> str:
    if _ACCESS_KEY_ID.fullmatch(value) is None or not value.startswith(TEMPORARY_KEY_PREFIX):
        raise InvalidParameter(
            f"Only temporary keys ({TEMPORARY_KEY_PREFIX}...) are revoked; a user's key ends where it is configured",
            parameter="value",
        )
    if account_of(value) != proof.principal.account:
        every_role = _every_role_of(proof.principal.account)
        raise refused_outright(parts, proof, REVOKE, every_role, "the key is another account's")
    _allowed_for_every_role(parts, proof)
    return value


def _allowed_for_every_role(parts: Parts, proof: Proof) -> None:
    """Raises ActionDenied where the caller may not revoke some role of its account."""
    every_role = _every_role_of(proof.principal.account)
    allowed(parts, proof, ServiceAction(name=REVOKE, resource=every_role, every_key=True))


def _every_role_of(account: str) -> str:
    return f"arn:aws:iam::{account}:role/*"


_TARGETS: Final[Mapping[RevocationKind, Callable[[Parts, Proof, str], str]]] = {
    RevocationKind.ROLE: _role,
    RevocationKind.SUBJECT: _subject,
    RevocationKind.SESSION: _session,
    RevocationKind.ACCESS_KEY: _access_key,
}
