"""From a person's entry and groups to an Identity."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.connectors.ldap.groups import Membership
from gateway.connectors.ldap.people import Person
from gateway.connectors.ldap.results import Entry
from gateway.connectors.ldap.settings import UserSettings
from gateway.domain.arn import ldap_issuer
from gateway.domain.identity import Identity, ProviderType

DN_CLAIM: Final = "dn"
"""Where `claims` holds the entry's own DN, which is no attribute."""

_PASSWORD: Final = ("pwd",)
# Hashes, wherever a server would hand them out.
_SECRET: Final = frozenset(
    {"userpassword", "unicodepwd", "sambantpassword", "sambalmpassword", "krbprincipalkey", "dbcspwd", "ntpwdhistory"}
)


def identity_of(
    person: Person,
    membership: Membership,
    *,
    provider: str,
    settings: UserSettings,
    attributes: frozenset[str],
    now: datetime,
) -> Identity:
    """The Identity of somebody whose password was right. `attributes`: names under which claims are wanted."""
    return Identity(
        provider=provider,
        provider_type=ProviderType.LDAP,
        issuer=ldap_issuer(provider),
        subject=person.subject,
        audience=ldap_issuer(provider),
        username=person.username,
        email=person.entry.text(settings.email),
        groups=membership.groups,
        claims=_claims(person.entry, attributes | {settings.username, settings.email}),
        authenticated_at=now,
        # RFC 8176
        amr=_PASSWORD,
        notes=membership.notes,
    )


def _claims(entry: Entry, attributes: frozenset[str]) -> Mapping[str, Any]:
    """One value as a text, several as a tuple, each under the name by which it was asked for; no value, no claim."""
    found = {name: entry.texts(name) for name in attributes if name.lower() not in _SECRET}
    claims: dict[str, Any] = {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items() if texts}
    return {DN_CLAIM: entry.dn, **claims}
