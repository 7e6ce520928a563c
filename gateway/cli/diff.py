"""`sts-gateway diff`: who gains and who loses what between two configurations."""

import argparse
import hashlib
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
    "roles and permissions, whom which service serves; order and style of writing make no difference"
)
EXAMPLE: Final = """
sts-gateway diff /etc/sts-gateway config/example.yaml
sts-gateway diff old.yaml new.yaml --format json
"""
_COLUMNS: Final = ("change", "who", "what", "by")
_SHOWN_DIGEST: Final = 12


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
        services=configuration.services,
    )


def _taken(settings: "OidcSettings | SamlSettings | LdapSettings") -> tuple[str, ...]:
    """What is believed of a provider, a phrase each."""
    if settings.type == "ldap":
        return _of_directory(settings)
    if settings.type == "saml":
        return _of_assertions(settings)
    return _of_tokens(settings)


def _of_directory(settings: "LdapSettings") -> tuple[str, ...]:
    users, groups = settings.users, settings.groups
    found = "no groups"
    if groups is not None:
        found = f"groups by {groups.filter} under {groups.base}, called by {groups.name}, nested: {groups.nested}"
        if groups.nested == "walk":
            found += f" to a depth of {groups.depth}"
    return (
        f"passwords of {users.base or settings.user_dn_template} at {', '.join(settings.servers)}",
        f"people by {users.filter}, called by {users.username}",
        found,
    )


def _of_assertions(settings: "SamlSettings") -> tuple[str, ...]:
    from gateway.exchange.catalogue import told_duration

    names = settings.attributes
    return (
        f"assertions of the provider in {_metadata(settings)} for {settings.entity_id or 'the default entity id'}",
        f"usernames by the attribute {names.username}, groups by {names.groups}",
        f"sign-ins of the last {told_duration(settings.max_authentication_age)}",
        *(["sign-ins that begin at the provider"] if settings.allow_idp_initiated else []),
    )


def _of_tokens(settings: "OidcSettings") -> tuple[str, ...]:
    names, parties = settings.claims, settings.authorized_parties
    return (
        f"tokens of {settings.issuer} for {', '.join(sorted(settings.audiences)) or 'browser sign-in'}",
        f"usernames by the claim {names.username}, groups by {names.groups}",
        f"signatures by {', '.join(sorted(settings.algorithms))}",
        *([] if settings.jwks_file is None else [f"keys of {_file(settings.jwks_file)}"]),
        *([] if settings.client_id is None else [f"browser sign-in as {settings.client_id}"]),
        *([] if parties is None else [f"tokens for several given to {', '.join(sorted(parties)) or 'nobody'}"]),
    )


def _metadata(settings: "SamlSettings") -> str:
    from gateway.connectors.saml.settings import is_address

    return settings.metadata if is_address(settings.metadata) else _file(Path(settings.metadata))


def _file(path: Path) -> str:
    """A file by its name and what it holds: its folder is no matter, and other keys under the same name are."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_SHOWN_DIGEST]
    return f"{path.name} (SHA-256 {digest}...)"


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
