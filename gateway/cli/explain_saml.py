"""What came of each attribute of a saved SAML answer, for `sts-gateway explain`."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.connectors.saml.saved_answer import SavedAnswer
    from gateway.connectors.saml.settings import SamlSettings
    from gateway.domain.assertion import ProvenAssertion
    from gateway.domain.identity import Identity
    from gateway.settings.configuration import Configuration

NOTICE: Final = "Judged as of the moment it was made; nothing is used up."
_SHOWN_VALUES: Final = 5
_AWS: Final = "https://aws.amazon.com/SAML/Attributes/"
_TAG: Final = f"{_AWS}PrincipalTag:"


class UnreadableAnswer(Exception):
    """The file, or the provider's metadata, cannot be used; the message tells the mend."""


class RefusedAnswer(Exception):
    """The answer was refused before any mapping was asked. `notes`: what it says all the same."""

    def __init__(self, cause: str, notes: Sequence[str]) -> None:
        super().__init__(f"the answer is refused before any mapping is asked: {cause}")
        self.notes = tuple(notes)


def saved_identity(
    configuration: "Configuration", provider: str, settings: "SamlSettings", content: bytes, now: "datetime"
) -> "tuple[Identity, list[str]]":
    """The identity of the answer, and a line for each attribute. Raises UnreadableAnswer, RefusedAnswer."""
    from gateway.connectors.saml.connector import SamlConnector
    from gateway.domain.clock import SteadyClock
    from gateway.domain.errors import ProviderUnreachable

    public_url = configuration.gateway.public_url
    try:
        connector = SamlConnector(name=provider, settings=settings, public_url=public_url, clock=SteadyClock())
        answer = asyncio.run(connector.saved(content))
    except UnicodeDecodeError:
        raise UnreadableAnswer("the file is no SAML answer; save the parameter SAMLResponse, or its XML") from None
    except ProviderUnreachable as fault:
        raise UnreadableAnswer(f"the provider's metadata cannot be had: {fault.cause}") from None
    except ValueError as fault:
        raise UnreadableAnswer(str(fault)) from None
    told = [] if answer.assertion is None else list(_attributes(answer.assertion, configuration, settings))
    if answer.refusal is not None or answer.assertion is None:
        raise RefusedAnswer(answer.refusal or "it holds no assertion", told)
    return answer.assertion.identity, [*_circumstances(answer, answer.assertion, now), *told]


def _circumstances(answer: "SavedAnswer", assertion: "ProvenAssertion", now: "datetime") -> "Iterator[str]":
    yield f"The signature holds, by the certificate with SHA-256 {assertion.certificate_sha256}."
    if answer.in_response_to is not None:
        yield "It answers a request of a browser's sign-in: AssumeRoleWithSAML refuses it, /saml/NAME/acs takes it."
    else:
        yield "It answers no request: AssumeRoleWithSAML takes it, /saml/NAME/acs with allow_idp_initiated alone."
    if now >= assertion.used_until:
        yield f"It has expired since: it could be used until {assertion.used_until:%Y-%m-%d %H:%M:%S} UTC."


def _attributes(
    assertion: "ProvenAssertion", configuration: "Configuration", settings: "SamlSettings"
) -> "Iterator[str]":
    identity = assertion.identity
    uses = _uses(assertion, configuration, settings)
    for name in sorted(identity.claims):
        value = identity.claims[name]
        values = (value,) if isinstance(value, str) else tuple(value)
        shown = ", ".join(values[:_SHOWN_VALUES])
        more = f" and {len(values) - _SHOWN_VALUES} more" if len(values) > _SHOWN_VALUES else ""
        yield f"attribute {name} = {shown}{more}: {'; '.join(uses.get(name, ())) or 'nothing asks for it'}"
    for key, name in _named(settings).items():
        if name not in identity.claims and name != "NameID":
            yield f"attribute {name} is absent: no {key}"


def _uses(
    assertion: "ProvenAssertion", configuration: "Configuration", settings: "SamlSettings"
) -> "Mapping[str, list[str]]":
    """By attribute, what each is for."""
    uses: dict[str, list[str]] = {}
    for key, name in _named(settings).items():
        uses.setdefault(name, []).append(f"the {key}")
    for name in assertion.identity.claims:
        if name.startswith(_AWS):
            uses.setdefault(name, []).append(_of_aws(name, assertion))
    for mapping in configuration.mappings:
        if mapping.provider != assertion.identity.provider:
            continue
        for name in mapping.claims:
            uses.setdefault(name, []).append(f"{mapping.mapping_id} asks for it")
        for tag, template in mapping.session_tags.items():
            for name in assertion.identity.claims:
                if f"{{claims.{name}}}" in template:
                    uses.setdefault(name, []).append(f"the session tag {tag} of {mapping.mapping_id}")
    return uses


def _of_aws(name: str, assertion: "ProvenAssertion") -> str:
    if name.startswith(_TAG):
        return f"the session tag {name.removeprefix(_TAG)}"
    pairs = assertion.role_pairs or ()
    told: Mapping[str, Any] = {
        "Role": f"narrows what is granted to {len(pairs)} pair{'' if len(pairs) == 1 else 's'} of role and provider",
        "RoleSessionName": f"the session's name, {assertion.role_session_name}",
        "SessionDuration": f"{assertion.session_duration} seconds where nobody asks for others",
        "SourceIdentity": f"the source identity, {assertion.identity.source_identity}",
        "TransitiveTagKeys": "tags that later sessions inherit",
    }
    return str(told.get(name.removeprefix(_AWS), "no attribute that AWS defines"))


def _named(settings: "SamlSettings") -> "Mapping[str, str]":
    paths = settings.attributes
    return {"user name": paths.username, "groups": paths.groups, "e-mail address": paths.email}
