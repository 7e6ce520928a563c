"""The development issuer's pages: choose who you are, and what went wrong."""

from html import escape
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from gateway.demo.issuer.authorization import AuthorizationRequest
from gateway.demo.pages import page
from gateway.demo.people import PEOPLE, Person

PERSON_FIELD: Final = "person"


def chooser(request: AuthorizationRequest) -> Response:
    """A form with one button a person; the request stands in hidden fields and is checked again when it comes back."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in request.parameters.items()
        if name != PERSON_FIELD
    )
    people = "\n".join(f"<li>{_button(person)}</li>" for person in PEOPLE.values())
    body = (
        "<h1>Who are you?</h1>\n"
        f"<p>Choose somebody to sign in as at <strong>{escape(request.client.client_id)}</strong>.</p>\n"
        f'<form method="post" action="/authorize">\n{hidden}\n<ul class="people">\n{people}\n</ul>\n</form>'
    )
    return page(title="Sign in", body=body, form_targets=[_origin(request.redirect_uri)])


def refusal(reason: str) -> Response:
    body = (
        "<h1>This sign-in cannot go on</h1>\n"
        f"<p>{escape(reason)}</p>\n"
        "<p>Go back to the program that sent you here and begin again.</p>"
    )
    return page(title="Sign-in refused", body=body, status=400)


def _button(person: Person) -> str:
    groups = ", ".join(person.groups) or "no groups"
    return (
        f'<button name="{PERSON_FIELD}" value="{escape(person.name)}">'
        f'<span class="name">{escape(person.full_name)}</span>'
        f'<span class="detail">{escape(person.work)} · {escape(groups)}</span></button>'
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
