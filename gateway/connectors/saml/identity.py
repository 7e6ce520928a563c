"""From an assertion that holds to a ProvenAssertion: names, groups, and what AWS's attributes ask for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from gateway.connectors.saml import aws_attributes
from gateway.connectors.saml.names import NAME_ID_FORMATS
from gateway.connectors.saml.reading import AssertionFacts
from gateway.connectors.saml.trust import NAME_ID, SamlTrust
from gateway.domain.assertion import ProvenAssertion, RolePair
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import Identity, ProviderType

_MAXIMUM_USERNAME: Final = 255
_MAXIMUM_EMAIL: Final = 254
# What AD FS and Entra ID say of how somebody signed in; SAML itself has one class for it, which is `acr`.
_METHODS: Final = "http://schemas.microsoft.com/claims/authnmethodsreferences"


def proven(
    facts: AssertionFacts, trust: SamlTrust, *, response_id: str, used_until: datetime, certificate_sha256: str
) -> ProvenAssertion:
    """What follows from `facts`, every condition of which was found to hold.

    Raises InvalidIdentityToken: no usable user name, or AWS's attributes in another shape. InvalidTags.
    """
    attributes = facts.attributes
    pairs, duration = aws_attributes.role_pairs(attributes), aws_attributes.session_duration(attributes)
    return ProvenAssertion(
        identity=_identity(facts, trust, pairs, duration),
        assertion_id=facts.assertion_id,
        response_id=response_id,
        used_until=used_until,
        name_id=facts.name_id,
        role_pairs=pairs,
        role_session_name=aws_attributes.role_session_name(attributes),
        session_duration=duration,
        session_index=facts.session_index,
        session_not_on_or_after=facts.session_not_on_or_after,
        issued_at=facts.issued_at,
        certificate_sha256=certificate_sha256,
    )


def _identity(
    facts: AssertionFacts, trust: SamlTrust, pairs: tuple[RolePair, ...] | None, duration: int | None
) -> Identity:
    """The person, with all that bounds what may come of it later."""
    attributes = facts.attributes
    tags, transitive = aws_attributes.session_tags(attributes)
    return Identity(
        provider=trust.provider,
        provider_type=ProviderType.SAML,
        issuer=facts.issuer,
        subject=facts.name_id.value,
        audience=trust.acs_url,
        username=_username(facts, trust.attributes.username),
        email=_email(_only(facts, trust.attributes.email)),
        groups=frozenset(attributes.get(trust.attributes.groups, ())),
        claims=_claims(attributes),
        authenticated_at=facts.authenticated_at,
        amr=attributes.get(_METHODS, ()),
        acr=facts.authn_context,
        session_tags=tags,
        transitive_tag_keys=transitive,
        source_identity=aws_attributes.source_identity(attributes),
        subject_type=facts.name_id.format.removeprefix(NAME_ID_FORMATS),
        only_roles=None if pairs is None else tuple((pair.role_arn, pair.provider_arn) for pair in pairs),
        session_duration=duration,
        ends_at=facts.session_not_on_or_after,
    )


def _claims(attributes: Mapping[str, tuple[str, ...]]) -> Mapping[str, Any]:
    """One value as a text, several as a tuple; no value, no claim."""
    return {name: values[0] if len(values) == 1 else values for name, values in attributes.items() if values}


def _only(facts: AssertionFacts, name: str) -> str | None:
    if name == NAME_ID:
        return facts.name_id.value
    values = facts.attributes.get(name, ())
    return values[0] if len(values) == 1 else None


def _username(facts: AssertionFacts, name: str) -> str:
    username = _only(facts, name)
    if username is None or len(username) > _MAXIMUM_USERNAME or not username.isprintable():
        raise InvalidIdentityToken(
            "The SAML response does not name its user",
            cause=f"the user name's attribute {name} does not have exactly one value of 1 to {_MAXIMUM_USERNAME} "
            "printable characters",
        )
    return username


def _email(email: str | None) -> str | None:
    """The address, where it is one: `a@evil@corp` has two domains, whichever the reader prefers."""
    if email is None:
        return None
    name, _, domain = email.partition("@")
    plain = email.isprintable() and " " not in email and "@" not in domain and len(email) <= _MAXIMUM_EMAIL
    return email if plain and name and domain else None
