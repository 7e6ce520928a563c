"""The pages before anybody has signed in, and the page of what did not work."""

from collections.abc import Sequence
from typing import Final

from gateway.doors.portal.views.frame import lone_page
from gateway.doors.portal.views.pieces import FORM_TOKEN, alert, card, hidden, quiet
from gateway.web.markup import joined, tag
from gateway.web.responses import Answer, Headers

_REFUSALS: Final = {
    "login": "The name or the password is wrong, or there were too many attempts. Wait a while before you try again.",
    "unreachable": "The directory does not answer. Try again in a moment.",
    "state": "The directory knows this password, but the account may not sign in: it is locked, disabled or expired, "
    "or its password must be changed first. Ask whoever looks after your account.",
}
_CHOOSE: Final = "Choose where your account is."
_SIGNED_OUT: Final = "You are signed out."
_NOBODY: Final = "No provider signs people in here. Whoever operates the gateway sets client_id for one."


def providers(rows: Sequence[tuple[str, str]], *, signed_out: bool) -> Answer:
    """`rows`: names of providers, and the paths that begin there."""
    told = _SIGNED_OUT if signed_out else _CHOOSE
    ways = [tag("li", tag("a", name, class_="button wide", href=path)) for name, path in rows]
    body = card(
        tag("h1", "Sign in"),
        tag("p", told if rows else _NOBODY, role="status" if signed_out else None),
        tag("ul", *ways, class_="plain"),
    )
    return lone_page(title="Sign in", body=(body,))


def password_form(
    *, provider: str, action: str, return_to: str, form_token: str, refused: str | None, headers: Headers
) -> Answer:
    told = _REFUSALS.get(refused or "")
    form = tag(
        "form",
        hidden(FORM_TOKEN, form_token),
        hidden("next", return_to),
        tag("label", "Name", for_="username"),
        tag(
            "input",
            type="text",
            id="username",
            name="username",
            autocomplete="username",
            autocapitalize="none",
            spellcheck="false",
            required=True,
            autofocus=True,
        ),
        tag("label", "Password", for_="password"),
        tag(
            "input",
            type="password",
            id="password",
            name="password",
            autocomplete="current-password",
            required=True,
        ),
        tag("div", tag("button", "Sign in", class_="wide"), class_="actions"),
        method="post",
        action=action,
    )
    body = card(
        tag("h1", "Sign in"), quiet("with your account of ", provider), alert(told) if told is not None else None, form
    )
    return lone_page(title="Sign in", body=(body,), headers=headers)


def refusal(*, message: str, status: int, request_id: str, headers: Headers = ()) -> Answer:
    body = card(
        tag("h1", "This did not work"),
        tag("p", message, ".", role="alert"),
        tag("div", tag("a", "To the portal", class_="button", href="/portal"), class_="actions"),
        quiet(joined(("Request ", tag("code", request_id), "; whoever operates the gateway finds the reason by it."))),
    )
    return lone_page(title="This did not work", body=(body,), status=status, headers=headers)
