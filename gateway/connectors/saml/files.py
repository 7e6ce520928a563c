"""The files that a SAML provider's settings name, read: the gateway's own key pair, and what vouches for metadata."""

from gateway.connectors.saml.certificates import VerificationKey, usable_certificates
from gateway.connectors.saml.metadata import parsed, read_metadata, signed_root
from gateway.connectors.saml.metadata_source import Read
from gateway.connectors.saml.own_key import OwnKey, der_of, read_certificate, read_key
from gateway.connectors.saml.settings import SamlSettings


def own_key(settings: SamlSettings) -> OwnKey | None:
    """Raises ValueError with the mend."""
    if settings.certificate is None or settings.private_key is None:
        return None
    return read_key(settings.private_key.get_secret_value(), settings.certificate)


def reading_of(settings: SamlSettings) -> Read:
    """How the provider's metadata is read; its signature is checked where settings say whose. Raises ValueError."""
    if settings.metadata_certificate is None:
        return lambda document: read_metadata(parsed(document))
    certificate = read_certificate(settings.metadata_certificate, "metadata_certificate")
    keys: tuple[VerificationKey, ...] = usable_certificates([der_of(certificate)])
    return lambda document: read_metadata(signed_root(parsed(document), keys))
