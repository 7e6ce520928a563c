"""`sts-gateway login`: signs a person in at a gateway, by the browser or by a password asked on the terminal."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gateway.client.identity_center import IdentityCenter, Registered

SUMMARY: Final = "sign in at a gateway, by the browser or by a directory's password"
EXAMPLE: Final = """
sts-gateway login --url https://sts.example.com
sts-gateway login --url https://sts.example.com --ldap corp-ad
"""
_SLOWER_BY: Final = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the gateway's address, and the provider of a password."""
    add_gateway(parser)
    parser.add_argument("--ldap", metavar="PROVIDER", help="ask for a name and a password of this provider here")
    parser.add_argument("--username", help="with --ldap: the name, where it is not asked for")


def add_gateway(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the gateway's public_url")
    parser.add_argument("--ca-file", metavar="PATH", help="CA of the gateway's certificate; default: the system's")


def run(arguments: argparse.Namespace) -> int:
    """0: signed in; 1: refused or not reached; 2: an address that cannot be used."""
    return told("login", lambda: _sign_in(arguments))


def told(command: str, use: Callable[[], None]) -> int:
    """Do it; a refusal is one line. 0: done; 1: refused or not reached; 2: an address that cannot be used."""
    from gateway.client.connection import GatewayUnreachable, UnusableAddress
    from gateway.client.identity_center import Refused
    from gateway.client.person import NobodySignedIn

    try:
        use()
    except UnusableAddress as fault:
        print(f"sts-gateway {command}: {fault}", file=sys.stderr)
        return 2
    except EOFError:
        print(f"sts-gateway {command}: it asks, and nobody answers: run it on a terminal", file=sys.stderr)
        return 1
    except (NobodySignedIn, Refused, GatewayUnreachable) as fault:
        print(f"sts-gateway {command}: {fault}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        raise  # nobody reads what it prints: the same for every command
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""  # a full disk names no file
        print(f"sts-gateway {command}: {where}{fault.strerror or fault}", file=sys.stderr)
        return 1
    return 0


def _sign_in(arguments: argparse.Namespace) -> None:
    from gateway.client.identity_center import IdentityCenter
    from gateway.client.person import Person, cache_folder

    center = IdentityCenter(arguments.url, ca_file=arguments.ca_file)
    person = Person(center, cache_folder(os.environ))
    person.check()  # before they go through a sign-in that would be lost
    client = center.register()
    issued = _by_password(center, client, arguments) if arguments.ldap else _by_device(center, client)
    person.keep(client, issued)
    print("You are signed in.", file=sys.stderr)


def _by_password(center: "IdentityCenter", client: "Registered", arguments: argparse.Namespace) -> Mapping[str, Any]:
    import getpass

    from gateway.client.identity_center import PASSWORD

    center.refuse_unknown(arguments.ldap)
    username = arguments.username or input("Name: ")
    grant = {
        "grantType": PASSWORD,
        "provider": arguments.ldap,
        "username": username,
        # Never an argument, which every process of the machine can read.
        "password": getpass.getpass(),
    }
    return center.tokens(client, grant)


def _by_device(center: "IdentityCenter", client: "Registered") -> Mapping[str, Any]:
    started = center.start_device(client)
    print(f"Open {started['verificationUri']} and enter the code {started['userCode']}", file=sys.stderr)
    _open(started["verificationUriComplete"])
    return _polled(center, client, started)


def _polled(center: "IdentityCenter", client: "Registered", started: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tokens, once the person has approved the code. Raises Refused, GatewayUnreachable."""
    from gateway.client.connection import GatewayUnreachable
    from gateway.client.identity_center import DEVICE_CODE, Refused

    grant = {"grantType": DEVICE_CODE, "deviceCode": started["deviceCode"]}
    interval, ends = started["interval"], time.monotonic() + started["expiresIn"]
    while True:
        time.sleep(interval)
        try:
            return center.tokens(client, grant)
        except Refused as waiting:
            if waiting.code == "SlowDownException":
                interval += _SLOWER_BY
            elif waiting.code != "AuthorizationPendingException":
                raise
        except GatewayUnreachable as fault:
            # RFC 8628 3.5: slower, and on with it; the person may be at their provider's page just now.
            interval += _SLOWER_BY
            if time.monotonic() + interval > ends:
                raise
            print(f"sts-gateway login: {fault}; trying again", file=sys.stderr)


def _open(address: str) -> None:
    """Open the browser where this machine shows one to the person."""
    import webbrowser

    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(address)
