"""Answers that are signed, and not for us, not now, or not for this."""

from typing import Any, Final

from lxml import etree

from gateway.domain.errors import ExpiredIdentityToken, GatewayError, InvalidIdentityToken, RejectedClaim
from tests.fakes.saml_hostile.attack import XSI, Build, Document, World, add, assertion_of, attack
from tests.fakes.saml_identity_provider import (
    ACS_URL,
    ENTITY_ID,
    ISSUER,
    assertion_xml,
    found,
    parsed,
    reparsed,
    response_xml,
)


def said(
    cause: str, error: type[GatewayError] = InvalidIdentityToken, asked: str | None = None, **changes: Any
) -> tuple[Build, str, type[GatewayError], str | None]:
    return (lambda world: world.honest(**changes)), cause, error, asked


_AUDIENCE: Final = "Audience is not our entity id"
_RECIPIENT: Final = "Recipient is not our"
_DESTINATION: Final = "Destination is not our"
_ASKED: Final = "_request1"
_IN_RESPONSE: Final = "InResponseTo is not the request"
_YEAR: Final = 366 * 86_400.0

for _name, _row in {
    "no audience restriction": said(_AUDIENCE, audiences=()),
    "an empty audience restriction": said(_AUDIENCE, audiences=((),)),
    "another audience": said(_AUDIENCE, audiences=(("https://other.example",),)),
    "an audience that contains ours": said(_AUDIENCE, audiences=((f"{ENTITY_ID}.evil.example",),)),
    "two audience restrictions, one of them another's": said(
        _AUDIENCE, audiences=((ENTITY_ID,), ("https://other.example",))
    ),
    "an audience with blanks around it": said(_AUDIENCE, audiences=((f" {ENTITY_ID} ",),)),
    "no recipient": said(_RECIPIENT, recipient=None),
    "another recipient": said(_RECIPIENT, recipient="https://other.example/acs"),
    "a recipient that contains ours": said(_RECIPIENT, recipient=f"https://evil.example/?{ACS_URL}"),
    "a recipient that begins with ours": said(_RECIPIENT, recipient=f"{ACS_URL}.evil.example"),
    "an empty recipient": said(_RECIPIENT, recipient=""),
    "another destination": said(_DESTINATION, destination="https://other.example/acs"),
    "a destination that begins with ours": said(_DESTINATION, destination=f"{ACS_URL}.evil.example/x"),
    "an empty destination": said(_DESTINATION, destination=""),
    "no destination on a signed response": said(_DESTINATION, signed="ar", destination=None),
    "another issuer": said("assertion's Issuer is not", issuer="https://other.example", response_issuer=None),
    "an empty issuer": said("assertion's Issuer is not", issuer="", response_issuer=None),
    "an issuer that contains the provider's": said(
        "assertion's Issuer is not", issuer=f"{ISSUER}/x", response_issuer=None
    ),
    "another issuer of the response": said("Response's Issuer is not", response_issuer="https://other.example"),
    "version 1.1 of the assertion": said("assertion's Version", version="1.1"),
    "version 1.1 of the response": said("Response's Version", response_version="1.1"),
    "an answer to a request that we did not make": said(_IN_RESPONSE, in_response_to=_ASKED),
    "a confirmation of a request that we did not make": said(
        f"confirmation's {_IN_RESPONSE}", confirmation_in_response_to=_ASKED
    ),
    "an answer to another request": said(_IN_RESPONSE, asked=_ASKED, in_response_to="_request2"),
    "an answer to no request, where one was made": said(_IN_RESPONSE, asked=_ASKED),
    "a confirmation of no request, where one was made": said(
        f"confirmation's {_IN_RESPONSE}", asked=_ASKED, in_response_to=_ASKED, confirmation_in_response_to=None
    ),
    "a confirmation of another request": said(
        f"confirmation's {_IN_RESPONSE}", asked=_ASKED, in_response_to=_ASKED, confirmation_in_response_to="_request2"
    ),
    "holder of key": said("one bearer confirmation", method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
    "two bearer confirmations": said(
        "one bearer confirmation",
        subject_xml='<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"/>',
    ),
    "a confirmation without an end": said("confirmation has no NotOnOrAfter", confirmed_until=None),
    "a confirmation that is to come": said("confirmation's NotBefore is in the future", confirmed_from=62),
    "a confirmation that has ended": said("expired", ExpiredIdentityToken, confirmed_until=-61),
    "conditions without an end": said("conditions have no NotOnOrAfter", not_on_or_after=None),
    "conditions without times": said("conditions have no NotOnOrAfter", not_on_or_after=None, not_before=None),
    "conditions that have ended": said("expired", ExpiredIdentityToken, not_on_or_after=-61),
    "conditions that are to come": said("NotBefore is in the future", not_before=62),
    "an unknown condition": said(
        "one that is not understood",
        conditions_xml=f'<saml:Condition xmlns:xsi="{XSI}" xmlns:x="urn:x" xsi:type="x:Unknown"/>',
    ),
    "issued in 2099": said("assertion's IssueInstant is in the future", issued=73 * _YEAR),
    "the response issued in the future": said("Response's IssueInstant is in the future", response_issued=62),
    "authenticated ten years ago": said("expired", ExpiredIdentityToken, authenticated=-10 * _YEAR),
    "authenticated in the future": said("AuthnInstant is in the future", authenticated=62),
    "a session that has ended": said("expired", ExpiredIdentityToken, session_until=-61),
    "a status that is not success": said(
        "status is not Success", RejectedClaim, status="urn:oasis:names:tc:SAML:2.0:status:Responder"
    ),
    "an empty status": said("StatusCode has no Value", status=""),
    "a status that contains success": said(
        "status is not Success", RejectedClaim, status="urn:oasis:names:tc:SAML:2.0:status:Success2"
    ),
}.items():
    add(_name, *_row)


@attack("a second status code below success", "status is not Success alone", RejectedClaim)
def _(world: World) -> Document:
    root = world.honest()
    code = found(root, "samlp:Status/samlp:StatusCode")
    etree.SubElement(code, code.tag).set("Value", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")
    return root


@attack("a failure, which has no assertion", "reports that the sign-in failed", RejectedClaim)
def _(world: World) -> Document:
    return response_xml(world.facts(status="urn:oasis:names:tc:SAML:2.0:status:Responder"), "")


@attack("InResponseTo taken out of the response", _IN_RESPONSE, in_response_to=_ASKED)
def _(world: World) -> Document:
    root = world.honest(in_response_to=_ASKED)
    del root.attrib["InResponseTo"]
    return root


def reworded(old: str, new: str) -> Build:
    """An assertion that the identity provider signs with another wording in it."""

    def build(world: World) -> Document:
        text = assertion_xml(world.facts())
        if old not in text:
            raise ValueError(f"{old} does not stand in the assertion")
        root = parsed(response_xml(world.facts(), text.replace(old, new)))
        world.idp.sign(assertion_of(root))
        return reparsed(root)

    return build


for _name, _old, _new, _why in (
    ("no conditions", "saml:Conditions", "saml:Advice", "holds 0 of Conditions"),
    ("no subject", "saml:Subject>", "saml:Advice>", "holds 0 of Subject"),
    ("two NameIDs", "</saml:NameID>", "</saml:NameID><saml:NameID>bob</saml:NameID>", "holds 2 of NameID"),
    ("no sign-in", "saml:AuthnStatement", "saml:AuthnStatements", "holds 0 of AuthnStatement"),
    ("two audiences with an element", "</saml:Audience>", "<x/></saml:Audience>", "an element where text is expected"),
    ("an element in the signed NameID", "</saml:NameID>", "<x/>x</saml:NameID>", "an element where text is expected"),
    ("no AuthnInstant", "AuthnInstant=", "Other=", "has no AuthnInstant"),
    ("no IssueInstant", "IssueInstant=", "Other=", "has no IssueInstant"),
    ("an end that is no moment", 'NotOnOrAfter="', 'NotOnOrAfter="x', "not a moment in UTC"),
    (
        "a moment of a thirteenth month",
        'AuthnInstant="20',
        'AuthnInstant="2026-13-01T00:00:00Z" x="20',
        "no moment of the calendar",
    ),
):
    add(_name, reworded(_old, _new), _why)


@attack("a moment with an offset", "not a moment in UTC")
def _(world: World) -> Document:
    written = world.facts().moment(world.facts().authenticated)
    return reworded(f'AuthnInstant="{written}"', f'AuthnInstant="{written[:-1]}+00:00"')(world)


@attack("a SubjectConfirmation with data twice", "has data twice")
def _(world: World) -> Document:
    return reworded("</saml:SubjectConfirmation>", "<saml:SubjectConfirmationData/></saml:SubjectConfirmation>")(world)
