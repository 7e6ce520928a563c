"""The pages on which a person answers a program that asks in their name."""

from collections.abc import Mapping
from typing import Final

from gateway.doors.portal.views.frame import lone_page
from gateway.doors.portal.views.pieces import FORM_TOKEN, alert, answers, card, facts, hidden, moment, warning
from gateway.exchange.people.device_grant import DeviceRequest
from gateway.web.markup import Markup, joined, tag
from gateway.web.responses import Answer

_STOLEN: Final = "If somebody else gave you the code or the link, they will get your roles. Decline."


def device_form(*, refused: str | None = None) -> Answer:
    """`refused`: what was wrong with the code before, which is not shown again."""
    code = tag(
        "input",
        class_="code",
        type="text",
        id="user_code",
        name="user_code",
        autocomplete="off",
        autocapitalize="characters",
        spellcheck="false",
        maxlength="12",
        required=True,
        autofocus=True,
    )
    form = tag(
        "form",
        tag("label", "Code", for_="user_code"),
        code,
        tag("div", tag("button", "Continue", class_="wide"), class_="actions"),
        method="get",
        action="/device",
    )
    told = tag("p", "Type the code that the program shows. Never type one that somebody sent you.")
    wrong = None if refused is None else alert(f"{refused}.")
    body = card(tag("h1", "Sign in to a program"), wrong, told, form)
    return lone_page(title="Sign in to a program", body=(body,), status=200 if refused is None else 400)


def device_request(asked: DeviceRequest, *, person: str, form_token: str) -> Answer:
    title = "Let this program act as you?"
    form = tag(
        "form",
        hidden(FORM_TOKEN, form_token),
        hidden("user_code", asked.user_code),
        answers(),
        method="post",
        action="/device",
    )
    body = card(
        tag("h1", title),
        tag("p", "Go on only if you began this yourself, and this code stands in front of you now:"),
        tag("p", tag("strong", asked.user_code, class_="code")),
        facts(
            ("It calls itself", _unverified(asked.client_name)),
            ("Asked from", asked.source_ip or "an unknown address"),
            ("By", asked.user_agent or "an unnamed program"),
            ("At", moment(asked.begun)),
            ("You are", person),
        ),
        warning(_STOLEN),
        form,
    )
    return lone_page(title=title, body=(body,))


def authorization(*, client_name: str, person: str, carried: Mapping[str, str], form_token: str, target: str) -> Answer:
    """`target`: the origin that the answer goes to."""
    form = tag(
        "form",
        hidden(FORM_TOKEN, form_token),
        *(hidden(name, value) for name, value in carried.items()),
        answers(),
        method="post",
        action="/authorize",
    )
    body = card(
        tag("h1", "Let a program on this computer act as you?"),
        facts(("It calls itself", _unverified(client_name)), ("It listens at", target), ("You are", person)),
        warning("Go on only if you began this yourself a moment ago."),
        form,
    )
    return lone_page(title="Let a program act as you?", body=(body,), form_targets=(target,))


def answered(*, approved: bool) -> Answer:
    told = "The program has its answer. You may close this page." if approved else "The program got nothing."
    title = "Approved" if approved else "Declined"
    return lone_page(title=title, body=(card(tag("h1", title), tag("p", told, role="status")),))


def _unverified(name: str) -> Markup:
    return joined((f"{name} ", tag("span", "(nobody has verified this name)", class_="quiet")))
