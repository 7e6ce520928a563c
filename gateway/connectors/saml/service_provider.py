"""The gateway as identity providers know it: its addresses, and its metadata (SAML 2.0 Metadata, 2.4.4)."""

import base64
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from gateway.connectors.saml.metadata import POST, REDIRECT
from gateway.connectors.saml.names import DS, SAMLP
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.tree import Element

_MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
# In the order of preference; what is also taken inside a signed Response alone is not offered.
_ENCRYPTION: Final = (
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """`key` None: requests are not signed, nothing encrypted is taken, nobody is logged out elsewhere."""

    entity_id: str
    acs_url: str
    slo_url: str
    key: OwnKey | None = field(repr=False)

    @classmethod
    def at(cls, public_url: str, provider: str, entity_id: str | None, key: OwnKey | None) -> "ServiceProvider":
        """The gateway at `public_url`, towards the provider that settings call `provider`."""
        base = f"{public_url}/saml/{provider}"
        return cls(entity_id=entity_id or f"{base}/metadata", acs_url=f"{base}/acs", slo_url=f"{base}/slo", key=key)

    def metadata(self) -> bytes:
        """The document for the provider's operator, or for the provider itself to fetch."""
        root = etree.Element(f"{{{_MD}}}EntityDescriptor", {"entityID": self.entity_id}, nsmap={"md": _MD, "ds": DS})
        descriptor = etree.SubElement(
            root,
            f"{{{_MD}}}SPSSODescriptor",
            {
                "AuthnRequestsSigned": "false" if self.key is None else "true",
                "WantAssertionsSigned": "true",
                "protocolSupportEnumeration": SAMLP,
            },
        )
        if self.key is not None:
            self._describe_key(descriptor, self.key)
            for binding in (REDIRECT, POST):
                etree.SubElement(descriptor, f"{{{_MD}}}SingleLogoutService", Binding=binding, Location=self.slo_url)
        etree.SubElement(
            descriptor,
            f"{{{_MD}}}AssertionConsumerService",
            {"Binding": POST, "Location": self.acs_url, "index": "0", "isDefault": "true"},
        )
        written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
        return written

    def _describe_key(self, descriptor: Element, key: OwnKey) -> None:
        for use in ("signing", "encryption") if key.decrypting is not None else ("signing",):
            described = etree.SubElement(descriptor, f"{{{_MD}}}KeyDescriptor", use=use)
            data = etree.SubElement(etree.SubElement(described, f"{{{DS}}}KeyInfo"), f"{{{DS}}}X509Data")
            certificate = etree.SubElement(data, f"{{{DS}}}X509Certificate")
            certificate.text = base64.b64encode(key.certificate).decode("ascii")
            for algorithm in _ENCRYPTION if use == "encryption" else ():
                etree.SubElement(described, f"{{{_MD}}}EncryptionMethod", Algorithm=algorithm)
