"""SAML messages in a form that the browser sends on, signed inside the document (SAML 2.0 Bindings, 3.5)."""

import base64
from typing import Final

from gateway.connectors.saml.enveloping import sign
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.tree import parsed
from gateway.domain.logout import Departure

_RELAY_STATE: Final = "RelayState"


def form_with(location: str, kind: str, document: bytes, relay_state: str | None, key: OwnKey) -> Departure:
    """To `location` with the message in a form. `document`: of our own making, its Issuer first."""
    signed = base64.b64encode(sign(parsed(document), key)).decode("ascii")
    carried = {} if relay_state is None else {_RELAY_STATE: relay_state}
    return Departure(address=location, fields={kind: signed, **carried})
