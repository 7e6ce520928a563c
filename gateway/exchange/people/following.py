"""The sign-in as it stands now: not ended, not revoked, and its person as the provider knows them.

A directory is asked again for whoever has not been looked up for a minute; an OpenID Connect provider at most hourly,
by the refresh token that it gave. One that says that the person may not go on ends the sign-in and all that came of it.
While a directory cannot be asked the sign-in lives and opens nothing; for an OpenID Connect provider what its token
said counts on, as it does where there is no refresh token.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from gateway.connectors.connector import AccountLookUp, BrowserLogin
from gateway.domain.errors import NotSignedIn, ProviderUnreachable, RejectedLogin, SignInRefused
from gateway.domain.identity import Identity
from gateway.domain.origin import RequestOrigin
from gateway.exchange import audit_identities
from gateway.exchange.parts import Parts
from gateway.exchange.people import sign_ins
from gateway.exchange.people.context import SIGN_IN_SOURCE
from gateway.exchange.people.revoked import check_sign_in
from gateway.exchange.people.sign_in_record import SignInRecord
from gateway.exchange.people.signed_in import SignedIn
from gateway.wire.identity_center_faults import FAULTS

DIRECTORY_AGE: Final = timedelta(seconds=60)
REFRESHED_EVERY: Final = timedelta(hours=1)
_TRIED_AGAIN: Final = timedelta(minutes=1)
_TOUCHED_EVERY: Final = timedelta(seconds=60)


async def begin(parts: Parts, identity: Identity, origin: RequestOrigin, provider_token: str | None = None) -> SignedIn:
    """A new sign-in of a proven person. `provider_token`: the provider's refresh token.

    Raises SignInRefused: it is larger than a record. StateUnavailable, KeyringUnavailable.
    """
    now = parts.clock.now()
    begun = parts.revocations.birth(now, role=None, provider=identity.provider, subject=identity.subject)
    signed_in = SignedIn.begin(identity, now, parts.people.absolute, begun)
    age = _looked_at_every(parts, identity.provider, provider_token)
    signed_in = replace(signed_in, follows=age is not None)
    record = SignInRecord(
        signed_in=signed_in,
        address=origin.source_ip,
        agent=origin.user_agent,
        seen=now,
        provider_token=provider_token,
        look_again=None if age is None else now + age,
    )
    await sign_ins.begin(parts, record)
    return signed_in


async def current(parts: Parts, sign_in_id: str, origin: RequestOrigin) -> SignedIn:
    """The sign-in of this id. Raises NotSignedIn where it is over; StateUnavailable."""
    record, now = await sign_ins.read(parts.people, sign_in_id), parts.clock.now()
    if record is None or now >= record.signed_in.ends:
        raise NotSignedIn(cause="the sign-in has ended")
    check_sign_in(parts, record.signed_in)
    if record.look_again is None or now < record.look_again:
        return await _touched(parts, record, now)
    provider = record.signed_in.identity.provider
    directory = parts.registry.account_look_up(provider)
    if directory is not None:
        return await _looked_up(parts, record, directory, origin)
    login = parts.registry.browser_login(provider)
    if login is not None and record.provider_token is not None:
        return await _refreshed(parts, record, login, origin)
    return await _touched(parts, record, now)


def _looked_at_every(parts: Parts, provider: str, provider_token: str | None) -> timedelta | None:
    """How often the provider is asked about its person again; None where it cannot be."""
    if parts.registry.account_look_up(provider) is not None:
        return DIRECTORY_AGE
    refreshable = provider_token is not None and parts.registry.browser_login(provider) is not None
    return REFRESHED_EVERY if refreshable else None


async def _touched(parts: Parts, record: SignInRecord, now: datetime) -> SignedIn:
    if now - record.seen < _TOUCHED_EVERY:
        return record.signed_in
    changed = await sign_ins.change(parts.people, record.signed_in.sign_in_id, lambda kept: replace(kept, seen=now))
    return changed.signed_in


async def _looked_up(parts: Parts, record: SignInRecord, directory: AccountLookUp, origin: RequestOrigin) -> SignedIn:
    asked_at = parts.clock.now()
    try:
        identity = await directory.look_up(record.signed_in.identity)
    except RejectedLogin as refusal:
        raise await _ended(parts, record, refusal.cause, origin) from None
    except ProviderUnreachable as unanswered:
        return replace(record.signed_in, unanswered=unanswered)

    def with_identity(kept: SignInRecord) -> SignInRecord:
        known = replace(kept.signed_in, identity=_later(record.signed_in.identity, identity), as_of=asked_at)
        return replace(kept, signed_in=known, seen=asked_at, look_again=asked_at + DIRECTORY_AGE)

    return (await sign_ins.change(parts.people, record.signed_in.sign_in_id, with_identity)).signed_in


async def _refreshed(parts: Parts, record: SignInRecord, login: BrowserLogin, origin: RequestOrigin) -> SignedIn:
    now, sign_in_id = parts.clock.now(), record.signed_in.sign_in_id
    mine: list[bool] = []

    def claimed(kept: SignInRecord) -> SignInRecord:
        # Refresh tokens are for one use at many providers: of several replicas one asks.
        mine.append(kept.look_again == record.look_again)
        return replace(kept, look_again=now + _TRIED_AGAIN, seen=now) if mine[-1] else kept

    held = await sign_ins.change(parts.people, sign_in_id, claimed)
    if not mine[-1] or held.provider_token is None:
        return held.signed_in
    try:
        refreshed = await login.refresh(held.provider_token, held.signed_in.identity)
    except SignInRefused as refusal:
        raise await _ended(parts, record, refusal.cause, origin) from None
    except ProviderUnreachable:
        return held.signed_in

    def with_refreshed(kept: SignInRecord) -> SignInRecord:
        token = refreshed.refresh_token or kept.provider_token
        known = kept.signed_in
        if refreshed.identity is not None:
            known = replace(known, identity=_later(known.identity, refreshed.identity), as_of=now)
        return replace(kept, signed_in=known, provider_token=token, look_again=now + REFRESHED_EVERY)

    return (await sign_ins.change(parts.people, sign_in_id, with_refreshed)).signed_in


def _later(before: Identity, now: Identity) -> Identity:
    """The person as known now, who proved who they are when they did."""
    return replace(now, authenticated_at=before.authenticated_at, amr=before.amr, acr=before.acr)


async def _ended(parts: Parts, record: SignInRecord, cause: str, origin: RequestOrigin) -> NotSignedIn:
    signed_in = record.signed_in
    with parts.trail.entry(origin, source=SIGN_IN_SOURCE, name="EndSignIn", codes=FAULTS, metered="EndSignIn") as entry:
        entry.read_only = False
        entry.event_type = "AwsServiceEvent"
        entry.user_identity = audit_identities.identity(signed_in.identity, None)
        entry.session_id = signed_in.sign_in_id
        entry.details |= {"provider": signed_in.identity.provider, "userName": signed_in.identity.username}
        entry.details["reason"] = cause
        await sign_ins.end(parts, signed_in.sign_in_id)
        entry.succeeded()
    return NotSignedIn(cause=f"the provider ended the sign-in: {cause}")
