"""The command line's entry: finds the subcommand, loads its module alone, and turns endings into exit codes."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from gateway import __version__
from gateway.cli.faults import print_faults
from gateway.settings.faults import ConfigurationError, nearest, shown

PROGRAM: Final = "sts-gateway"
DONE: Final = 0
REFUSED: Final = 1
BAD_USAGE: Final = 2
INTERRUPTED: Final = 130

COMMANDS: Final = {
    "serve": ("gateway.cli.serve", "run the gateway"),
    "check": ("gateway.cli.check", "tell every mistake of a configuration, with its line and the mend"),
    "keys": ("gateway.cli.keys", "make, rotate and list the keys that seal session tokens and sign ID tokens"),
    "explain": ("gateway.cli.explain", "tell which mapping or trust statement grants a role, or why none does"),
    "access": ("gateway.cli.access", "list who may assume what, and by which mapping"),
    "simulate": ("gateway.cli.simulate", "tell what a session of a role may do, and by which statements"),
    "diff": ("gateway.cli.diff", "tell who gains and who loses what by a change of the configuration"),
    "import": ("gateway.cli.import_minio", "turn MinIO's policies and attachments into a configuration"),
    "revoke": ("gateway.cli.revoke", "end sessions before their time, at a gateway that runs somewhere"),
    "login": ("gateway.cli.login", "sign in at a gateway, by the browser or by a directory's password"),
    "credentials": ("gateway.cli.credentials", "print credentials of a role, as credential_process wants them"),
    "configure": ("gateway.cli.configure", "write profiles into ~/.aws/config for all of your roles"),
    "console": ("gateway.cli.console", "open the portal in the browser"),
    "sidecar": ("gateway.cli.sidecar", "serve a workload's credentials on loopback, from its Kubernetes token"),
    "webhook": ("gateway.cli.webhook", "give pods of annotated service accounts what they need to take a role"),
    "demo": ("gateway.cli.demo", "run the embedded demonstration on this machine"),
}
"""Subcommand: its module (`add_arguments`, `run`, `SUMMARY`, `EXAMPLE`), and its line in the general help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 refused, 2 bad usage or configuration, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _run(words)
        sys.stdout.flush()
    except ConfigurationError as error:
        print_faults(error)
        return BAD_USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, a closed pager) has seen enough; Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    return code


def _run(words: list[str]) -> int:
    if not words or words[0] not in COMMANDS:
        _end_without_command(words)
    return _run_command(words[0], words[1:])


def _end_without_command(words: list[str]) -> NoReturn:
    parser = _general_parser()
    # The command alone: what stands behind it belongs to one that is not known.
    unknown = parser.parse_args(words[:1]).command
    parser.error(f"unknown command {shown(unknown)}{nearest(unknown, COMMANDS)}")


def _run_command(name: str, words: list[str]) -> int:
    module: Any = importlib.import_module(COMMANDS[name][0])
    parser = _Parser(
        prog=f"{PROGRAM} {name}",
        description=module.SUMMARY,
        epilog=f"example:\n{_indented(module.EXAMPLE)}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(words))
    return code


def _general_parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {summary}" for name, (_, summary) in COMMANDS.items())
    parser = _Parser(
        prog=PROGRAM,
        usage=f"{PROGRAM} [--help] [--version] COMMAND ...",
        description="A federated identity gateway: external logins in, AWS STS-style temporary credentials out.",
        epilog=f"commands:\n{listed}\n\nexample:\n  {PROGRAM} check --config config/example.yaml\n"
        f"  {PROGRAM} COMMAND --help tells more of one command",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS)
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        # One line, as every refusal; argparse would print the usage before it.
        self.exit(BAD_USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())
