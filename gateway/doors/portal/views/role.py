"""The page of one role: what it allows, and every way to its credentials; and the page of credentials taken."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from gateway.domain.credentials import TemporaryCredentials
from gateway.doors.portal import profiles
from gateway.doors.portal.views.frame import ROLES, Signed, portal_page
from gateway.doors.portal.views.pieces import (
    FORM_TOKEN,
    card,
    copyable,
    duration_told,
    facts,
    hidden,
    moment,
    quiet,
    tabs,
)
from gateway.doors.portal.views.roles import role_path, star
from gateway.exchange.people.portal import RoleFacts
from gateway.exchange.people.roles import PersonsRole
from gateway.policy.named_words import listed
from gateway.policy.words import Told
from gateway.web.markup import Child, Markup, joined, tag
from gateway.web.responses import Answer

_OFFERED: Final = (900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200)
"""Seconds that a session may be asked to last."""


def role_page(signed: Signed, found: RoleFacts, *, starred: bool, public_url: str, region: str) -> Answer:
    role = found.role
    take = card(
        tag("h2", "Credentials"),
        tag("p", "Temporary keys for a shell, a file or a program. Whoever has them is you until they end."),
        _taking(signed, role, _durations(role.maximum, found.duration), found.duration, "Get credentials"),
    )
    star_form = tag(
        "form",
        hidden(FORM_TOKEN, signed.form_token),
        hidden("back", role_path(role)),
        star(role, starred),
        method="post",
        action="/portal/favourites",
        class_="star",
    )
    main = tag("div", take, _profiles(role, public_url, region))
    aside = tag("div", _allowed(found), _details(found))
    body = (_head(role, star_form), tag("div", main, aside, class_="columns"))
    return portal_page(signed, here=ROLES, title=role.role, body=body)


def credentials_page(
    signed: Signed,
    role: PersonsRole,
    credentials: TemporaryCredentials,
    *,
    arn: str,
    now: datetime,
    duration: int,
    public_url: str,
    region: str,
) -> Answer:
    """`arn`: who the credentials make of the person; `duration`: seconds that were asked for."""
    forms: Sequence[tuple[str, str, str]] = (
        ("bash, zsh", "bash", profiles.shell(credentials, public_url, region, name="bash")),
        ("fish", "fish", profiles.shell(credentials, public_url, region, name="fish")),
        ("PowerShell", "powershell", profiles.shell(credentials, public_url, region, name="powershell")),
        ("Credentials file", "file", profiles.credentials_file(credentials, role)),
        ("JSON", "json", profiles.process_output(credentials)),
    )
    panels = [(title, copyable(text, name=name, about=f"credentials for {title}")) for title, name, text in forms]
    body = (
        _head(role, None),
        card(
            _left(credentials, now),
            tabs("form", "Form of the credentials", panels),
            quiet("They make you ", tag("code", arn), ". Whoever has them is you until they end."),
            _taking(signed, role, (duration,), duration, "Get fresh ones"),
            label="Credentials",
        ),
        _profiles(role, public_url, region),
    )
    return portal_page(signed, here=ROLES, title=f"Credentials for {role.role}", body=body)


def _head(role: PersonsRole, aside: Child) -> Markup:
    way = tag(
        "nav",
        tag("a", "Roles", href=ROLES),
        tag("span", " / ", aria_hidden="true"),
        tag("a", role.role, href=role_path(role)),
        aria_label="Where you are",
        class_="way",
    )
    title = tag("h1", role.role, tag("span", f" {role.account_alias} {role.account}", class_="number"))
    return tag("div", tag("div", way, title), aside, class_="head")


def _taking(signed: Signed, role: PersonsRole, durations: Sequence[int], chosen: int, label: str) -> Markup:
    """The form that takes credentials; where there is a choice, how long they shall last."""
    if len(durations) == 1:
        how_long: Child = hidden("duration", str(durations[0]))
    else:
        options = [
            tag("option", duration_told(seconds), value=seconds, selected=seconds == chosen) for seconds in durations
        ]
        chooser = tag("select", *options, id="duration", name="duration")
        how_long = tag("div", tag("label", "They last", for_="duration"), chooser)
    fields = (hidden(FORM_TOKEN, signed.form_token), hidden("of", role.key), how_long)
    button = tag("button", label, aria_label=f"{label} for {role.role}")
    return tag("form", *fields, button, method="post", action="/portal/credentials", class_="taking")


def _durations(maximum: int, usual: int) -> Sequence[int]:
    return sorted({*(one for one in _OFFERED if one < maximum), usual, maximum})


def _left(credentials: TemporaryCredentials, now: datetime) -> Markup:
    """When they end, and, where scripts run, how long that still is by the gateway's clock, whatever the browser's."""
    left = int((credentials.expiration - now).total_seconds())
    return tag(
        "div",
        tag("p", "They end at ", moment(credentials.expiration), id="ends"),
        tag("strong", role="timer", aria_labelledby="ends", data_left=left, hidden=True),
        tag("progress", max=left, value=left, aria_hidden="true", hidden=True),
        tag("p", role="status", class_="unseen"),
        class_="left",
    )


def _profiles(role: PersonsRole, public_url: str, region: str) -> Markup:
    sso = profiles.sso_config(role, public_url, region)
    process = profiles.process_config(role, public_url, region)
    name = profiles.profile_name(role)
    panels = [
        (
            "AWS CLI sign-in",
            joined(
                (
                    copyable(sso, name="config-sso", about="the profile for aws sso login"),
                    quiet("Then: ", tag("code", f"aws sso login --profile {name}")),
                )
            ),
        ),
        (
            "credential_process",
            joined(
                (
                    copyable(process, name="config-process", about="the profile with credential_process"),
                    quiet("After ", tag("code", f"sts-gateway login --url {public_url}"), "."),
                )
            ),
        ),
    ]
    told = tag("p", "A profile renews its credentials by itself. Put this into ", tag("code", "~/.aws/config"), ".")
    return card(tag("h2", "Profile"), told, tabs("profile", "Kind of profile", panels))


def _allowed(found: RoleFacts) -> Markup:
    may = _sentences(found.allowed) if found.allowed else quiet("Nothing: the role has no policy.")
    limits: Child = None
    if found.limits is not None:
        limits = joined((tag("h3", "Within these limits, whatever stands above"), _sentences(found.limits)))
    return card(tag("h2", "What it allows"), may, limits)


def _sentences(told: Sequence[Told]) -> Markup:
    return tag("ul", *(_sentence(one) for one in told), class_="allowed")


def _sentence(one: Told) -> Markup:
    effect = tag("strong", "May" if one.allows else "May never")
    condition = ("only if " if one.allows else "if ") + listed(one.conditions) if one.conditions else None
    return tag(
        "li",
        tag("p", effect, f" {listed(one.actions)}"),
        tag("p", f"on {listed(one.resources)}"),
        None if condition is None else tag("p", condition, class_="quiet"),
        class_=None if one.allows else "never",
    )


def _details(found: RoleFacts) -> Markup:
    role = found.role
    return card(
        tag("h2", "Details"),
        facts(
            ("ARN", tag("code", role.arn)),
            ("Account", f"{role.account_alias}, {role.account}"),
            ("Longest session", duration_told(role.maximum)),
            ("Given by", ", ".join(found.granted_by)),
        ),
    )
