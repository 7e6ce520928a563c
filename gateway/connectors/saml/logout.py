"""Logout messages of an identity provider, read only where its signature holds: a forged one would sign people out.

signature (of the query, or of the document as a whole) -> one parse of what was signed -> who, to whom, when
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.connectors.saml import redirect_binding
from gateway.connectors.saml.certificates import VerificationKey
from gateway.connectors.saml.decryption import decrypted
from gateway.connectors.saml.encoding import decoded
from gateway.connectors.saml.encryption_shape import encryption_shape
from gateway.connectors.saml.names import (
    ISSUER,
    NAME_ID,
    SAML,
    SAMLP,
    SIGNATURE,
    STATUS,
    STATUS_CODE,
    UNSPECIFIED,
    VERSION,
)
from gateway.connectors.saml.refusals import encrypted_otherwise, foreign, inapplicable, misshapen, unsigned
from gateway.connectors.saml.signature import signed_bytes
from gateway.connectors.saml.signature_shape import signature_shape
from gateway.connectors.saml.tree import Element, identified, parsed, text_of
from gateway.domain.assertion import CLOCK_SKEW_SECONDS, NameId
from gateway.domain.logout import LogoutMessage, LogoutRequest, LogoutResponse, SentLogout

_REQUEST: Final = f"{{{SAMLP}}}LogoutRequest"
_RESPONSE: Final = f"{{{SAMLP}}}LogoutResponse"
_ENCRYPTED_ID: Final = f"{{{SAML}}}EncryptedID"
_SESSION_INDEX: Final = f"{{{SAMLP}}}SessionIndex"
_KINDS: Final = {redirect_binding.REQUEST: _REQUEST, redirect_binding.RESPONSE: _RESPONSE}
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
_SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)
_LIFE: Final = timedelta(minutes=5)
_MAXIMUM_INDEXES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutExpectation:
    """Whose messages are taken, and where they must be addressed to."""

    issuer: str
    slo_url: str
    keys: Sequence[VerificationKey]
    decryption_key: rsa.RSAPrivateKey | None = field(repr=False)
    now: datetime


def read(sent: SentLogout, expected: LogoutExpectation) -> LogoutMessage:
    """What the identity provider says, by whichever binding. Raises InvalidIdentityToken."""
    return _from_query(sent, expected) if sent.kind is None else _from_form(sent, sent.kind, expected)


def _from_query(sent: SentLogout, expected: LogoutExpectation) -> LogoutMessage:
    message = redirect_binding.verified(sent.raw_query, expected.keys)
    root = parsed(message.document)
    identified(root)
    return _read(root, message.kind, message.relay_state, expected)


def _from_form(sent: SentLogout, kind: str, expected: LogoutExpectation) -> LogoutMessage:
    root = parsed(decoded(sent.parameter))
    identified(root)
    signatures = root.findall(SIGNATURE)
    if len(signatures) != 1 or len(root.findall(f".//{SIGNATURE}")) != 1:
        unsigned("the message is not signed as a whole, and once")
    signed = signed_bytes(signature_shape(signatures[0]), expected.keys)
    return _read(parsed(signed.canonical), kind, sent.relay_state, expected)


def _read(root: Element, kind: str, relay_state: str | None, expected: LogoutExpectation) -> LogoutMessage:
    if root.tag != _KINDS[kind] or root.get("Version") != VERSION:
        misshapen("the message is not the logout message that its parameter says")
    if text_of(_one(root, ISSUER)).strip() != expected.issuer:
        foreign("the logout message is of another identity provider")
    # SAML core 3.2.1: a signed message says whom it is for, or anybody's could be brought here.
    if root.get("Destination") != expected.slo_url:
        inapplicable("the logout message's Destination is not our address")
    _check_time(root, expected.now)
    if root.tag == _RESPONSE:
        return _response(root)
    return LogoutRequest(
        issuer=expected.issuer,
        request_id=_identifier(root, "ID"),
        name_id=_name_id(_named(root, expected.decryption_key)),
        session_indexes=_session_indexes(root),
        relay_state=relay_state,
    )


def _response(root: Element) -> LogoutResponse:
    code = _one(root, STATUS).find(STATUS_CODE)
    if code is None or not code.get("Value"):
        misshapen("the logout response has no status")
    return LogoutResponse(in_response_to=_identifier(root, "InResponseTo"))


def _check_time(root: Element, now: datetime) -> None:
    """A message is of this moment: an old one, brought again, signs somebody out who has signed in since."""
    issued = _instant(root.get("IssueInstant"))
    if issued is None or not now - _LIFE - _SKEW <= issued <= now + _SKEW:
        inapplicable("the logout message is not of this moment")
    written = root.get("NotOnOrAfter")
    ends = _instant(written)
    if written is not None and (ends is None or now >= ends + _SKEW):
        inapplicable("the logout message has expired")


def _instant(written: str | None) -> datetime | None:
    if written is None or _INSTANT.fullmatch(written) is None:
        return None
    try:
        return datetime.fromisoformat(written[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None


def _named(root: Element, key: rsa.RSAPrivateKey | None) -> Element:
    """The NameID, in the open or encrypted for us (Shibboleth's way).

    A cipher that tells nothing of its own (AES-CBC) is no oracle here: the provider signed these very bytes.
    """
    encrypted = root.findall(_ENCRYPTED_ID)
    if not encrypted:
        return _one(root, NAME_ID)
    if len(encrypted) > 1 or root.find(NAME_ID) is not None:
        misshapen("the logout request names its person more than once")
    if key is None:
        encrypted_otherwise("the logout request's NameID is encrypted, and the provider has no RSA private_key here")
    opened = decrypted(encryption_shape(encrypted[0]), key)
    identified(opened)
    if [child.tag for child in opened] != [NAME_ID] or (opened.text or "").strip() or (opened[0].tail or "").strip():
        misshapen("an EncryptedID holds something else than one NameID")
    return opened[0]


def _name_id(element: Element) -> NameId:
    value = text_of(element)
    if not value.strip() or not value.isprintable():
        misshapen("the logout request's NameID is empty or not printable")
    return NameId(
        value=value,
        format=element.get("Format") or UNSPECIFIED,
        name_qualifier=element.get("NameQualifier"),
        sp_name_qualifier=element.get("SPNameQualifier"),
    )


def _session_indexes(root: Element) -> tuple[str, ...]:
    found = tuple(text_of(one) for one in root.findall(_SESSION_INDEX))
    if len(found) > _MAXIMUM_INDEXES or not all(found):
        misshapen("the logout request's SessionIndex are empty or too many")
    return found


def _identifier(root: Element, name: str) -> str:
    value = root.get(name)
    if not value:
        misshapen(f"the logout message has no {name}")
    return str(value)


def _one(root: Element, name: str) -> Element:
    found = root.findall(name)
    if len(found) != 1:
        misshapen("the logout message does not have exactly one of what it must have")
    return found[0]
