"""What an assertion and its response say, taken out of markup whole or not at all; nothing is compared here.

An assertion is read from the canonical bytes that its signature speaks of, parsed anew: never from the document that
came, in which two readers can find two assertions.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.connectors.saml.names import (
    ATTRIBUTE,
    ATTRIBUTE_VALUE,
    AUDIENCE,
    ISSUER,
    NAME_ID,
    SAML,
    STATUS,
    STATUS_CODE,
    UNSPECIFIED,
)
from gateway.connectors.saml.refusals import misshapen
from gateway.connectors.saml.times import moment
from gateway.connectors.saml.tree import Element, local_name, text_of
from gateway.domain.assertion import NameId

_MAXIMUM_NAME: Final = 256
_SUBJECT: Final = f"{{{SAML}}}Subject"
_CONFIRMATION: Final = f"{{{SAML}}}SubjectConfirmation"
_CONFIRMATION_DATA: Final = f"{{{SAML}}}SubjectConfirmationData"
_CONDITIONS: Final = f"{{{SAML}}}Conditions"
_RESTRICTION: Final = f"{{{SAML}}}AudienceRestriction"
_STATEMENT: Final = f"{{{SAML}}}AuthnStatement"
_CONTEXT: Final = f"{{{SAML}}}AuthnContext"
_CLASS: Final = f"{{{SAML}}}AuthnContextClassRef"
_ATTRIBUTES: Final = f"{{{SAML}}}AttributeStatement"
_UNDERSTOOD: Final = frozenset((_RESTRICTION, f"{{{SAML}}}OneTimeUse", f"{{{SAML}}}ProxyRestriction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """One way in which the subject may be confirmed. `data`: the attributes of SubjectConfirmationData."""

    method: str
    data: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssertionFacts:
    """What an assertion says. `audiences`: those of each restriction, every one of which must be met."""

    assertion_id: str
    version: str
    issued_at: datetime
    issuer: str
    name_id: NameId
    confirmations: tuple[Confirmation, ...]
    not_before: datetime | None
    not_on_or_after: datetime | None
    audiences: tuple[frozenset[str], ...]
    authenticated_at: datetime
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_context: str | None
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFacts:
    """What a response says around its assertion."""

    response_id: str
    version: str
    issued_at: datetime
    issuer: str | None
    destination: str | None
    in_response_to: str | None
    statuses: tuple[str, ...]
    """The Value of each StatusCode, the outermost first."""


def assertion_facts(assertion: Element) -> AssertionFacts:
    """Raises InvalidIdentityToken where something is missing, there twice, or no plain text."""
    subject, conditions = _one(assertion, _SUBJECT), _one(assertion, _CONDITIONS)
    statement = _one(assertion, _STATEMENT)
    if any(condition.tag not in _UNDERSTOOD for condition in conditions):
        # Core 2.5.1.1, 4: a condition that is not understood leaves the assertion's validity open.
        misshapen("Conditions hold one that is not understood")
    return AssertionFacts(
        assertion_id=_required(assertion, "ID"),
        version=_required(assertion, "Version"),
        issued_at=moment("IssueInstant", _required(assertion, "IssueInstant")),
        issuer=text_of(_one(assertion, ISSUER)),
        name_id=_name_id(_one(subject, NAME_ID)),
        confirmations=tuple(_confirmation(element) for element in subject.iterchildren(_CONFIRMATION)),
        not_before=_optional_moment(conditions, "NotBefore"),
        not_on_or_after=_optional_moment(conditions, "NotOnOrAfter"),
        audiences=tuple(_audiences(restriction) for restriction in conditions.iterchildren(_RESTRICTION)),
        authenticated_at=moment("AuthnInstant", _required(statement, "AuthnInstant")),
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=_optional_moment(statement, "SessionNotOnOrAfter"),
        authn_context=_authn_context(statement),
        attributes=_attributes(assertion),
    )


def response_facts(response: Element) -> ResponseFacts:
    """Raises InvalidIdentityToken."""
    issuer = next(response.iterchildren(ISSUER), None)
    return ResponseFacts(
        response_id=_required(response, "ID"),
        version=_required(response, "Version"),
        issued_at=moment("IssueInstant", _required(response, "IssueInstant")),
        issuer=None if issuer is None else text_of(issuer),
        destination=response.get("Destination"),
        in_response_to=response.get("InResponseTo"),
        statuses=tuple(_required(code, "Value") for code in _one(response, STATUS).iter(STATUS_CODE)),
    )


def _one(parent: Element, tag: str) -> Element:
    found = list(parent.iterchildren(tag))
    if len(found) != 1:
        misshapen(f"{local_name(parent)} holds {len(found)} of {tag.rpartition('}')[2]}, not one")
    return found[0]


def _required(element: Element, name: str) -> str:
    value = element.get(name)
    if not value:
        misshapen(f"{local_name(element)} has no {name}")
    return str(value)


def _optional_moment(element: Element, name: str) -> datetime | None:
    text = element.get(name)
    return None if text is None else moment(name, text)


def _name_id(element: Element) -> NameId:
    value = text_of(element)
    # Blanks around a name, and characters that nobody sees, make two people look like one.
    if not 0 < len(value) <= _MAXIMUM_NAME or value != value.strip() or not value.isprintable():
        misshapen(f"NameID is not a text of 1 to {_MAXIMUM_NAME} printable characters without blanks around it")
    return NameId(
        value=value,
        format=element.get("Format", UNSPECIFIED),
        name_qualifier=element.get("NameQualifier"),
        sp_name_qualifier=element.get("SPNameQualifier"),
    )


def _confirmation(element: Element) -> Confirmation:
    data = list(element.iterchildren(_CONFIRMATION_DATA))
    if len(data) > 1:
        misshapen("a SubjectConfirmation has data twice")
    return Confirmation(method=_required(element, "Method"), data=dict(data[0].attrib) if data else {})


def _audiences(restriction: Element) -> frozenset[str]:
    return frozenset(text_of(audience) for audience in restriction.iterchildren(AUDIENCE))


def _authn_context(statement: Element) -> str | None:
    classes = [
        text_of(reference) for context in statement.iterchildren(_CONTEXT) for reference in context.iterchildren(_CLASS)
    ]
    return classes[0] if len(classes) == 1 else None


def _attributes(assertion: Element) -> Mapping[str, tuple[str, ...]]:
    """Values by Name, never by FriendlyName; those of one Name are joined, as the identity provider signed them all."""
    found: dict[str, tuple[str, ...]] = {}
    for statement in assertion.iterchildren(_ATTRIBUTES):
        for attribute in statement.iterchildren(ATTRIBUTE):
            name = _required(attribute, "Name")
            found[name] = (*found.get(name, ()), *(_value(value) for value in attribute.iterchildren(ATTRIBUTE_VALUE)))
    return found


def _value(element: Element) -> str:
    value = text_of(element)
    if not value:
        misshapen("an AttributeValue is empty")
    return value
