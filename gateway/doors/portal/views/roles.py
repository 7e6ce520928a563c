"""The list of a person's roles: favourites first, then account by account."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from gateway.doors.portal.views.frame import ACCESS, ROLES, Signed, portal_page
from gateway.doors.portal.views.pieces import FORM_TOKEN, card, hidden, moment, quiet
from gateway.exchange.people.listed_roles import RolesList
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.signed_in import SignedIn
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.responses import Answer

_SEARCHED: Final = 6
"""Roles up to which one look finds any of them."""
_AT_HAND: Final = 20
"""Roles up to which each has a button for credentials in the list itself."""
_LISTS: Final = 64


def role_path(role: PersonsRole) -> str:
    return f"/portal/roles/{role.account}/{quote(role.role, safe='')}"


def roles_page(
    signed: Signed, *, signed_in: SignedIn, listed: RolesList, favourites: frozenset[str], wanted: str
) -> Answer:
    """`wanted`: what the person searches for, by which the list is narrowed already."""
    return _page(signed, signed_in.identity.provider, signed_in.ends, listed, favourites, wanted)


@lru_cache(maxsize=_LISTS)
def _page(
    signed: Signed, provider: str, ends: datetime, listed: RolesList, favourites: frozenset[str], wanted: str
) -> Answer:
    """All of it, which is the same each time the person looks; it holds no credentials."""
    roles = listed.roles
    until = quiet(f"{signed.person}, signed in with {provider} until ", moment(ends))
    searched = bool(wanted) or len(roles) > _SEARCHED
    form = tag(
        "form",
        hidden(FORM_TOKEN, signed.form_token),
        _lists(roles, favourites),
        tag("p", "No role of yours is like that.", id="nothing", class_="quiet", hidden=bool(roles) or not wanted),
        method="post",
        action="/portal/favourites",
        id="roles",
    )
    head = tag("div", tag("div", tag("h1", "Your roles"), until), _search(wanted) if searched else None, class_="head")
    body = (head, form if roles or wanted else _nothing())
    return portal_page(signed, here=ROLES, title="Your roles", body=body)


def _search(wanted: str) -> Markup:
    return tag(
        "form",
        tag("label", "Find a role", for_="q", class_="unseen"),
        tag(
            "input",
            type="search",
            id="q",
            name="q",
            value=wanted,
            placeholder="Find a role",
            autocomplete="off",
            spellcheck="false",
            aria_controls="roles",
        ),
        tag("button", "Find", class_="second"),
        tag("p", id="found", role="status", class_="unseen"),
        role="search",
        action=ROLES,
        class_="search",
    )


def _nothing() -> Markup:
    return card(
        tag("h2", "You may assume no role"),
        tag("p", "No mapping gives you one. See what the gateway knows of you, and what a role would need."),
        tag("div", tag("a", "Find out why", class_="button", href=ACCESS), class_="actions"),
    )


def _lists(roles: Sequence[PersonsRole], favourites: frozenset[str]) -> Markup:
    starred = [role for role in roles if role.key in favourites]
    at_hand = len(roles) <= _AT_HAND
    accounts = itertools.groupby(roles, key=lambda role: (role.account_alias, role.account))
    return joined(
        (
            _list("Favourites", None, [_row(role, starred=True, at_hand=True, of=role) for role in starred])
            if starred
            else None,
            *(
                _list(
                    alias,
                    number,
                    [_row(role, starred=role.key in favourites, at_hand=at_hand) for role in several],
                )
                for (alias, number), several in accounts
            ),
        )
    )


def _list(title: str, number: str | None, rows: Sequence[Markup]) -> Markup:
    name = tag("h2", title, tag("span", f" {number}", class_="number") if number else None)
    return card(name, tag("ul", *rows, class_="rows"))


def _row(role: PersonsRole, *, starred: bool, at_hand: bool, of: PersonsRole | None = None) -> Markup:
    """`of`: told with its account, where it does not stand under it."""
    name = tag("a", role.role, href=role_path(role))
    if of is not None:
        name = tag("div", name, tag("span", f" {of.account_alias}", class_="number"))
    return tag("li", name, _credentials(role, at_hand), star(role, starred))


def _credentials(role: PersonsRole, at_hand: bool) -> Child:  # noqa: FBT001  of the list's length
    if not at_hand:
        return None
    label = f"Credentials for {role.role}"
    return tag(
        "button",
        "Credentials",
        class_="second small",
        formaction="/portal/credentials",
        name="of",
        value=role.key,
        aria_label=label,
    )


def star(role: PersonsRole, starred: bool) -> Markup:  # noqa: FBT001  which of two it is
    """The button that makes a favourite of a role, or takes it away."""
    if starred:
        return tag("button", "★", name="remove", value=role.key, aria_label=f"Unstar {role.role}")
    return tag("button", "☆", name="add", value=role.key, aria_label=f"Star {role.role}")
