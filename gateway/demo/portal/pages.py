"""The demo's own pages: who there is and what to type, and what a sign-in gave."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from starlette.responses import Response

from gateway.demo.pages import command_lines, page
from gateway.demo.people import PEOPLE
from gateway.demo.portal.commands import Addresses, calls, environment, keep_token, trade
from gateway.demo.relying_party import SignedIn
from gateway.demo.setting import ANALYST, ENGINEER

SIGN_IN_PATH: Final = "/demo/sign-in"
_MAY: Final[Mapping[str, str]] = {
    "ana": "read the lake, write under scratch/research/",
    "ben": "read and write the lake",
    "carla": "nothing: she has no group, so no role is hers",
}
_EXPECT: Final[Mapping[str, str]] = {
    "ana": "For her group analysts the gateway gives the role Analyst: all of the calls below work but the last.",
    "ben": "For his group engineers the gateway gives the role Engineer: all of the calls below work.",
    "carla": "It names no group, so the gateway refuses her every role: none of the calls below works.",
}


def start(addresses: Addresses) -> Response:
    people = "\n".join(
        f'<tr><th scope="row">{escape(person.full_name)}</th>'
        f"<td>{escape(', '.join(person.groups) or 'none')}</td><td>{escape(_MAY[person.name])}</td></tr>"
        for person in PEOPLE.values()
    )
    body = f"""\
<h1>sts-gateway, running</h1>
<p>A login from your own user store in, AWS temporary credentials out. This world has an OpenID Connect issuer with
three people, the gateway, and a resource server that speaks S3 and lets the gateway decide.</p>
<h2>The people</h2>
<table>
<thead><tr><th scope="col">Who</th><th scope="col">Groups</th><th scope="col">May</th></tr></thead>
<tbody>
{people}
</tbody>
</table>
<p><a class="button" href="/portal">To the portal</a> The issuer lets you choose who you are; the portal shows your
roles and gives credentials. Below is the same by hand.</p>
<h2>1. Sign somebody in</h2>
<p>The issuer lets you choose who you are; then you get an ID token, and the commands that use it.</p>
<p><a class="button" href="{SIGN_IN_PATH}">Sign in at the issuer</a></p>
<h2>2. Tell the AWS CLI where to go</h2>
<p>The same variables work for every AWS SDK: they trade the token for credentials by themselves, and again before
those end. For Ana:</p>
{command_lines(environment(addresses, "ana"))}
<h2>3. Use the credentials</h2>
<p>Ana may do all of this but the last line.</p>
{command_lines(calls())}
<h2>Where things are</h2>
<table>
<tbody>
<tr><th scope="row">Gateway, STS</th><td><code>{escape(addresses.gateway)}</code></td></tr>
<tr><th scope="row">Issuer</th><td><a href="{escape(addresses.issuer)}/.well-known/openid-configuration">\
<code>{escape(addresses.issuer)}</code></a></td></tr>
<tr><th scope="row">Resource server</th><td><code>{escape(addresses.lake)}</code>, bucket <code>lake</code></td></tr>
<tr><th scope="row">Roles</th><td><code>{ANALYST}</code><br><code>{ENGINEER}</code></td></tr>
</tbody>
</table>"""
    return page(title="sts-gateway demo", body=body)


def signed_in(addresses: Addresses, result: SignedIn) -> Response:
    person = PEOPLE[result.claims["sub"]]
    body = f"""\
<h1>You are {escape(person.full_name)}</h1>
<p>The issuer gave an ID token, which holds for an hour. {escape(_EXPECT[person.name])}</p>
<h2>1. Keep the token in a file</h2>
<p>One click marks all of a block.</p>
{command_lines(keep_token(result.id_token))}
<h2>2. Tell the AWS CLI where to go</h2>
{command_lines(environment(addresses, person.name))}
<h2>3. Use it</h2>
{command_lines(calls())}
<h2>Or trade it by hand</h2>
{command_lines(trade(addresses, person.name))}
<h2>What the token says</h2>
<table class="claims">
<tbody>
{_claims_rows(result.claims)}
</tbody>
</table>
<p><a href="{SIGN_IN_PATH}">Sign in as somebody else</a> · <a href="/demo">Back to the start</a></p>"""
    return page(title=f"Signed in as {person.full_name}", body=body)


def failed(reason: str) -> Response:
    body = f"""\
<h1>The sign-in did not work</h1>
<p>{escape(reason)}.</p>
<p><a href="{SIGN_IN_PATH}">Begin again</a> · <a href="/demo">Back to the start</a></p>"""
    return page(title="Sign-in failed", body=body, status=400)


def _claims_rows(claims: Mapping[str, Any]) -> str:
    return "\n".join(
        f'<tr><th scope="row">{escape(name)}</th><td><code>{escape(_shown(value))}</code></td></tr>'
        for name, value in claims.items()
    )


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
