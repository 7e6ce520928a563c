"""Why a role is not the person's, and what the gateway knows of them."""

from collections.abc import Sequence
from typing import Final

from gateway.doors.portal.views.frame import ACCESS, Signed, portal_page
from gateway.doors.portal.views.pieces import card, chips, facts, moment, quiet
from gateway.doors.portal.views.roles import role_path
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.people.why_not import Answered
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.responses import Answer

_GROUPS: Final = 100


def access_page(signed: Signed, *, signed_in: SignedIn, question: str, found: Sequence[Answered]) -> Answer:
    """`question`: the role asked about, empty where none is."""
    form = tag(
        "form",
        tag("label", "Role", for_="role"),
        tag(
            "div",
            tag(
                "input",
                type="text",
                id="role",
                name="role",
                value=question,
                placeholder="Analyst, data-platform/Analyst or an ARN",
                autocomplete="off",
                autocapitalize="none",
                spellcheck="false",
                maxlength="600",
                required=True,
            ),
            tag("button", "Find out"),
            class_="line",
        ),
        action=ACCESS,
    )
    told: Sequence[Child] = [_answer(one) for one in found]
    if question and not found:
        told = [card(tag("h2", "No such role"), tag("p", "No role here is called “", question, "”."))]
    body = (
        tag("div", tag("div", tag("h1", "Why can't I see a role?")), class_="head"),
        tag("div", tag("div", card(form), *told), _known(signed_in), class_="columns"),
    )
    return portal_page(signed, here=ACCESS, title="Why can't I see a role?", body=body)


def _answer(one: Answered) -> Markup:
    role = one.role
    title = tag("h2", role.role, tag("span", f" {role.account_alias} {role.account}", class_="number"))
    if one.allowed:
        way = tag("a", "Open it", class_="button second", href=role_path(role))
        granted = tag("p", f"It is yours, by {', '.join(one.granted_by)}.")
        return card(title, granted, tag("div", way, class_="actions"))
    reasons = tag("ul", *(tag("li", reason) for reason in one.reasons), class_="reasons")
    advice = quiet("Groups and claims are your provider's; mappings are whoever operates the gateway's.")
    return card(title, tag("p", tag("strong", "Not yours."), " What misses:"), reasons, advice)


def _known(signed_in: SignedIn) -> Markup:
    identity = signed_in.identity
    groups = sorted(identity.groups)
    shown: Child = chips(groups[:_GROUPS]) if groups else "none"
    if len(groups) > _GROUPS:
        shown = joined((shown, f"and {len(groups) - _GROUPS} more"))
    rows: Sequence[tuple[str, Child]] = (
        ("Name", identity.username),
        ("Provider", identity.provider),
        ("E-mail", identity.email),
        ("Signed in by", ", ".join(identity.amr)),
        ("Since", moment(signed_in.begun)),
        ("As of", None if signed_in.follows else moment(signed_in.as_of)),
        ("Groups", shown),
    )
    return card(tag("h2", "What the gateway knows of you"), facts(*(row for row in rows if row[1])))
