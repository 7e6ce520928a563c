"""Parts that pages are put together from."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.web.markup import Child, Markup, joined, tag

FORM_TOKEN: Final = "form_token"  # noqa: S105  a field's name
_HOUR: Final = 3_600
_MINUTE: Final = 60


def card(*children: Child, label: str | None = None) -> Markup:
    """A box of its own. `label`: what a screen reader calls it where it has no heading."""
    return tag("section", *children, class_="card", aria_label=label)


def hidden(name: str, value: str) -> Markup:
    return tag("input", type="hidden", name=name, value=value)


def quiet(*children: Child) -> Markup:
    return tag("p", *children, class_="quiet")


def warning(*children: Child) -> Markup:
    return tag("p", *children, class_="warning")


def alert(text: str) -> Markup:
    """A warning that a screen reader tells at once."""
    return tag("p", text, class_="warning", role="alert")


def answers() -> Markup:
    """Yes and no to a program that asks."""
    return tag(
        "div",
        tag("button", "Approve", name="answer", value="approve"),
        tag("button", "Decline", class_="second", name="answer", value="decline"),
        class_="actions",
    )


def facts(*rows: tuple[str, Child]) -> Markup:
    """What is known, by what each is about."""
    return tag("dl", *(joined((tag("dt", name), tag("dd", value))) for name, value in rows))


def chips(texts: Sequence[str]) -> Markup:
    return tag("ul", *(tag("li", text) for text in texts), class_="chips")


def moment(at: datetime) -> Markup:
    """A time, which the script writes again as the person's own clock has it."""
    return tag("time", f"{at:%Y-%m-%d %H:%M} UTC", datetime=f"{at:%Y-%m-%dT%H:%M:%SZ}")


def duration_told(seconds: int) -> str:
    """`15 minutes`, `1 hour`, `1 h 30 min`."""
    hours, minutes = seconds // _HOUR, seconds % _HOUR // _MINUTE
    if hours and minutes:
        return f"{hours} h {minutes} min"
    count, unit = (hours, "hour") if hours else (minutes, "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def copyable(text: str, *, name: str, about: str) -> Markup:
    """A block to take away: one click marks it, and where scripts run a button copies it. `name`: its id."""
    button = tag(
        "button", "Copy", type="button", class_="copy", data_copy=name, aria_label=f"Copy {about}", hidden=True
    )
    return tag("div", button, tag("pre", text, id=name, tabindex="0", aria_label=about, role="region"), class_="block")


def tabs(group: str, legend: str, panels: Sequence[tuple[str, Markup]]) -> Markup:
    """One of several at a time, by radio buttons: without a script, and by keyboard and screen reader alike."""
    choices = [
        joined(
            (
                tag("input", type="radio", name=group, id=f"{group}-{at}", checked=at == 0),
                tag("label", title, for_=f"{group}-{at}"),
            )
        )
        for at, (title, _) in enumerate(panels)
    ]
    chooser = tag("fieldset", tag("legend", legend), *choices)
    return tag("div", chooser, *(tag("div", panel) for _, panel in panels), class_="tabs")
