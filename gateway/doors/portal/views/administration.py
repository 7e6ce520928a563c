"""The administrator's view: providers, who may assume what, refusals, warnings. There is nothing to press."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.doors.portal.views.frame import GATEWAY, Signed, portal_page
from gateway.doors.portal.views.pieces import card, facts, moment, quiet
from gateway.exchange.administration import Overview
from gateway.exchange.catalogue import AccessRow
from gateway.exchange.provider_health import ProviderHealth
from gateway.exchange.recent_refusals import RecentRefusal
from gateway.web.markup import Child, Markup, tag
from gateway.web.responses import Answer

ACCESS_PATH: Final = f"{GATEWAY}/access"
REFUSALS_PATH: Final = f"{GATEWAY}/refusals"
_VIEWS: Final = ((GATEWAY, "Overview"), (ACCESS_PATH, "Who may assume"), (REFUSALS_PATH, "Refusals"))
_ROWS: Final = 100


def overview_page(signed: Signed, found: Overview) -> Answer:
    counted = quiet(f"Roles: {found.roles} · mappings: {found.mappings} · read only: configuration stays in files")
    cautions: Child = quiet("Nothing.")
    if found.cautions:
        cautions = tag("ul", *(tag("li", tag("code", one)) for one in found.cautions), class_="reasons")
    body = (
        *_head(GATEWAY, counted),
        tag("div", *(_provider(one) for one in found.providers), class_="grid"),
        card(tag("h2", "What ", tag("code", "check"), " warns of"), cautions),
    )
    return portal_page(signed, here=GATEWAY, title="Gateway", body=body)


def access_page(signed: Signed, *, role: str, rows: Sequence[AccessRow]) -> Answer:
    form = _question(ACCESS_PATH, "role", "Role", role, "data-platform/Analyst, empty for all", "Show")
    columns = ("Role", "Effect", "Provider", "Who", "Conditions", "By")
    cells = [
        (one.role, one.effect, one.provider or "any", one.who, one.conditions or "none", one.granted_by)
        for one in rows[:_ROWS]
    ]
    told: Child = quiet("No way leads to that role, or there is no such role.")
    if cells:
        told = _table(columns, cells)
    more = quiet(f"The first {_ROWS} of {len(rows)}; name a role.") if len(rows) > _ROWS else None
    return portal_page(
        signed,
        here=GATEWAY,
        title="Who may assume what",
        body=(*_head(ACCESS_PATH, None), card(form), card(told, more, label="Ways to roles")),
    )


def refusals_page(signed: Signed, *, request_id: str, found: Sequence[RecentRefusal]) -> Answer:
    form = _question(REFUSALS_PATH, "request", "Request id", request_id, "from the page, header or audit log", "Why?")
    title = "The request" if request_id else "The latest refusals"
    nothing = "No refusal of this id is known here." if request_id else "None since this process began."
    body = (
        *_head(REFUSALS_PATH, None),
        card(form),
        tag("h2", title),
        *([_refusal(one) for one in found] or [card(tag("p", nothing), label="Nothing found")]),
    )
    return portal_page(signed, here=GATEWAY, title="Refusals", body=body)


def _head(here: str, told: Child) -> Sequence[Markup]:
    links = [tag("a", name, href=path, aria_current="page" if path == here else None) for path, name in _VIEWS]
    title = tag("div", tag("h1", "Gateway"), told or quiet("Read only: configuration stays in files."))
    return tag("div", title, class_="head"), tag("nav", *links, aria_label="Gateway", class_="views")


def _question(path: str, name: str, label: str, value: str, hint: str, button: str) -> Markup:
    field = tag(
        "input",
        type="text",
        id=name,
        name=name,
        value=value,
        placeholder=hint,
        autocomplete="off",
        spellcheck="false",
        maxlength="600",
    )
    return tag(
        "form", tag("label", label, for_=name), tag("div", field, tag("button", button), class_="line"), action=path
    )


def _provider(one: ProviderHealth) -> Markup:
    state = tag("span", "in trouble", class_="state bad") if one.error else tag("span", "no error", class_="state good")
    told = [(name, moment(fact) if isinstance(fact, datetime) else fact) for name, fact in one.facts.items()]
    return card(
        tag("h2", one.name, " ", state),
        facts(
            ("Type", one.type.value),
            ("Issuer", one.authority),
            ("People sign in", one.signs_in or "not here: programs bring its tokens"),
            *told,
            *((("Last error", one.error),) if one.error else ()),
        ),
    )


def _refusal(one: RecentRefusal) -> Markup:
    rows = (
        ("Cause", one.cause),
        ("Told to the caller", one.message),
        ("Who", one.who or "nobody proven"),
        ("Provider", one.provider),
        ("From", one.address),
        ("Request", one.request_id),
    )
    title = tag("h3", f"{one.event}: {one.code} ", tag("span", one.time, class_="number"))
    return card(title, facts(*(row for row in rows if row[1])))


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    body = tag(
        "tbody",
        *(tag("tr", *(tag("td", cell, data_of=of) for of, cell in zip(columns, row, strict=True))) for row in rows),
    )
    return tag("div", tag("table", head, body), class_="scroll", tabindex="0", role="region", aria_label="Table")
