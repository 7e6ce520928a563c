"""`sts-gateway revoke`: ends sessions before their time, at a gateway that runs somewhere."""

import argparse
import os
import sys
from typing import Final

SUMMARY: Final = "end sessions before their time: one sign-in, one key, all of a person's, all of a role's"
EXAMPLE: Final = """
sts-gateway revoke --url https://sts.example.com --session 7QX2M4ZB5KDWTA3C
sts-gateway revoke --url https://sts.example.com --subject workforce/248289761001
sts-gateway revoke --url https://sts.example.com --role data-platform/Analyst --profile operator
"""

_KINDS: Final = ("session", "access_key", "subject", "role")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the gateway's address and the one thing to end."""
    parser.add_argument("--url", required=True, help="the gateway's public_url")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--session", metavar="ID", help="one sign-in and all that came of it; the sessionId of an audit line"
    )
    what.add_argument("--access-key", metavar="ID", help="one set of temporary credentials (ASIA...)")
    what.add_argument(
        "--subject", metavar="PROVIDER/SUBJECT", help="what the person's sign-ins have given until now, everywhere"
    )
    what.add_argument("--role", metavar="ACCOUNT/ROLE", help="all sessions of the role that were opened until now")
    parser.add_argument("--profile", help="AWS profile whose credentials sign; default: the environment's")
    parser.add_argument("--ca-file", metavar="PATH", help="CA of the gateway's certificate; default: the system's")


def run(arguments: argparse.Namespace) -> int:
    """0: revoked; 1: refused or not reached; 2: no credentials, or an address that cannot be used."""
    from gateway.cli.access import printable
    from gateway.client.api import GatewayApi, GatewayRefusal
    from gateway.client.aws_credentials import NoCredentials, find
    from gateway.client.connection import GatewayUnreachable, UnusableAddress
    from gateway.domain.authentication import RevocationRequest
    from gateway.domain.clock import utc_text
    from gateway.domain.revocation import RevocationKind

    kind = next(one for one in _KINDS if getattr(arguments, one) is not None)
    request = RevocationRequest(kind=RevocationKind(kind), value=getattr(arguments, kind))
    try:
        credentials = find(os.environ, profile=arguments.profile)
        api = GatewayApi(url=arguments.url, credentials=lambda: credentials, ca_file=arguments.ca_file)
        revoked = api.revoke(request)
    except (NoCredentials, UnusableAddress) as fault:
        return _told(fault, 2)
    except GatewayRefusal as refusal:
        return _told(f"{refusal}{_MENDS.get(refusal.code, '')}", 1)
    except GatewayUnreachable as fault:
        return _told(fault, 1)
    made = revoked.revocation
    print(
        f"revoked: {made.kind.value.replace('_', ' ')} {made.value}, what was issued up to "
        f"{utc_text(made.issued_before)}; in force everywhere within 10 seconds"
    )
    for one in revoked.sign_ins:
        came_by = ", ".join(one.programs) or one.client or "a program that did not say its name"
        person = f"{one.user_name} of {one.provider}"
        print(printable(f"sign-in {one.id}: {person}, {utc_text(one.begun)}, from {one.address}, {came_by}"))
    return 0


# The message is AWS's own, and says too little to somebody at a terminal.
_MENDS: Final = {
    "InvalidClientTokenId": " Sign with a key under `users`, or a session, of this gateway, not of AWS; see --profile",
}


def _told(fault: Exception | str, code: int) -> int:
    print(f"sts-gateway revoke: {fault}", file=sys.stderr)
    return code
