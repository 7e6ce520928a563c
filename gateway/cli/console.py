"""`sts-gateway console`: opens the portal, at a role where one is named."""

import argparse
import webbrowser
from typing import Final
from urllib.parse import quote

from gateway.cli.login import add_gateway, told

SUMMARY: Final = "open the portal in the browser"
EXAMPLE: Final = """
sts-gateway console --url https://sts.example.com --role 111122223333/Analyst
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer the role."""
    add_gateway(parser)
    parser.add_argument(
        "--role", metavar="NUMBER/ROLE", help="account number and role whose page to open; or words to search for"
    )


def run(arguments: argparse.Namespace) -> int:
    """0: opened, or its address printed; 2: an address that cannot be used."""
    return told("console", lambda: _open(arguments))


def page_of(role: str | None) -> str:
    """The portal's page of a role, or its list narrowed to what the text may mean."""
    if not role:
        return "/portal"
    account, slash, name = role.partition("/")
    if slash and account.isdecimal():
        return f"/portal/roles/{quote(account, safe='')}/{quote(name, safe='')}"
    return f"/portal?q={quote(role.replace('/', ' '), safe='')}"


def _open(arguments: argparse.Namespace) -> None:
    from gateway.client.identity_center import IdentityCenter

    url = IdentityCenter(arguments.url).url
    address = f"{url}{page_of(arguments.role)}"
    if not webbrowser.open(address):
        print(address)
