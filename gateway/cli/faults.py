"""How every command tells the faults of a configuration: a line each."""

import sys
from collections.abc import Iterable
from pathlib import Path

from gateway.settings.faults import ConfigurationError, Fault


def print_faults(error: ConfigurationError) -> None:
    """All faults on standard error, `FILE:LINE: error: KEY: message`."""
    for fault in error.faults:
        print(fault.render("error"), file=sys.stderr)


def print_warnings(warnings: tuple[Fault, ...]) -> None:
    """All warnings on standard output, `FILE:LINE: warning: KEY: message`."""
    for warning in warnings:
        print(warning.render("warning"))


def print_file_errors(path: Path, errors: Iterable[str]) -> None:
    """What is wrong with files beside the configuration at `path`, a line each on standard error."""
    from gateway.cli.access import printable

    for error in errors:
        print(printable(f"{path}: error: {error}"), file=sys.stderr)
