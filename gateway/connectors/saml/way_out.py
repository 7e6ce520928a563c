"""How logout messages go to a provider: by redirect where it takes them so, else by a form, always signed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.connectors.saml import post_binding, redirect_binding
from gateway.connectors.saml.metadata import Endpoint, IdpMetadata
from gateway.connectors.saml.own_key import OwnKey
from gateway.domain.logout import Departure

_Binding = Callable[[str, str, bytes, str | None, OwnKey], Departure]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayOut:
    """`endpoint`: where the provider takes requests, and answers to its own."""

    endpoint: Endpoint
    key: OwnKey = field(repr=False)
    binding: _Binding

    def request(self, document: bytes) -> Departure:
        return self.binding(self.endpoint.location, redirect_binding.REQUEST, document, None, self.key)

    def response(self, document: bytes, relay_state: str | None) -> Departure:
        return self.binding(self.endpoint.response_location, redirect_binding.RESPONSE, document, relay_state, self.key)


def way_out(metadata: IdpMetadata | None, key: OwnKey | None) -> WayOut | None:
    """None where there is no key to sign with, or the provider takes no logout messages."""
    if metadata is None or key is None:
        return None
    if metadata.logout_redirect is not None:
        return WayOut(endpoint=metadata.logout_redirect, key=key, binding=_redirected)
    if metadata.logout_post is not None:
        return WayOut(endpoint=metadata.logout_post, key=key, binding=post_binding.form_with)
    return None


def _redirected(location: str, kind: str, document: bytes, relay_state: str | None, key: OwnKey) -> Departure:
    return Departure(address=redirect_binding.address_with(location, kind, document, relay_state, key))
