"""The pages' HTML. Every text that came from outside is escaped here, once."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Final
from urllib.parse import quote

from gateway.domain.credentials import TemporaryCredentials
from gateway.doors.portal.visit import FORM_TOKEN
from gateway.exchange.people.device_grant import DeviceRequest
from gateway.web.pages import page
from gateway.web.responses import Answer, Headers

_REFUSALS: Final = {
    "login": "The name or the password is wrong, or there were too many attempts. Wait a while before you try again.",
    "unreachable": "The directory does not answer. Try again in a moment.",
    "state": "The directory knows this password, but the account may not sign in: it is locked, disabled or expired, "
    "or its password must be changed first. Ask whoever looks after your account.",
}


def providers(rows: Sequence[tuple[str, str]], *, signed_out: bool) -> Answer:
    """`rows`: names of providers, and the paths that begin there."""
    told = "<p>You are signed out.</p>" if signed_out else "<p>Choose where your account is.</p>"
    if not rows:
        told = "<p>No provider signs people in here. Whoever operates the gateway sets client_id for one.</p>"
    items = "".join(f'<li><a class="button" href="{escape(path)}">{escape(name)}</a></li>' for name, path in rows)
    return page(title="Sign in", body=f'<div class="card"><h1>Sign in</h1>{told}<ul class="plain">{items}</ul></div>')


def password_form(
    *, provider: str, action: str, return_to: str, form_token: str, refused: str | None, headers: Headers
) -> Answer:
    told = _REFUSALS.get(refused or "")
    warning = f'<p class="warning" role="alert">{escape(told)}</p>' if told else ""
    body = f"""<div class="card"><h1>Sign in</h1><p class="quiet">with your account of {escape(provider)}</p>{warning}
<form method="post" action="{escape(action)}">{_hidden(FORM_TOKEN, form_token)}{_hidden("next", return_to)}
<label for="username">Name</label>
<input type="text" id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input type="password" id="password" name="password" autocomplete="current-password" required>
<div class="row"><button>Sign in</button></div></form></div>"""
    return page(title="Sign in", body=body, headers=headers)


def portal(
    *,
    person: str,
    provider: str,
    ends: datetime,
    accounts: Sequence[tuple[str, str, Sequence[str]]],
    form_token: str,
) -> Answer:
    """`accounts`: number, alias, names of roles."""
    cards = "".join(_account(number, alias, roles, form_token) for number, alias, roles in accounts)
    if not accounts:
        cards = '<div class="card"><p>You may assume no role. Ask whoever gives access in your organisation.</p></div>'
    body = f"""<header><div><h1>Your roles</h1>
<p class="quiet">{escape(person)}, signed in with {escape(provider)} until {_time(ends)}</p></div>
<form method="post" action="/logout">{_hidden(FORM_TOKEN, form_token)}<button class="second">Sign out</button></form>
</header>{cards}"""
    return page(title="Your roles", body=body)


def credentials(*, account: str, role: str, credentials: TemporaryCredentials, arn: str, public_url: str) -> Answer:
    given = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
        "AWS_ENDPOINT_URL_STS": public_url,
    }
    # Keys, tokens and our own address hold no character that a shell reads between quotes.
    bash = "\n".join(f"export {name}='{value}'" for name, value in given.items())
    shell = "\n".join(f"$Env:{name} = '{value}'" for name, value in given.items())
    document = json.dumps(
        {
            "Version": 1,
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "SessionToken": credentials.session_token,
            "Expiration": f"{credentials.expiration:%Y-%m-%dT%H:%M:%SZ}",
        },
        indent=2,
    )
    body = f"""<header><div><h1>{escape(role)} <span class="number">{escape(account)}</span></h1>
<p class="quiet">{escape(arn)}</p></div><a class="button second" href="/portal">Back</a></header>
<p>These credentials end at {_time(credentials.expiration)}. Whoever has them is you until then.</p>
<div class="card"><h2>Environment variables, bash</h2>{_block(bash)}</div>
<div class="card"><h2>Environment variables, PowerShell</h2>{_block(shell)}</div>
<div class="card"><h2>JSON, as credential_process gives it</h2>{_block(document)}</div>"""
    return page(title=f"Credentials for {role}", body=body)


def device_form() -> Answer:
    body = """<div class="card"><h1>Sign in to a program</h1>
<p>Type the code that the program shows. Never type one that somebody sent you.</p>
<form method="get" action="/device"><label for="user_code">Code</label>
<input class="code" type="text" id="user_code" name="user_code" autocomplete="off" maxlength="12" required autofocus>
<div class="row"><button>Continue</button></div></form></div>"""
    return page(title="Sign in to a program", body=body)


def device_request(asked: DeviceRequest, *, person: str, form_token: str) -> Answer:
    body = f"""<div class="card"><h1>Let this program act as you?</h1>
<p>Go on only if you began this yourself, and this code stands in front of you now:</p>
<p><strong class="code">{escape(asked.user_code)}</strong></p>
<dl><dt>It calls itself</dt><dd>{_unverified(asked.client_name)}</dd>
<dt>Asked from</dt><dd>{escape(asked.source_ip or "an unknown address")}</dd>
<dt>By</dt><dd>{escape(asked.user_agent or "an unnamed program")}</dd>
<dt>At</dt><dd>{_time(asked.begun)}</dd><dt>You are</dt><dd>{escape(person)}</dd></dl>
<p class="warning">If somebody else gave you the code or the link, they will get your roles. Decline.</p>
<form method="post" action="/device">{_hidden(FORM_TOKEN, form_token)}{_hidden("user_code", asked.user_code)}
{_answers()}</form></div>"""
    return page(title="Let this program act as you?", body=body)


def authorization(*, client_name: str, person: str, carried: Mapping[str, str], form_token: str, target: str) -> Answer:
    """`target`: the origin that the answer goes to."""
    fields = "".join(_hidden(name, value) for name, value in carried.items())
    body = f"""<div class="card"><h1>Let a program on this computer act as you?</h1>
<dl><dt>It calls itself</dt><dd>{_unverified(client_name)}</dd>
<dt>It listens at</dt><dd>{escape(target)}</dd><dt>You are</dt><dd>{escape(person)}</dd></dl>
<p class="warning">Go on only if you began this yourself a moment ago.</p>
<form method="post" action="/authorize">{_hidden(FORM_TOKEN, form_token)}{fields}{_answers()}</form></div>"""
    return page(title="Let a program act as you?", body=body, form_targets=(target,))


def answered(*, approved: bool) -> Answer:
    told = "The program has its answer. You may close this page." if approved else "The program got nothing."
    title = "Approved" if approved else "Declined"
    return page(title=title, body=f'<div class="card"><h1>{title}</h1><p>{told}</p></div>')


def refusal(*, message: str, status: int, request_id: str) -> Answer:
    body = f"""<div class="card"><h1>This did not work</h1><p role="alert">{escape(message)}.</p>
<p><a class="button" href="/portal">To the portal</a></p><p class="quiet">Request {escape(request_id)}</p></div>"""
    return page(title="This did not work", body=body, status=status)


def _account(number: str, alias: str, roles: Sequence[str], form_token: str) -> str:
    rows = "".join(_role(number, role, form_token) for role in roles)
    return f"""<section class="card"><h2>{escape(alias)} <span class="number">{escape(number)}</span></h2>
<ul class="plain">{rows}</ul></section>"""


def _role(number: str, role: str, form_token: str) -> str:
    fields = _hidden(FORM_TOKEN, form_token) + _hidden("account", number) + _hidden("role", role)
    label = escape(f"Credentials for {role}")
    return f"""<li id="{escape(quote(f"{number}/{role}"))}"><span>{escape(role)}</span>
<form method="post" action="/portal/credentials">{fields}
<button aria-label="{label}">Credentials</button></form></li>"""


def _unverified(name: str) -> str:
    return f'{escape(name)} <span class="quiet">(nobody has verified this name)</span>'


def _answers() -> str:
    return """<div class="row"><button name="answer" value="approve">Approve</button>
<button class="second" name="answer" value="decline">Decline</button></div>"""


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _block(text: str) -> str:
    return f'<pre tabindex="0">{escape(text)}</pre>'


def _time(moment: datetime) -> str:
    return f'<time datetime="{moment.isoformat()}">{moment:%Y-%m-%d %H:%M} UTC</time>'
