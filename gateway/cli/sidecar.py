"""`sts-gateway sidecar`: credentials beside a workload, from its Kubernetes token, where its SDK looks for them."""

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.cli.arguments import port

if TYPE_CHECKING:
    from gateway.client.sts import Sts
    from gateway.sidecar.roles import Wanted
    from gateway.sidecar.serve import Source

SUMMARY: Final = "serve a workload's credentials on loopback, traded for its Kubernetes token and kept fresh"
EXAMPLE: Final = """
export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/sts-gateway/authorization
sts-gateway sidecar --gateway https://sts.example.com --role-arn arn:aws:iam::111122223333:role/EtlJob \\
  --token-file /var/run/secrets/sts-gateway/token --port 9911
the workload: AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:9911/v1/credentials, and the same authorization token
"""
PORT: Final = 9911
LOOPBACK: Final = "127.0.0.1"
_SHORTEST: Final = 900
_LONGEST: Final = 43_200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the gateway, the roles, the token and where to listen."""
    parser.add_argument("--gateway", required=True, metavar="URL", help="the gateway's public_url")
    parser.add_argument("--ca-file", metavar="PATH", help="CA of the gateway's certificate; default: the system's")
    parser.add_argument(
        "--role-arn",
        required=True,
        action="append",
        metavar="[NAME=]ARN",
        help="role at /v1/credentials, or at /v1/credentials/NAME; may be repeated",
    )
    parser.add_argument("--token-file", required=True, metavar="PATH", help="the projected service account token")
    parser.add_argument("--session-name", metavar="NAME", help="default: $AWS_ROLE_SESSION_NAME, else the host's name")
    parser.add_argument(
        "--duration", type=_duration, metavar="SECONDS", help="of a session; default: as the role has it"
    )
    parser.add_argument("--port", type=port, default=PORT, help=f"default: {PORT}")
    parser.add_argument(
        "--listen", action="append", metavar="ADDRESS", help=f"may be repeated; default: {LOOPBACK} alone"
    )
    parser.add_argument("--imds", action="store_true", help="also IMDSv2, which asks its callers for no token")
    parser.add_argument(
        "--probe-port",
        type=port,
        metavar="PORT",
        help="/healthz, /readyz and /metrics, on every address; default: none",
    )


def run(arguments: argparse.Namespace) -> int:
    """0: ended by SIGTERM; 1: cannot listen, or a renewal failed by a fault of its own; 2: bad usage."""
    from gateway.client.connection import UnusableAddress
    from gateway.sidecar.guard import UnusableAuthorization
    from gateway.sidecar.listening import CannotListen, UnusableListening, listening_on
    from gateway.sidecar.roles import UnusableRole, wanted
    from gateway.sidecar.serve import Listening, serve

    try:
        sources = _sources(arguments, wanted(arguments.role_arn))
        addresses = listening_on(arguments.listen or [LOOPBACK], imds=arguments.imds)
        listening = Listening(
            addresses=addresses, port=arguments.port, imds=arguments.imds, probe_port=arguments.probe_port
        )
        return serve(sources, listening, os.environ)
    except (UnusableAddress, UnusableAuthorization, UnusableListening, UnusableRole) as fault:
        return _told(fault, 2)
    except CannotListen as fault:
        return _told(f"{fault} (--listen, --port, --probe-port)", 1)


def _told(fault: Exception | str, code: int) -> int:
    print(f"sts-gateway sidecar: {fault}", file=sys.stderr)
    return code


def _sources(arguments: argparse.Namespace, roles: "tuple[Wanted, ...]") -> "list[Source]":
    """Raises UnusableAddress."""
    from gateway.client.sts import Sts

    sts = Sts(arguments.gateway, ca_file=arguments.ca_file)
    name = session_name(arguments.session_name or os.environ.get("AWS_ROLE_SESSION_NAME") or socket.gethostname())
    return [_source(role, sts, arguments, name) for role in roles]


def _source(role: "Wanted", sts: "Sts", arguments: argparse.Namespace, name: str) -> "Source":
    from gateway.client.sts import SessionKeys
    from gateway.client.token_file import TokenFile
    from gateway.sidecar.serve import Source

    token_file = TokenFile(path=Path(arguments.token_file))

    def fetch() -> SessionKeys:
        return sts.assume_role_with_web_identity(
            role_arn=role.arn, session_name=name, token=token_file.read(), duration=arguments.duration
        )

    return Source(name=role.name, account=role.account, imds_name=role.imds_name, fetch=fetch)


def session_name(text: str) -> str:
    """`text` in AWS's grammar of session names: pods have dots and hyphens, and little else comes here."""
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "_+=,.@-") else "-" for letter in text)
    return kept[:64].ljust(2, "-")


def _duration(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and _SHORTEST <= int(text) <= _LONGEST):
        raise argparse.ArgumentTypeError(f"seconds, from {_SHORTEST} to {_LONGEST}")
    return int(text)
