"""A person's sign-ins: where they are signed in, what acts in their name, and the way to end it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.doors.portal.views.frame import SIGN_INS, Signed, portal_page
from gateway.doors.portal.views.pieces import FORM_TOKEN, card, facts, hidden, moment, quiet
from gateway.exchange.people.seen import SeenSignIn
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.responses import Answer

# The first mark that stands in it tells: each browser of one family names the ones before it too.
_BROWSERS: Final = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS: Final = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}
_SHOWN: Final = 30
END_PATH: Final = f"{SIGN_INS}/end"
OTHERS: Final = "others"
"""What the form says in place of an id."""


def sign_ins_page(signed: Signed, found: Sequence[SeenSignIn]) -> Answer:
    told = quiet("One that you do not know: end it, and tell whoever looks after your account.")
    others = len(found) - sum(one.current for one in found)
    end_others = _end_others(signed) if others else None
    head = tag("div", tag("div", tag("h1", "Your sign-ins"), told), end_others, class_="head")
    # The one that asks is among the shown, however old it is.
    shown = [one for at, one in enumerate(found) if at < _SHOWN or one.current]
    older = quiet(f"And {len(found) - len(shown)} older ones.") if len(shown) < len(found) else None
    body = (head, tag("div", *(_one(signed, one) for one in shown), class_="grid"), older)
    return portal_page(signed, here=SIGN_INS, title="Your sign-ins", body=body)


def agent_told(agent: str) -> str:
    """`Firefox on Windows` where a browser names itself so; else its own words."""
    browser = next((name for mark, name in _BROWSERS.items() if mark in agent), None)
    system = next((name for mark, name in _SYSTEMS.items() if mark in agent), None)
    return agent if browser is None or system is None else f"{browser} on {system}"


def _one(signed: Signed, one: SeenSignIn) -> Markup:
    mark: Child = tag("span", "this one", class_="state good") if one.current else None
    rows: Sequence[tuple[str, Child]] = (
        ("Since", moment(one.begun)),
        ("Last used", moment(one.last_used)),
        ("From", one.address or "an unknown address"),
        ("By", agent_told(one.client or "an unnamed program")),
        ("Programs", _programs(one.programs)),
        ("Groups as of", moment(one.groups_as_of)),
        ("Ends", _ends(one.ends, one.credentials_until)),
    )
    what = "Browser" if one.browser else "Program" if one.programs else "Credentials"
    title = tag("h2", f"{what}, by ", one.provider, " ", mark)
    return card(title, facts(*(row for row in rows if row[1] is not None)), _end(signed, one))


def _programs(names: Sequence[str]) -> Child:
    if not names:
        return None
    return joined((", ".join(names), " ", tag("span", "(nobody has verified these names)", class_="quiet")))


def _ends(ends: datetime, credentials_until: datetime | None) -> Markup:
    later: Child = None
    if credentials_until is not None:
        later = joined(("; credentials that it gave, ", moment(credentials_until)))
    return joined((moment(ends), later))


def _end(signed: Signed, one: SeenSignIn) -> Markup:
    label = "End this sign-in, credentials too" if one.current else "End it"
    button = tag("button", label, class_="second small", aria_label=f"{label}: since {one.begun:%Y-%m-%d %H:%M} UTC")
    return tag(
        "form",
        hidden(FORM_TOKEN, signed.form_token),
        hidden("sign_in", one.id),
        button,
        method="post",
        action=END_PATH,
    )


def _end_others(signed: Signed) -> Markup:
    button = tag("button", "End all others", class_="second")
    fields = (hidden(FORM_TOKEN, signed.form_token), hidden("sign_in", OTHERS))
    return tag("form", *fields, button, method="post", action=END_PATH)
