"""`sts-gateway credentials --serve`: a person's role at a container-credentials endpoint on their own machine."""

import argparse
import ipaddress
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from gateway.cli.login import told

if TYPE_CHECKING:
    from gateway.client.person import Person
    from gateway.sidecar.serve import Source

Choosing = Callable[["Person", str | None], tuple[str, str]]

_LOOPBACK: Final = ipaddress.IPv4Address("127.0.0.1")


def serve(arguments: argparse.Namespace, choose: Choosing, line: str) -> int:
    """Serve until the person ends it. `line`: how their shell sets a variable, with `name` and `value`."""
    from gateway.cli.credentials import given_to
    from gateway.client.identity_center import IdentityCenter
    from gateway.client.person import Person, cache_folder

    made: list[Source] = []

    def sign_in() -> None:
        center = IdentityCenter(arguments.url, ca_file=arguments.ca_file)
        person = Person(center, cache_folder(os.environ))
        account, role = choose(person, arguments.role)
        # Asked for once before anything is served: who is not signed in is told so here.
        given_to(person, account, role)
        made.append(_source(person, account, role))

    code = told("credentials", sign_in)
    return code or _serve(made[0], arguments.serve, line)


def _serve(source: "Source", port: int, line: str) -> int:
    from gateway.sidecar.guard import UnusableAuthorization
    from gateway.sidecar.listening import CannotListen
    from gateway.sidecar.serve import Listening, serve

    try:
        listening = Listening(addresses=(_LOOPBACK,), port=port, imds=False, probe_port=None)
        variables = _variables(os.environ, port)
        # Not before the port is ours: whoever has it would give this person's programs credentials of their own.
        return serve([source], listening, {**os.environ, **variables}, lambda: _print(variables, line))
    except CannotListen as fault:
        print(f"sts-gateway credentials: {fault} (--serve)", file=sys.stderr)
        return 1
    except UnusableAuthorization as fault:
        print(f"sts-gateway credentials: {fault}", file=sys.stderr)
        return 2


def _variables(environment: Mapping[str, str], port: int) -> Mapping[str, str]:
    """What programs must be told, with an authorization token where the person has none of their own."""
    from gateway.sidecar.container import PATH
    from gateway.sidecar.guard import TOKEN, TOKEN_FILE

    told = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{_LOOPBACK}:{port}{PATH}"}
    if not (environment.get(TOKEN) or environment.get(TOKEN_FILE)):
        told[TOKEN] = secrets.token_urlsafe(32)
    return told


def _print(variables: Mapping[str, str], line: str) -> None:
    for name, value in variables.items():
        print(line.format(name=name, value=value))
    sys.stdout.flush()


def _source(person: "Person", account: str, role: str) -> "Source":
    from gateway.client.connection import GatewayUnreachable
    from gateway.client.identity_center import Refused
    from gateway.client.person import NobodySignedIn
    from gateway.client.sts import SessionKeys, StsRefusal
    from gateway.sidecar.serve import Source

    def fetch() -> SessionKeys:
        try:
            given = person.fresh_credentials(account, role)
        except NobodySignedIn:
            raise StsRefusal("NobodySignedIn", "the sign-in has ended; run sts-gateway login") from None
        except Refused as refusal:
            raise StsRefusal(refusal.code, str(refusal)) from None
        except OSError as error:
            raise GatewayUnreachable(f"the cache of sign-ins cannot be used: {error.strerror}") from None
        return SessionKeys(
            access_key_id=given["accessKeyId"],
            secret_access_key=given["secretAccessKey"],
            session_token=given["sessionToken"],
            expires=given["expiration"] / 1000,
        )

    return Source(name=None, account=account, imds_name=role, fetch=fetch)
