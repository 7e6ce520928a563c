"""The whole configuration file."""

from typing import Annotated, Final

from pydantic import BaseModel, Field

from gateway.connectors.ldap.settings import LdapSettings
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.saml.settings import SamlSettings
from gateway.settings.models.gateway import GatewaySection
from gateway.settings.models.mappings import MappingSection
from gateway.settings.models.roles import RoleSection
from gateway.settings.models.section import Document, PolicyName, SectionModel
from gateway.settings.models.services import ServiceSection
from gateway.settings.models.users import UserSection
from gateway.settings.values import AccountAlias, AccountId, ProviderName, QualifiedName, ServiceName

PROVIDER_TYPES: Final[dict[str, type[BaseModel]]] = {
    "oidc": OidcSettings,
    "saml": SamlSettings,
    "ldap": LdapSettings,
}
"""The provider types, and the keys of each."""

ProviderSection = Annotated[OidcSettings | SamlSettings | LdapSettings, Field(discriminator="type")]


class DocumentModel(SectionModel):
    """Configuration of sts-gateway."""

    gateway: GatewaySection = Field(description="The server itself.")
    accounts: dict[AccountAlias, AccountId] = Field(
        default={}, description="Accounts: alias to 12-digit id, the id in quotes."
    )
    providers: dict[ProviderName, ProviderSection] = Field(
        default={}, description="External user stores by name; `type` says which kind."
    )
    roles: dict[QualifiedName, RoleSection] = Field(
        default={}, description="Roles by ACCOUNT/ROLE, the account by its alias."
    )
    policies: dict[PolicyName, Document] = Field(default={}, description="IAM policy documents by name.")
    mappings: tuple[MappingSection, ...] = Field(
        default=(), description="Who may assume what; the order does not matter, the keys of one mapping are ANDed."
    )
    users: dict[QualifiedName, UserSection] = Field(
        default={}, description="Long-lived keys of machines and operators, by ACCOUNT/USER."
    )
    services: dict[ServiceName, ServiceSection] = Field(
        default={}, description="Resource servers in front of which the gateway decides, by name."
    )
