"""The development issuer's pages: choose who you are, and what went wrong."""

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from gateway.demo.issuer.authorization import AuthorizationRequest
from gateway.demo.pages import page
from gateway.demo.people import PEOPLE, Person
from gateway.web.markup import Markup, tag

PERSON_FIELD: Final = "person"


def chooser(request: AuthorizationRequest) -> Response:
    """A form with one button a person; the request stands in hidden fields and is checked again when it comes back."""
    hidden = [
        tag("input", type="hidden", name=name, value=value)
        for name, value in request.parameters.items()
        if name != PERSON_FIELD
    ]
    people = tag("ul", *(tag("li", _button(person)) for person in PEOPLE.values()), class_="people")
    content = tag(
        "section",
        tag("h1", "Who are you?"),
        tag("p", "Choose somebody to sign in as at ", tag("strong", request.client.client_id), "."),
        tag("form", *hidden, people, method="post", action="/authorize"),
        class_="card",
    )
    body = (tag("div", content, class_="narrow"),)
    return page(title="Sign in", body=body, form_targets=[_origin(request.redirect_uri)])


def refusal(reason: str) -> Response:
    content = tag(
        "section",
        tag("h1", "This sign-in cannot go on"),
        tag("p", reason),
        tag("p", "Go back to the program that sent you here and begin again."),
        class_="card",
    )
    return page(title="Sign-in refused", body=(tag("div", content, class_="narrow"),), status=400)


def _button(person: Person) -> Markup:
    groups = ", ".join(person.groups) or "no groups"
    return tag(
        "button",
        tag("strong", person.full_name),
        tag("span", f"{person.work} · {groups}", class_="quiet"),
        name=PERSON_FIELD,
        value=person.name,
        class_="second",
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
