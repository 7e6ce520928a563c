"""The demo's own pages: who there is and what to try, and what a sign-in gave."""

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from gateway.demo.pages import command_lines, page
from gateway.demo.people import PEOPLE
from gateway.demo.portal.commands import Addresses, calls, environment, keep_token, trade
from gateway.demo.relying_party import SignedIn
from gateway.demo.setting import ANALYST, ENGINEER
from gateway.web.markup import Child, Markup, joined, tag

SIGN_IN_PATH: Final = "/demo/sign-in"
_MAY: Final[Mapping[str, str]] = {
    "ana": "read the lake, write under scratch/research/",
    "ben": "read and write the lake, and see how the gateway fares",
    "carla": "nothing: she has no group, so no role is hers",
}
_TRY: Final[Mapping[str, str]] = {
    "ana": "Take credentials of Analyst for 15 minutes, read in words what they allow, make a favourite of it.",
    "ben": "Open Gateway: providers, who may assume what, and why somebody was refused.",
    "carla": "Ask under Access why Analyst is not hers.",
}
_EXPECT: Final[Mapping[str, str]] = {
    "ana": "For her group analysts the gateway gives the role Analyst: all of the calls below work but the last.",
    "ben": "For his group engineers the gateway gives the role Engineer: all of the calls below work.",
    "carla": "It names no group, so the gateway refuses her every role: none of the calls below works.",
}


def start(addresses: Addresses) -> Response:
    people = _table(
        ("Who", "Groups", "May", "Try"),
        [
            (person.full_name, ", ".join(person.groups) or "none", _MAY[person.name], _TRY[person.name])
            for person in PEOPLE.values()
        ],
    )
    configuration = tag("a", tag("code", addresses.issuer), href=f"{addresses.issuer}/.well-known/openid-configuration")
    places = tag(
        "dl",
        *_fact("Gateway, STS", tag("code", addresses.gateway)),
        *_fact("Issuer", configuration),
        *_fact("Resource server", joined((tag("code", addresses.lake), ", bucket ", tag("code", "lake")))),
        *_fact("Roles of the lake", joined((tag("code", ANALYST), tag("br"), tag("code", ENGINEER)))),
    )
    body = (
        tag("div", tag("h1", "sts-gateway, running"), class_="head"),
        _card(
            tag(
                "p",
                "A login from your own user store in, AWS temporary credentials out. This world has an OpenID Connect "
                "issuer with three people, the gateway, and a resource server that speaks S3 and lets the gateway "
                "decide.",
            ),
            people,
            tag("div", tag("a", "To the portal", class_="button", href="/portal"), class_="actions"),
        ),
        _card(
            tag("h2", "The same by hand: sign somebody in"),
            tag("p", "The issuer lets you choose who you are; then you get an ID token, and the commands that use it."),
            tag("a", "Sign in at the issuer", class_="button second", href=SIGN_IN_PATH),
        ),
        _card(
            tag("h2", "Tell the AWS CLI where to go"),
            tag(
                "p",
                "The same variables work for every AWS SDK: they trade the token for credentials by themselves, and "
                "again before those end. For Ana:",
            ),
            command_lines(environment(addresses, "ana")),
        ),
        _card(
            tag("h2", "Use the credentials"),
            tag("p", "Ana may do all of this but the last line."),
            command_lines(calls()),
        ),
        _card(tag("h2", "Where things are"), places),
    )
    return page(title="The demo", body=body)


def signed_in(addresses: Addresses, result: SignedIn) -> Response:
    person = PEOPLE[result.claims["sub"]]
    claims = [item for name, value in result.claims.items() for item in _fact(name, tag("code", _shown(value)))]
    body = (
        tag("div", tag("h1", f"You are {person.full_name}"), class_="head"),
        _card(
            tag("p", f"The issuer gave an ID token, which holds for an hour. {_EXPECT[person.name]}"),
            tag("h2", "1. Keep the token in a file"),
            tag("p", "One click marks all of a block."),
            command_lines(keep_token(result.id_token)),
            tag("h2", "2. Tell the AWS CLI where to go"),
            command_lines(environment(addresses, person.name)),
            tag("h2", "3. Use it"),
            command_lines(calls()),
            tag("h2", "Or trade it by hand"),
            command_lines(trade(addresses, person.name)),
        ),
        _card(tag("h2", "What the token says"), tag("dl", *claims)),
        _ways(("Sign in as somebody else", SIGN_IN_PATH)),
    )
    return page(title=f"Signed in as {person.full_name}", body=body)


def failed(reason: str) -> Response:
    body = (
        _card(tag("h1", "The sign-in did not work"), tag("p", f"{reason}.")),
        _ways(("Begin again", SIGN_IN_PATH)),
    )
    return page(title="Sign-in failed", body=body, status=400)


def _card(*children: Child) -> Markup:
    return tag("section", *children, class_="card")


def _ways(way: tuple[str, str]) -> Markup:
    told, path = way
    return tag("p", tag("a", told, href=path), " · ", tag("a", "Back to the start", href="/demo"))


def _fact(name: str, value: Child) -> tuple[Markup, Markup]:
    return tag("dt", name), tag("dd", value)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    lines = [tag("tr", *(tag("td", cell, data_of=of) for of, cell in zip(columns, row, strict=True))) for row in rows]
    return tag("table", head, tag("tbody", *lines))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
