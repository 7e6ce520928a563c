"""`sts-gateway access`: who may assume what, and by which mapping or trust statement."""

import argparse
import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.domain.role import Role
    from gateway.exchange.catalogue import AccessRow
    from gateway.roles.catalog import Catalog

SUMMARY: Final = "list who may assume what, and by which mapping"
EXAMPLE: Final = """
sts-gateway access --config config/example.yaml
sts-gateway access --config config/example.yaml --role data-platform/Analyst --format csv
"""
COLUMNS: Final = {
    "role": "role",
    "effect": "effect",
    "provider": "provider",
    "who": "who",
    "conditions": "conditions",
    "by": "granted_by",
}
"""Column to the row's attribute, in every format."""


class UnknownName(Exception):
    """A name that the configuration does not know; the message tells the nearest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--config`, `--role` and `--format`."""
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="a YAML file, or a folder of *.yaml")
    parser.add_argument("--role", metavar="ACCOUNT/ROLE", help="only this role; default: all roles")
    parser.add_argument("--format", choices=tuple(FORMATS), default="table", help="default: table")


def run(arguments: argparse.Namespace) -> int:
    """List every way to every role. 0: listed; 2: no such role, or a bad configuration.

    Raises ConfigurationError.
    """
    from gateway.exchange.catalogue import access
    from gateway.settings.compiled import catalog_of
    from gateway.settings.load import load

    configuration = load(arguments.config)
    catalog = catalog_of(configuration)
    try:
        roles = chosen_roles(catalog, arguments.role)
    except UnknownName as fault:
        print(f"sts-gateway access: {fault}", file=sys.stderr)
        return 2
    FORMATS[arguments.format](access(catalog, roles, configuration.users))
    return 0


def chosen_roles(catalog: "Catalog", name: str | None) -> "Sequence[Role] | None":
    """The one role called `name`, or None for all. Raises UnknownName."""
    from gateway.settings.faults import nearest, shown

    if name is None:
        return None
    role = catalog.role_by_name(name)
    if role is None:
        known = [one.name for one in catalog.roles]
        raise UnknownName(f"unknown role {shown(name)}{nearest(name, known)}")
    return [role]


def _cells(row: "AccessRow") -> dict[str, str]:
    return {column: getattr(row, attribute) for column, attribute in COLUMNS.items()}


def _print_json(rows: "Sequence[AccessRow]") -> None:
    print(json.dumps([_cells(row) for row in rows], indent=2))


def _print_csv(rows: "Sequence[AccessRow]") -> None:
    writer = csv.DictWriter(sys.stdout, fieldnames=list(COLUMNS), lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _inert(cell) for column, cell in _cells(row).items()} for row in rows)


def _inert(cell: str) -> str:
    # A spreadsheet takes such a cell for a formula; group names may come from anybody's directory.
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def _print_table(rows: "Sequence[AccessRow]") -> None:
    print_columns([tuple(COLUMNS), *(tuple(_cells(row).values()) for row in rows)])


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """A table; the first row is its head."""
    lines = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """`text` on one line, with whatever could move a terminal's cursor or turn the reading direction escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


FORMATS: Final[Mapping[str, Callable[[Sequence["AccessRow"]], None]]] = {
    "table": _print_table,
    "csv": _print_csv,
    "json": _print_json,
}
