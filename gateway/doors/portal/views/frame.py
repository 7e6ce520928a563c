"""What surrounds a page: the bar with its ways, the person and the way out; for somebody unknown, the name alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from gateway.domain.values import quickly_made
from gateway.doors.portal.views.pieces import FORM_TOKEN, hidden
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.pages import page
from gateway.web.responses import Answer, Headers

ROLES: Final = "/portal"
ACCESS: Final = "/portal/access"
SIGN_INS: Final = "/portal/sign-ins"
GATEWAY: Final = "/portal/gateway"
_BARS: Final = 512
_WAYS: Final = ((ROLES, "Roles"), (ACCESS, "Access"), (SIGN_INS, "Sign-ins"))
_MARK: Final = tag(
    "svg",
    tag("path", d="M12 2 3 6v6c0 5 3.8 8.7 9 10 5.2-1.3 9-5 9-10V6z", fill="currentColor", opacity=".18"),
    tag(
        "path",
        d="M12 2 3 6v6c0 5 3.8 8.7 9 10 5.2-1.3 9-5 9-10V6z",
        fill="none",
        stroke="currentColor",
        stroke_width="1.6",
    ),
    tag(
        "path", d="M8 12.2l2.8 2.8L16 9.6", fill="none", stroke="currentColor", stroke_width="2", stroke_linecap="round"
    ),
    viewBox="0 0 24 24",
    width="22",
    height="22",
    aria_hidden="true",
)
_BRAND: Final = tag("a", _MARK, tag("span", "sts-gateway"), href=ROLES, class_="brand")


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who looks at the page. `administers`: may see the administrator's view."""

    person: str
    form_token: str = field(repr=False)
    administers: bool


def portal_page(signed: Signed, *, here: str, title: str, body: Sequence[Child]) -> Answer:
    """A page of somebody who has signed in. `here`: the way that it stands at."""
    return page(title=title, body=joined(body), above=_bar(signed, here))


def lone_page(
    *,
    title: str,
    body: Sequence[Child],
    status: int = 200,
    form_targets: Sequence[str] = (),
    headers: Headers = (),
) -> Answer:
    """A page with one thing to do, for whoever is there."""
    brand = tag("header", _BRAND, class_="lone")
    content = tag("div", *body, class_="narrow")
    return page(title=title, body=content, above=brand, status=status, form_targets=form_targets, headers=headers)


@lru_cache(maxsize=_BARS)
def _bar(signed: Signed, here: str) -> Markup:
    way_out = tag(
        "form",
        hidden(FORM_TOKEN, signed.form_token),
        tag("button", "Sign out", class_="second small"),
        method="post",
        action="/logout",
    )
    who = tag("div", tag("span", signed.person, class_="person"), way_out, class_="who")
    return tag("header", tag("div", _BRAND, _ways(here, administers=signed.administers), who), class_="bar")


@cache
def _ways(here: str, *, administers: bool) -> Markup:
    ways = (*_WAYS, (GATEWAY, "Gateway")) if administers else _WAYS
    links = [tag("a", name, href=path, aria_current="page" if path == here else None) for path, name in ways]
    return tag("nav", *links, aria_label="Portal")
