"""The portal itself: the person's accounts and roles, and credentials for one of them."""

import itertools

from gateway.domain.errors import InvalidParameter
from gateway.doors.portal import html
from gateway.doors.portal.visit import Visit
from gateway.web.responses import Answer


async def show(visit: Visit) -> Answer:
    session = await visit.session()
    found = visit.people.roles(session, visit.origin)
    accounts = [
        (account, alias, [one.role for one in rows])
        for (account, alias), rows in itertools.groupby(found, key=lambda one: (one.account, one.account_alias))
    ]
    return html.portal(
        person=session.signed_in.identity.username,
        provider=session.signed_in.identity.provider,
        ends=session.signed_in.ends,
        accounts=accounts,
        form_token=session.form_token,
    )


async def take(visit: Visit) -> Answer:
    """Credentials, by a form: a link must not mint anything."""
    session = await visit.session_of_form()
    account, role = (visit.fields.get(name, "") for name in ("account", "role"))
    if not (account.isascii() and account.isdecimal() and len(account) == 12):
        raise InvalidParameter("account is an account's number of 12 digits", parameter="account")
    assumed = visit.people.credentials(session, account, role[:64], visit.origin)
    return html.credentials(
        account=account,
        role=role,
        credentials=assumed.credentials,
        arn=assumed.principal.arn,
        public_url=visit.public_url,
    )
