"""The page of roles for whoever came from a provider's own page, and the page on the way out to a provider.

The first has the marks of AWS's sign-in page, by which programs that people use with AWS (saml2aws and others) read the
accounts and roles out of it: `fieldset`, `saml-account`, `saml-role` and the radio buttons `roleIndex`.
"""

import itertools
from collections.abc import Mapping, Sequence

from gateway.doors.portal.views.frame import lone_page
from gateway.doors.portal.views.pieces import card, hidden, quiet
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.saml import RoleOffer
from gateway.web.markup import Markup, tag
from gateway.web.responses import Answer, Headers


def choose_role(offer: RoleOffer, *, action: str, carried: Mapping[str, str], headers: Headers) -> Answer:
    """`carried`: the form's hidden fields."""
    accounts = [
        _account(alias, number, tuple(rows))
        for (number, alias), rows in itertools.groupby(offer.roles, key=lambda one: (one.account, one.account_alias))
    ]
    form = tag(
        "form",
        *(hidden(name, value) for name, value in carried.items()),
        tag("fieldset", tag("legend", "Role"), *accounts),
        tag("div", tag("button", "Sign in", id="signin_button"), class_="actions"),
        id="saml_form",
        method="post",
        action=action,
    )
    nothing = tag("p", "You may assume no role. Ask whoever gives access in your organisation.")
    body = card(
        tag("h1", "Select a role"),
        quiet("You are ", offer.person, ". Go on only if you came here yourself."),
        form if offer.roles else nothing,
    )
    return lone_page(title="Select a role", body=(body,), headers=headers)


def carried_on(address: str, fields: Mapping[str, str], headers: Headers) -> Answer:
    """Signed out here; a form that tells the provider: by itself where scripts run, else by its button."""
    form = tag(
        "form",
        *(hidden(name, value) for name, value in fields.items()),
        tag("div", tag("button", "Go on"), class_="actions"),
        method="post",
        action=address,
        data_leave=True,
    )
    told = tag("p", "You are signed out here. Your identity provider is told now.", role="status")
    body = card(tag("h1", "Signed out"), told, form)
    # What separates the parts of a policy may stand in an address.
    target = address.partition("?")[0].replace(";", "%3B").replace(",", "%2C")
    return lone_page(title="Signed out", body=(body,), form_targets=(target,), headers=headers)


def signed_out(address: str, headers: Headers) -> Answer:
    """Signed out here; `address`: where the provider signs the person out."""
    body = card(
        tag("h1", "Signed out"),
        tag("p", "You are signed out here. Your identity provider is told now.", role="status"),
        tag("div", tag("a", "Sign out there too", class_="button", href=address), class_="actions"),
    )
    return lone_page(title="Signed out", body=(body,), headers=headers)


def _account(alias: str, number: str, roles: Sequence[PersonsRole]) -> Markup:
    name = tag("div", f"Account: {alias} ({number})", class_="saml-account-name")
    return tag(
        "div",
        tag("div", name, class_="expandable-container"),
        tag("div", *(_role(one) for one in roles), class_="saml-account", id=number),
        class_="saml-account",
    )


def _role(role: PersonsRole) -> Markup:
    return tag(
        "div",
        tag("input", type="radio", name="roleIndex", value=role.arn, class_="saml-radio", id=role.arn, required=True),
        tag("label", role.role, for_=role.arn, class_="saml-role-description"),
        class_="saml-role",
    )
