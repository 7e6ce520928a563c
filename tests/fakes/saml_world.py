"""A whole gateway with a SAML identity provider, whose metadata stands in a file."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gateway.domain.assertion import UnverifiedAssertion
from gateway.domain.assumption import AssumedRole, SamlRequest, SessionRequest
from tests.fakes.gateway_world import ACCOUNT, ANALYST, ORIGIN, GatewayWorld
from tests.fakes.saml_identity_provider import ISSUER, Facts, SamlIdentityProvider, certificate_of, encoded, pem_of
from tests.fakes.saml_identity_provider import private_key as key_of

ACS = "https://sts.example.com/saml/corp/acs"
SLO = "https://sts.example.com/saml/corp/slo"
PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
IDP = "https://idp.example"
AWS = "https://aws.amazon.com/SAML/Attributes/"

MAPPINGS = """
    - {provider: corp, groups: [analysts], roles: [lake/Analyst]}
    - {provider: corp, groups: [engineers], roles: [lake/Engineer]}
    """


def pem(certificate: bytes) -> str:
    text = base64.encodebytes(certificate).decode("ascii")
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def metadata_xml(
    *certificates: bytes,
    issuer: str = ISSUER,
    sign_in: str = f"{IDP}/sso",
    logout: str | None = f"{IDP}/slo",
    logout_binding: str = "HTTP-Redirect",
    more: str = "",
    attributes: str = "",
) -> str:
    """An identity provider's metadata. `more`: attributes of the root; `attributes`: elements of the descriptor."""
    keys = "".join(
        f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        f"{base64.b64encode(one).decode()}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for one in certificates
    )
    bindings = "urn:oasis:names:tc:SAML:2.0:bindings:"
    slo = f'<md:SingleLogoutService Binding="{bindings}{logout_binding}" Location="{logout}"/>'
    slo = "" if logout is None else slo
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" '
        'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
        f'entityID="{issuer}" {more}>'
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{keys}{slo}<md:SingleSignOnService Binding="{bindings}HTTP-Redirect" Location="{sign_in}"/>{attributes}'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def write_files(folder: Path, provider: SamlIdentityProvider, **metadata: Any) -> None:
    """The provider's metadata, and a key pair of the gateway's own."""
    (folder / "idp.xml").write_text(metadata_xml(provider.certificate, **metadata))
    (folder / "sp.crt").write_text(pem(certificate_of("RSA", "sp")))
    (folder / "sp.key").write_text(pem_of(key_of("RSA", "sp")))


class SamlWorld(GatewayWorld):
    """One gateway; `saml` is the identity provider that its configuration calls `corp`. `settings`: keys of it."""

    def __init__(
        self,
        folder: Path,
        settings: str = "",
        *,
        logout: str | None = f"{IDP}/slo",
        logout_binding: str = "HTTP-Redirect",
        **sections: str,
    ) -> None:
        self.saml = SamlIdentityProvider()
        write_files(folder, self.saml, logout=logout, logout_binding=logout_binding)
        keys = "certificate: ./sp.crt, private_key: '${file:./sp.key}'"
        providers = f"corp: {{type: saml, metadata: ./idp.xml, {keys}{', ' if settings else ''}{settings}}}"
        self.sections = {"providers": providers, "mappings": MAPPINGS, **sections}
        super().__init__(folder, **self.sections)

    def facts(self, *groups: str, attributes: Mapping[str, str | Sequence[str]] | None = None, **changes: Any) -> Facts:
        """What an honest answer says now; `attributes` are added to uid, mail and memberOf."""
        made = Facts(now=self.clock.now(), recipient=ACS, destination=ACS)
        groups = groups or ("analysts",)
        given = {"uid": "alice", "mail": "alice@corp.example", "memberOf": groups, **(attributes or {})}
        return replace(made, **{"attributes": given, **changes})

    def assertion(self, *groups: str, signed: str = "a", **changes: Any) -> UnverifiedAssertion:
        return encoded(self.saml.response(self.facts(*groups, **changes), signed=signed))

    async def assume_with(
        self, assertion: str | None = None, role: str = ANALYST, principal: str = PRINCIPAL, **session: Any
    ) -> AssumedRole:
        request = SamlRequest(
            principal_arn=principal,
            assertion=UnverifiedAssertion(assertion or self.assertion()),
            session=SessionRequest(role_arn=role, **session),
        )
        return await self.exchange.assume_role_with_saml(request, ORIGIN)
