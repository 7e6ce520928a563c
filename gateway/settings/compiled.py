"""A configuration's roles, mappings and policies, compiled: the one way from settings to a catalog."""

from gateway.roles.catalog import Catalog
from gateway.settings.configuration import Configuration


def catalog_of(configuration: Configuration) -> Catalog:
    return Catalog.compile(
        roles=configuration.roles,
        mappings=configuration.mappings,
        issuers=configuration.issuers,
        policies=configuration.policies,
        provider_types=configuration.provider_types,
    )
