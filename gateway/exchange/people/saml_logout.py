"""Single logout: whom a provider knows by which name, so that signing out there ends sign-ins here, and the reverse.

Only signed messages count: a forged one would sign people out.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from gateway.domain.assertion import NameId, ProvenAssertion
from gateway.domain.errors import SignInRefused, StateUnavailable
from gateway.domain.identity import ProviderType
from gateway.domain.logout import Departure, LogoutRequest, SentLogout
from gateway.domain.origin import RequestOrigin
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.parts import Parts
from gateway.exchange.people import sign_ins
from gateway.exchange.people.context import SIGN_IN_SOURCE
from gateway.exchange.people.portal_sessions import PortalSession
from gateway.wire.identity_center_faults import FAULTS

_KIND: Final = "saml_sign_in"
_INDEX: Final = "saml_sign_ins_of"
_ASKED: Final = "saml_logout"
_TAKEN: Final = "saml_logout_request"
_LIFE: Final = timedelta(minutes=10)
"""Longer than a message of the provider's is of this moment."""
_MAXIMUM: Final = 50
_ATTEMPTS: Final = 20


async def remember(parts: Parts, assertion: ProvenAssertion, session: PortalSession) -> None:
    """Keep by which name the provider will end this sign-in. Raises StateUnavailable."""
    signed_in, records = session.signed_in, parts.people.records
    content = {
        "provider": signed_in.identity.provider,
        "name_id": asdict(assertion.name_id),
        "session_index": assertion.session_index,
    }
    await records.put(_KIND, signed_in.sign_in_id, content, signed_in.ends)
    key = _person(signed_in.identity.provider, signed_in.identity.issuer, assertion.name_id)
    row = [signed_in.sign_in_id, assertion.session_index, signed_in.ends.timestamp()]
    for _ in range(_ATTEMPTS):
        kept = await records.get(_INDEX, key)
        others = [] if kept is None else [one for one in kept.content["sign_ins"] if one[0] != row[0]]
        now = parts.clock.now()
        live = [one for one in others if one[2] > now.timestamp()][1 - _MAXIMUM :]
        last = max(one[2] for one in [*live, row]) - now.timestamp()
        if await records.swap(_INDEX, key, kept, {"sign_ins": [*live, row]}, now + timedelta(seconds=last)):
            return
    raise StateUnavailable(cause="the index of a person's sign-ins changes faster than it can be written")


async def farewell(parts: Parts, session: PortalSession) -> Departure | None:
    """Where the browser goes to sign out at the provider too; None where there is no such place.

    Raises StateUnavailable.
    """
    identity, records = session.signed_in.identity, parts.people.records
    provider = parts.registry.saml(identity.provider) if identity.provider_type is ProviderType.SAML else None
    kept = None if provider is None else await records.get(_KIND, session.signed_in.sign_in_id)
    if provider is None or kept is None:
        return None
    begun = await provider.begin_logout(_name_id(kept.content["name_id"]), kept.content["session_index"])
    if begun is None:
        return None
    request_id, departure = begun
    await records.put(_ASKED, request_id, {"provider": provider.name}, parts.clock.now() + _LIFE)
    return departure


async def taken(parts: Parts, name: str, sent: SentLogout, origin: RequestOrigin) -> Departure | None:
    """Do what the provider says, or note that it has done as we asked; where the browser takes our answer, if any.

    Raises IdentityError, ServiceError, recorded already.
    """
    entry = parts.trail.entry(origin, source=SIGN_IN_SOURCE, name="Logout", codes=FAULTS, metered="Logout")
    with entry:
        entry.read_only = False
        provider = parts.registry.saml(name)
        if provider is None:
            raise SignInRefused(cause="no provider of this name signs people in by SAML")
        entry.details["provider"] = name
        message = await provider.logout_message(sent)
        if isinstance(message, LogoutRequest):
            await _end(parts, name, message, entry)
            entry.succeeded()
            return await provider.logout_answer(message)
        asked = await parts.people.records.take(_ASKED, message.in_response_to)
        if asked is None or asked["provider"] != name:
            raise SignInRefused(cause="the logout response answers no request of ours")
        entry.succeeded()
        return None


async def _end(parts: Parts, name: str, request: LogoutRequest, entry: AuditEntry) -> None:
    """End the sign-ins that the request names, or all of its person: no browser and no program enters by them.

    As with AWS, credentials live on to their own end: signing out is no revocation.
    """
    entry.user_identity = {"type": "SAMLUser", "userName": request.name_id.value}
    key = f"{request.issuer}\0{request.request_id}"
    # Brought again, out of a log or a history, it would sign somebody out who has signed in since.
    if not await parts.once.put_once(_TAKEN, key, parts.clock.now() + _LIFE):
        raise SignInRefused(cause="the logout request was taken before")
    kept = await parts.people.records.get(_INDEX, _person(name, request.issuer, request.name_id))
    rows = [] if kept is None else kept.content["sign_ins"]
    named = [one[0] for one in rows if not request.session_indexes or one[1] in request.session_indexes]
    for sign_in_id in named:
        await sign_ins.close(parts.people, sign_in_id)
    entry.request_parameters = {"sessionIds": named}


def _person(provider: str, issuer: str, name_id: NameId) -> str:
    # By the value alone: providers leave qualifiers and formats out of logout requests as they please.
    return f"{provider}\0{issuer}\0{name_id.value}"


def _name_id(kept: Mapping[str, Any]) -> NameId:
    return NameId(**kept)
