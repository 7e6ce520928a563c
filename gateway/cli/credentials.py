"""`sts-gateway credentials`: credentials of a role for whoever is signed in, as `credential_process` gives them."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from gateway.cli.arguments import port
from gateway.cli.login import add_gateway, told
from gateway.client.shells import SET, exported

if TYPE_CHECKING:
    from gateway.client.person import Person

SUMMARY: Final = "print credentials of a role, as credential_process or a shell wants them"
EXAMPLE: Final = """
sts-gateway credentials --url https://sts.example.com --role data-platform/Analyst
eval "$(sts-gateway credentials --url https://sts.example.com --role data-platform/Analyst --export bash)"
sts-gateway credentials --url https://sts.example.com --role data-platform/Analyst --serve 9911
"""
# As `configure` has it: a gateway takes signatures of any region.
_REGION: Final = "us-east-1"
_LISTED: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the role, the shell, and a port."""
    add_gateway(parser)
    parser.add_argument("--role", metavar="ACCOUNT/ROLE", help="account alias or number, and role; default: asked")
    parser.add_argument("--export", choices=tuple(SET), metavar="SHELL", help=f"one of {', '.join(SET)}")
    parser.add_argument(
        "--serve", type=port, metavar="PORT", help="serve them on loopback for programs that know nothing else"
    )


def run(arguments: argparse.Namespace) -> int:
    """0: printed, or served to its end; 1: refused, not signed in or not reached; 2: what cannot be used."""
    if arguments.serve is not None:
        from gateway.cli.local_endpoint import serve

        return serve(arguments, _chosen, SET[arguments.export or "bash"])
    return told("credentials", lambda: _print(arguments))


def _print(arguments: argparse.Namespace) -> None:
    from gateway.client.identity_center import IdentityCenter
    from gateway.client.person import Person, cache_folder

    center = IdentityCenter(arguments.url, ca_file=arguments.ca_file)
    person = Person(center, cache_folder(os.environ))
    account, role = _chosen(person, arguments.role)
    given = given_to(person, account, role)
    print(_exported(given, center.url, arguments.export) if arguments.export else _document(given))


def _chosen(person: "Person", wanted: str | None) -> tuple[str, str]:
    """Account's number and role. Raises as `Person.roles`."""
    from gateway.client.identity_center import Refused

    account, _, role = (wanted or "").partition("/")
    if account.isdecimal() and role:
        return account, role
    rows = person.roles()
    if wanted is None:
        return _asked(rows, person.used())
    found = [(number, name) for number, alias, name in rows if f"{alias}/{name}" == wanted]
    # Without its account, where no other account has such a role.
    found = found or [(number, name) for number, _, name in rows if name == wanted]
    if len(found) > 1:
        named = [row for row in rows if row[2] == wanted]
        raise Refused("InvalidRequestException", f"{wanted} is a role of several accounts: {_listed(named)}; name one")
    if not found:
        raise Refused("ForbiddenException", f"you may not assume {wanted}{_hint(wanted, rows)}")
    return found[0]


def given_to(person: "Person", account: str, role: str) -> Mapping[str, Any]:
    """As `Person.credentials`; a refusal tells what the person may have meant."""
    from gateway.client.identity_center import Refused
    from gateway.client.person import FORBIDDEN

    try:
        return person.credentials(account, role)
    except Refused as refusal:
        if refusal.code != FORBIDDEN:
            raise
        raise Refused(refusal.code, f"{refusal}{_hint(f'{account}/{role}', person.roles())}") from None


def _hint(wanted: str, rows: Sequence[tuple[str, str, str]]) -> str:
    """The role of the person's that is spelt most like it, else all that they have."""
    from gateway.settings.faults import closest

    if not rows:
        return "; there is no role that you may assume"
    names = {
        word: f"{alias}/{name}"
        for number, alias, name in rows
        for word in (name, f"{number}/{name}", f"{alias}/{name}")
    }
    close = closest(wanted, names)
    if close is not None and names[close] != wanted:
        return f"; did you mean {names[close]}?"
    more = f" and {len(rows) - _LISTED} more" if len(rows) > _LISTED else ""
    return f"; yours are {_listed(rows[:_LISTED])}{more}"


def _asked(
    rows: Sequence[tuple[str, str, str]], used: Mapping[str, int], ask: Callable[[str], str] | None = None
) -> tuple[str, str]:
    """The role that the person picks by number or by a part of its name, the most used first. Raises Refused."""
    from gateway.client.identity_center import Refused

    if len(rows) == 1:
        return rows[0][0], rows[0][2]
    if not rows or (ask is None and not sys.stdin.isatty()):
        raise Refused("InvalidRequestException", f"name one role by --role: {_listed(rows) or 'you may assume none'}")
    shown = sorted(rows, key=lambda row: -used.get(f"{row[0]}/{row[2]}", 0))
    while len(shown) > 1:
        for number, (_, alias, name) in enumerate(shown, 1):
            print(f"{number:3}  {alias}/{name}", file=sys.stderr)
        print("Role, by number or a part of its name: ", end="", file=sys.stderr, flush=True)
        shown = _narrowed(shown, (ask or input)("").strip())
    return shown[0][0], shown[0][2]


def _narrowed(shown: Sequence[tuple[str, str, str]], typed: str) -> list[tuple[str, str, str]]:
    if typed.isdecimal() and 0 < int(typed) <= len(shown):
        return [shown[int(typed) - 1]]
    return [row for row in shown if _fits(f"{row[1]}/{row[2]}".lower(), typed.lower())] or list(shown)


def _fits(name: str, typed: str) -> bool:
    """Whether the letters typed stand in the name in this order."""
    letters = iter(name)
    return all(letter in letters for letter in typed)


def _listed(rows: Sequence[tuple[str, str, str]]) -> str:
    return ", ".join(f"{alias}/{name}" for _, alias, name in rows)


def _document(given: Mapping[str, Any]) -> str:
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": given["accessKeyId"],
            "SecretAccessKey": given["secretAccessKey"],
            "SessionToken": given["sessionToken"],
            "Expiration": f"{datetime.fromtimestamp(given['expiration'] / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
        }
    )


def _exported(given: Mapping[str, Any], url: str, shell: str) -> str:
    variables = {
        "AWS_ACCESS_KEY_ID": given["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["secretAccessKey"],
        "AWS_SESSION_TOKEN": given["sessionToken"],
        "AWS_ENDPOINT_URL_STS": url,
    }
    return exported(variables, shell, region=_REGION)
