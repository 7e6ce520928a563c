"""What the gateway sends to identity providers: requests to sign somebody in, and logout messages, as XML."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from lxml import etree

from gateway.connectors.saml.metadata import POST
from gateway.connectors.saml.names import SAML, SAMLP, SUCCESS, UNSPECIFIED, VERSION
from gateway.connectors.saml.tree import Element
from gateway.domain.assertion import NameId
from gateway.domain.clock import utc_text

_RANDOM_BYTES: Final = 20
_PREFIXES: Final = {"samlp": SAMLP, "saml": SAML}


def new_id() -> str:
    """SAML core 1.3.4: as good as never twice, and a name that XML takes, which no digit may begin."""
    return f"_{secrets.token_hex(_RANDOM_BYTES)}"


def authn_request(*, request_id: str, destination: str, acs_url: str, entity_id: str, now: datetime) -> bytes:
    """SAML core 3.4.1: the answer is to come by POST to our assertion consumer service."""
    root = _message(
        "AuthnRequest",
        request_id,
        destination,
        entity_id,
        now,
        {"ProtocolBinding": POST, "AssertionConsumerServiceURL": acs_url},
    )
    etree.SubElement(root, f"{{{SAMLP}}}NameIDPolicy", AllowCreate="true")
    return _written(root)


def logout_request(
    *, request_id: str, destination: str, entity_id: str, now: datetime, name_id: NameId, session_indexes: Sequence[str]
) -> bytes:
    """SAML core 3.7.1: the person whom the provider knows by this name ends these sessions."""
    root = _message("LogoutRequest", request_id, destination, entity_id, now, {})
    named = etree.SubElement(root, f"{{{SAML}}}NameID")
    qualifiers = {
        "NameQualifier": name_id.name_qualifier,
        "SPNameQualifier": name_id.sp_name_qualifier,
        "Format": None if name_id.format == UNSPECIFIED else name_id.format,
    }
    for attribute, value in qualifiers.items():
        if value is not None:
            named.set(attribute, value)
    named.text = name_id.value
    for index in session_indexes:
        etree.SubElement(root, f"{{{SAMLP}}}SessionIndex").text = index
    return _written(root)


def logout_response(*, destination: str, entity_id: str, now: datetime, in_response_to: str) -> bytes:
    """SAML core 3.7.2: what was asked is done."""
    root = _message("LogoutResponse", new_id(), destination, entity_id, now, {"InResponseTo": in_response_to})
    status = etree.SubElement(root, f"{{{SAMLP}}}Status")
    etree.SubElement(status, f"{{{SAMLP}}}StatusCode", Value=SUCCESS)
    return _written(root)


def _message(
    name: str, message_id: str, destination: str, entity_id: str, now: datetime, more: Mapping[str, str]
) -> Element:
    given = {
        "ID": message_id,
        "Version": VERSION,
        "IssueInstant": utc_text(now),
        "Destination": destination,
        **more,
    }
    root = etree.Element(f"{{{SAMLP}}}{name}", given, nsmap=_PREFIXES)
    etree.SubElement(root, f"{{{SAML}}}Issuer").text = entity_id
    return root


def _written(root: Element) -> bytes:
    written: bytes = etree.tostring(root)
    return written
