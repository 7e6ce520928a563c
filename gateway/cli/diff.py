"""`sts-gateway diff`: who gains and who loses what between two configurations."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli.access import print_columns

if TYPE_CHECKING:
    from gateway.connectors.ldap.settings import LdapSettings
    from gateway.connectors.oidc.settings import OidcSettings
    from gateway.connectors.saml.settings import SamlSettings
    from gateway.exchange.impact import Change, Side
    from gateway.settings.configuration import Configuration

SUMMARY: Final = (
    "tell what a change of configuration gives and takes: which groups, claims, roles and users gain or lose which "
    "roles and permissions; order and style of writing make no difference"
)
EXAMPLE: Final = """
sts-gateway diff /etc/sts-gateway config/example.yaml
sts-gateway diff old.yaml new.yaml --format json
"""
_COLUMNS: Final = ("change", "who", "what", "by")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `OLD`, `NEW` and `--format`."""
    parser.add_argument("old", type=Path, metavar="OLD", help="the configuration as it is: a file, or a folder")
    parser.add_argument("new", type=Path, metavar="NEW", help="the configuration as it would be")
    parser.add_argument("--format", choices=tuple(FORMATS), default="table", help="default: table")


def run(arguments: argparse.Namespace) -> int:
    """List the changes. 0: listed, whether there are any or not; 2: bad usage or configuration.

    Raises ConfigurationError.
    """
    from gateway.exchange.impact import impact
    from gateway.settings.load import load

    FORMATS[arguments.format](impact(_side(load(arguments.old)), _side(load(arguments.new))))
    return 0


def _side(configuration: "Configuration") -> "Side":
    from gateway.exchange.impact import Side
    from gateway.settings.compiled import catalog_of

    return Side(
        catalog=catalog_of(configuration),
        users=configuration.users,
        providers={name: _taken(settings) for name, settings in configuration.providers.items()},
    )


def _taken(settings: "OidcSettings | SamlSettings | LdapSettings") -> str:
    """What is believed of a provider, in a phrase."""
    if settings.type == "ldap":
        return f"passwords of {settings.users.base or settings.user_dn_template} at {', '.join(settings.servers)}"
    if settings.type == "saml":
        return f"assertions of the provider in {settings.metadata} for {settings.entity_id or 'the default entity id'}"
    return f"tokens of {settings.issuer} for {', '.join(sorted(settings.audiences)) or 'browser sign-in'}"


def _cells(change: "Change") -> dict[str, str]:
    return {column: getattr(change, column) for column in _COLUMNS}


def _print_json(changes: "Sequence[Change]") -> None:
    print(json.dumps([_cells(change) for change in changes], indent=2))


def _print_table(changes: "Sequence[Change]") -> None:
    if not changes:
        print("no difference in who may do what")
        return
    print_columns([_COLUMNS, *(tuple(_cells(change).values()) for change in changes)])


FORMATS: Final[Mapping[str, Callable[[Sequence["Change"]], None]]] = {"table": _print_table, "json": _print_json}
