"""Every hostile answer of the published record, each made from one that was honestly signed, and what it must meet.

A name is one construction. `cause` is a part of the exact cause in the audit log: a construction that is refused for
another reason than its own proves nothing about the rule that it was made for.
"""

import base64
import copy
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import xmlsec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from gateway.domain.assertion import UnverifiedAssertion
from gateway.domain.errors import GatewayError, InvalidIdentityToken
from tests.fakes.saml_identity_provider import (
    DS,
    SAML,
    SAMLP,
    Element,
    Facts,
    How,
    SamlIdentityProvider,
    certificate_of,
    encoded,
    encrypted_data,
    found,
    parsed,
    reparsed,
    text_of,
)

Document = Element | str | bytes | UnverifiedAssertion
XENC11: Final = "http://www.w3.org/2009/xmlenc11#"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
EXTENSIONS: Final = f"{{{SAMLP}}}Extensions"
GCM: Final = xmlsec.Transform.AES256_GCM
CBC: Final = xmlsec.Transform.AES256
OAEP: Final = xmlsec.Transform.RSA_OAEP


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Where an attack happens: the identity provider that is believed, one that is not, and our key's certificate."""

    now: dt.datetime
    idp: SamlIdentityProvider = field(default_factory=SamlIdentityProvider)
    stranger: SamlIdentityProvider = field(default_factory=lambda: SamlIdentityProvider(label="stranger"))
    ours: bytes = field(default_factory=lambda: certificate_of("RSA", "sp"))

    def facts(self, **changes: Any) -> Facts:
        return Facts(**{"now": self.now, "assertion_id": "_a1", "response_id": "_r1", **changes})

    def honest(self, signed: str = "a", how: How = How(), **changes: Any) -> Element:  # noqa: B008
        return self.idp.response(self.facts(**changes), signed=signed, how=how)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One construction. `in_response_to`: the request that a browser made, None: nobody asked."""

    build: Callable[[World], Document]
    error: type[GatewayError]
    cause: str
    in_response_to: str | None = None

    def parameter(self, world: World) -> UnverifiedAssertion:
        """The form parameter that is posted."""
        document = self.build(world)
        return document if isinstance(document, Posted) else encoded(document)


class Posted(str):
    """A parameter as it is sent, which is no base64 of a document."""

    __slots__ = ()


ATTACKS: Final[dict[str, Attack]] = {}

Build = Callable[[World], Document]


def attack(
    name: str, cause: str, error: type[GatewayError] = InvalidIdentityToken, in_response_to: str | None = None
) -> Callable[[Build], Build]:
    def registered(build: Build) -> Build:
        add(name, build, cause, error, in_response_to)
        return build

    return registered


def add(
    name: str,
    build: Build,
    cause: str,
    error: type[GatewayError] = InvalidIdentityToken,
    in_response_to: str | None = None,
) -> None:
    if name in ATTACKS:
        raise ValueError(f"two attacks are called {name}")
    ATTACKS[name] = Attack(build=build, cause=cause, error=error, in_response_to=in_response_to)


def assertion_of(root: Element) -> Element:
    return found(root, "saml:Assertion")


def signature_of(holder: Element) -> Element:
    return found(holder, "ds:Signature")


def unsigned_copy(element: Element) -> Element:
    copied = copy.deepcopy(element)
    for signature in copied.xpath("ds:Signature", namespaces={"ds": DS}):
        copied.remove(signature)
    return copied


def made_evil(assertion: Element) -> Element:
    """The same assertion about somebody else, in place."""
    for name_id in assertion.iter(f"{{{SAML}}}NameID"):
        name_id.text = "admin"
    for value in assertion.iter(f"{{{SAML}}}AttributeValue"):
        value.text = "admin"
    return assertion


def evil_of(assertion: Element, identifier: str = "_evil") -> Element:
    evil = made_evil(unsigned_copy(assertion))
    evil.set("ID", identifier)
    return evil


def extensions(root: Element) -> Element:
    added = etree.Element(EXTENSIONS)
    found(root, "samlp:Status").addprevious(added)
    return added


def edited(world: World, old: str, new: str, **changes: Any) -> str:
    """The honest answer with one text changed in it."""
    text = text_of(world.honest(**changes))
    if old not in text:
        raise ValueError(f"{old} does not stand in the honest answer")
    return text.replace(old, new, 1)


def resign(world: World, signature: Element) -> None:
    """SignatureValue made anew by the key over the SignedInfo as it now is, digests untouched."""
    signed_info = found(signature, "ds:SignedInfo")
    canonical = etree.tostring(parsed(etree.tostring(signed_info)), method="c14n", exclusive=True)
    set_value(signature, sign_raw(world, canonical))


def sign_raw(world: World, signed: bytes) -> bytes:
    return world.idp.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def set_value(signature: Element, raw: bytes) -> None:
    found(signature, "ds:SignatureValue").text = base64.b64encode(raw).decode()


TWO_ASSERTIONS: Final = "exactly one assertion"
OUT_OF_PLACE: Final = "out of its place"
NOT_ITS_OWN: Final = "Reference is not to the element that holds"
COMMENT: Final = "a comment, CDATA or a document type"
PROCESSING: Final = "processing instruction"
CHILDREN: Final = "exactly the children"


def referring(*uris: str, **how: Any) -> Build:
    return lambda world: world.honest(how=How(references=uris, **how))


def opened_by_us(plaintext: Callable[[World], str], **how: Any) -> Build:
    return lambda world: world.idp.enclosed(world.facts(), plaintext(world), world.ours, **how)


def signed_text(world: World, **changes: Any) -> str:
    return text_of(assertion_of(world.honest(**changes)))


def encrypted_edit(change: Callable[[Element], None], *, peer: bool = False) -> Build:
    def build(world: World) -> Document:
        root = world.idp.encrypted(world.facts(), world.ours, peer=peer)
        change(root)
        return root

    return build


def inside_encryption(world: World, document: Document) -> UnverifiedAssertion | None:
    """The same answer with its assertion encrypted for us; None where it has no assertion to encrypt, or two."""
    if isinstance(document, Posted):
        return None
    try:
        root = reparsed(document) if etree.iselement(document) else parsed(document)
    except etree.XMLSyntaxError:
        return None
    assertions = root.findall(f"{{{SAML}}}Assertion")
    if len(assertions) != 1 or root.getroottree().docinfo.doctype:
        return None
    assertion = assertions[0]
    tail, assertion.tail = assertion.tail, None
    sealed = encrypted_data(etree.tostring(assertion), world.ours, data=GCM, transport=OAEP)
    holder = etree.Element(f"{{{SAML}}}EncryptedAssertion")
    holder.append(sealed)
    root.replace(assertion, holder)
    holder.tail = tail
    return encoded(root)
