"""A browser without a window: follows the issuer's pages over HTTP, and the client behind it redeems the code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import parse_qsl, urljoin

import httpx

from gateway.demo.issuer.pages import PERSON_FIELD
from gateway.demo.narration import veiled
from gateway.demo.relying_party import Attempt, SignedIn, SignInFailed

REDIRECT_URI: Final = "http://127.0.0.1:53682/callback"
"""Where a command line would listen for the answer; the browser here reads it off the redirect instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """One request and its answer, in words, without secrets."""

    sent: str
    back: str


def sign_in(http: httpx.Client, *, issuer: str, client_id: str, person: str) -> tuple[SignedIn, Sequence[Exchanged]]:
    """Sign `person` in by authorization code and PKCE; the result, and what went over the wire for it.

    Raises SignInFailed, httpx.HTTPError.
    """
    configuration = http.get(f"{issuer}/.well-known/openid-configuration").json()
    attempt = Attempt.begin(issuer=issuer, client_id=client_id, redirect_uri=REDIRECT_URI)
    form, asked = _asked(http, configuration["authorization_endpoint"], attempt)
    if person not in form.choices.get(PERSON_FIELD, ()):
        raise SignInFailed(f"the page does not offer {person}")
    code, chosen = _chosen(http, form, person, attempt)
    result, redeemed = _redeemed(http, configuration["token_endpoint"], attempt, code)
    return result, (asked, chosen, redeemed)


def _asked(http: httpx.Client, endpoint: str, attempt: Attempt) -> tuple["_Form", Exchanged]:
    page = http.get(attempt.authorization_url(endpoint))
    form = _Form.of(page)
    parameters = attempt.authorization_parameters()
    sent = (
        f"GET {endpoint}\n"
        f"response_type=code  client_id={attempt.client_id}  scope={parameters['scope']}\n"
        f"code_challenge={parameters['code_challenge']}  (S256 of a secret verifier)\n"
        f"state={veiled(attempt.state)}  nonce={veiled(attempt.nonce)}"
    )
    people = ", ".join(form.choices.get(PERSON_FIELD, ()))
    return form, Exchanged(sent=sent, back=f"{page.status_code}, a page that asks who you are: {people}")


def _chosen(http: httpx.Client, form: "_Form", person: str, attempt: Attempt) -> tuple[str, Exchanged]:
    answer = http.post(form.action, data={**form.fields, PERSON_FIELD: person})
    address, _, query = answer.headers.get("location", "").partition("?")
    code = attempt.code_of(dict(parse_qsl(query)))
    back = f"{answer.status_code}, to {address}  code={veiled(code)}  state={veiled(attempt.state)}"
    return code, Exchanged(sent=f"POST {form.action}  {PERSON_FIELD}={person}", back=back)


def _redeemed(http: httpx.Client, endpoint: str, attempt: Attempt, code: str) -> tuple[SignedIn, Exchanged]:
    answer = http.post(endpoint, data=dict(attempt.token_parameters(code)))
    result = attempt.signed_in(answer.json())
    sent = f"POST {endpoint}  code={veiled(code)}  code_verifier={veiled(attempt.code_verifier)}"
    return result, Exchanged(sent=sent, back=f"{answer.status_code}, an ID token {veiled(result.id_token)}")


@dataclass(slots=True, kw_only=True)
class _Form:
    """A page's one form: where it goes, its hidden fields, and the values that its buttons offer."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, page: httpx.Response) -> "_Form":
        reader = _FormReader()
        reader.feed(page.text)
        reader.form.action = urljoin(str(page.url), reader.form.action)
        return reader.form


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form: Final = _Form()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Mapping[str, str] = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self.form.action = given.get("action", "")
        elif tag == "input":
            self.form.fields[name] = value
        elif tag == "button":
            self.form.choices[name] = (*self.form.choices.get(name, ()), value)
