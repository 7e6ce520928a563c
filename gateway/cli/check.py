"""`sts-gateway check`: validate and lint a configuration, or print its JSON Schema."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gateway.settings.configuration import Configuration, GatewaySettings

SUMMARY: Final = "tell every mistake of a configuration, with file, line and the mend; and what is valid but dangerous"
EXAMPLE: Final = """
sts-gateway check --config config/example.yaml
sts-gateway check --config /etc/sts-gateway --strict
sts-gateway check --config /etc/sts-gateway --live --user corp-ad/alice
sts-gateway check --schema > sts-gateway.schema.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--config PATH` with `--strict`, `--live` and `--user`, or `--schema`."""
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--config", type=Path, metavar="PATH", help="a YAML file, or a folder of *.yaml")
    subject.add_argument("--schema", action="store_true", help="print the JSON Schema of the configuration and end")
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    parser.add_argument("--live", action="store_true", help="also ask the providers and the state store")
    parser.add_argument(
        "--user", metavar="PROVIDER/NAME", help="with --live: this person's groups and roles; no password is asked"
    )


def run(arguments: argparse.Namespace) -> int:
    """Tell all findings, then one line that sums them up.

    Errors go to standard error and warnings to standard output. 0: nothing found (without `--strict`: no error);
    1: errors found, with `--strict` warnings too; 2: there is nothing to read at the path, or bad usage.
    """
    if (arguments.live and arguments.schema) or (arguments.user is not None and not arguments.live):
        print("sts-gateway check: --live goes with --config, and --user with --live; see --help", file=sys.stderr)
        return 2
    if arguments.schema:
        return _print_schema()
    return _check(arguments)


def _print_schema() -> int:
    from gateway.settings.schema import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from gateway.cli.faults import print_faults, print_warnings
    from gateway.settings.faults import ConfigurationError, UnreadableConfiguration
    from gateway.settings.load import load

    path: Path = arguments.config
    try:
        configuration = load(path)
    except UnreadableConfiguration as error:
        print_faults(error)
        return 2
    except ConfigurationError as error:
        print_warnings(error.warnings)
        print_faults(error)
        print(f"{path}: {_counted(len(error.faults), 'error')}", file=sys.stderr)
        return 1
    print_warnings(configuration.warnings)
    return _judge(path, configuration, arguments)


def _judge(path: Path, configuration: "Configuration", arguments: argparse.Namespace) -> int:
    """What this machine says of a configuration that is without fault, and the line that sums up."""
    from gateway.cli.faults import print_file_errors
    from gateway.cli.live import check_live
    from gateway.cli.local_files import seen, seen_where_it_serves
    from gateway.domain.clock import SteadyClock

    found = (seen_where_it_serves if arguments.live else seen)(configuration, SteadyClock().now())
    _print_files(path, (*_behind_nobody(configuration.gateway), *found.notes), found.warnings)
    warnings = len(configuration.warnings) + len(found.warnings)
    if found.errors and not arguments.live:  # which tells them after what the providers say
        print_file_errors(path, found.errors)
        print(f"{path}: {_counted(len(found.errors), 'error')}", file=sys.stderr)
        return 1
    if arguments.strict and warnings:
        print(f"{path}: {_counted(warnings, 'warning')}, refused by --strict", file=sys.stderr)
        return 1
    _print_summary(path, configuration, warnings)
    if not arguments.live:
        return 0
    return check_live(path, configuration, arguments.user, found.errors, strict=arguments.strict)


def _print_files(path: Path, notes: "Iterable[str]", warnings: "Iterable[str]") -> None:
    from gateway.cli.access import printable

    for severity, told in (("note", notes), ("warning", warnings)):
        for one in told:
            print(printable(f"{path}: {severity}: {one}"))


def _print_summary(path: Path, configuration: "Configuration", warnings: int) -> None:
    told = f", {_counted(warnings, 'warning')}" if warnings else ""
    roles, mappings = len(configuration.roles), len({mapping.mapping_id for mapping in configuration.mappings})
    print(f"{path}: in order: {_counted(roles, 'role')}, {_counted(mappings, 'mapping')}{told}")


def _behind_nobody(gateway: "GatewaySettings") -> "Iterator[str]":
    """Something else ends TLS, and is not known as a proxy."""
    if gateway.public_url.startswith("https:") and gateway.tls is None and not gateway.trusted_proxies:
        yield (
            "a proxy ends TLS, and gateway.trusted_proxies names none: all clients have its address in the audit log, "
            "in policies, before throttles and in the bound of connections; name the proxy's address"
        )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
