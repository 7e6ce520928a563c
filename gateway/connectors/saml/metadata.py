"""What an identity provider's metadata says: its name, the keys it signs with, and where people are sent.

Source: SAML 2.0 Metadata, sections 2.3 and 2.4. Reading proves nothing: TLS or the file's owner vouches for the
document, or its signature where settings say whose it is. An address that is not https (http on loopback, for tests)
makes the whole document unusable.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from gateway.connectors.hosts import is_loopback
from gateway.connectors.saml.certificates import VerificationKey, weakness_of
from gateway.connectors.saml.names import DS, SAML, SAMLP, SIGNATURE
from gateway.connectors.saml.signature import signed_bytes
from gateway.connectors.saml.signature_shape import signature_shape
from gateway.connectors.saml.tree import Element, identified
from gateway.domain.errors import InvalidIdentityToken

MAXIMUM_BYTES: Final = 1_000_000
_MAXIMUM_CERTIFICATES: Final = 16
_MAXIMUM_NODES: Final = 50_000
_MAXIMUM_LOCATION: Final = 2_048
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
_MD: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
_CERTIFICATE: Final = f"{{{DS}}}KeyInfo/{{{DS}}}X509Data/{{{DS}}}X509Certificate"
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_SPAN: Final = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})(?:\.\d+)?S)?)?",
    re.ASCII,
)
_SPAN_SECONDS: Final = (31_536_000, 2_592_000, 86_400, 3_600, 60, 1)


class UnusableMetadata(Exception):
    """Metadata that nobody may sign in by; the message tells the fault and the mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where messages go: `location` takes requests, `response_location` answers to them."""

    location: str
    response_location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeOffer:
    """An attribute that the provider says it gives."""

    name: str
    friendly_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdpMetadata:
    """One identity provider. `certificates`: DER, those that it may sign with, at least one.

    `sign_in`, `logout_redirect`, `logout_post`: None where it has none of that binding. `valid_until` is UTC;
    `cache_duration` seconds. `weak`: certificates that were left out, a phrase each. `attributes`: none where it does
    not say.
    """

    entity_id: str
    certificates: tuple[bytes, ...]
    sign_in: str | None
    logout_redirect: Endpoint | None
    logout_post: Endpoint | None
    wants_signed_requests: bool
    valid_until: datetime | None
    cache_duration: int | None
    attributes: tuple[AttributeOffer, ...] = ()
    weak: tuple[str, ...] = ()

    def has_expired(self, now: datetime) -> bool:
        return self.valid_until is not None and now >= self.valid_until


def parsed(document: bytes) -> Element:
    """The root of a document that is XML and nothing more. Raises UnusableMetadata."""
    if len(document) > MAXIMUM_BYTES:
        raise UnusableMetadata(f"has more than {MAXIMUM_BYTES} bytes; keep the one identity provider in it")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise UnusableMetadata("is not XML; save what the provider's metadata address answers") from None
    # Entities and defaulted attributes come of a DOCTYPE, in whatever encoding it is written.
    if root.getroottree().docinfo.doctype:
        raise UnusableMetadata("has a DOCTYPE, which no metadata needs; remove it")
    return root


def signed_root(root: Element, keys: Sequence[VerificationKey]) -> Element:
    """The root of what one of the keys signed, read anew from the bytes whose digest was checked.

    Raises UnusableMetadata.
    """
    signatures = root.findall(SIGNATURE)
    if len(signatures) != 1:
        raise UnusableMetadata("is not signed as a whole, and metadata_certificate is set; let the provider sign it")
    try:
        identified(root, maximum_nodes=_MAXIMUM_NODES)
        signed = signed_bytes(signature_shape(signatures[0]), keys)
    except InvalidIdentityToken as refusal:
        raise UnusableMetadata(f"is not signed by the key of metadata_certificate: {refusal.cause}") from None
    return parsed(signed.canonical)


def read_metadata(root: Element) -> IdpMetadata:
    """The one identity provider of a document. Raises UnusableMetadata."""
    entity, descriptor = _only_provider(root)
    entity_id = (entity.get("entityID") or "").strip()
    if not entity_id or not entity_id.isprintable():
        raise UnusableMetadata("names no entityID; save the identity provider's metadata anew")
    for endpoint in descriptor.iter(f"{_MD}SingleSignOnService", f"{_MD}SingleLogoutService"):
        _check_locations(endpoint)
    certificates, weak = _signing_certificates(descriptor)
    return IdpMetadata(
        entity_id=entity_id,
        certificates=certificates,
        sign_in=_location(descriptor, "SingleSignOnService", REDIRECT),
        logout_redirect=_endpoint(descriptor, REDIRECT),
        logout_post=_endpoint(descriptor, POST),
        wants_signed_requests=descriptor.get("WantAuthnRequestsSigned") in {"true", "1"},
        valid_until=min(_ends(*entity.iterancestors(), entity, descriptor), default=None),
        cache_duration=min(_spans(*entity.iterancestors(), entity, descriptor), default=None),
        attributes=tuple(
            AttributeOffer(name=name, friendly_name=one.get("FriendlyName"))
            for one in descriptor.findall(f"{{{SAML}}}Attribute")
            if (name := one.get("Name"))
        ),
        weak=weak,
    )


def location_fault(url: str) -> str | None:
    """Why people are not sent to `url`; None where they may be."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if not host or not url.isascii() or not url.isprintable() or " " in url or len(url) > _MAXIMUM_LOCATION:
        return "is no URL with a host"
    if "@" in parts.netloc or "#" in url or "\\" in url:
        return "has a user name, a fragment or a backslash"
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        return "is not https"
    return None


def _only_provider(root: Element) -> tuple[Element, Element]:
    found = [
        (entity, descriptor)
        for entity in root.iter(f"{_MD}EntityDescriptor")
        for descriptor in entity.findall(f"{_MD}IDPSSODescriptor")
        if SAMLP in (descriptor.get("protocolSupportEnumeration") or "").split()
    ]
    if root.tag not in {f"{_MD}EntityDescriptor", f"{_MD}EntitiesDescriptor"} or not found:
        raise UnusableMetadata("describes no SAML 2.0 identity provider; save the provider's own metadata")
    if len(found) > 1:
        raise UnusableMetadata(f"describes {len(found)} identity providers; keep the one that is meant")
    return found[0]


def _check_locations(endpoint: Element) -> None:
    for name in ("Location", "ResponseLocation"):
        url = endpoint.get(name)
        fault = location_fault(url) if url is not None else "is missing" if name == "Location" else None
        if fault is not None:
            raise UnusableMetadata(f"has a {name} that {fault}, to which nobody is sent; let the provider correct it")


def _location(descriptor: Element, service: str, binding: str) -> str | None:
    endpoints = descriptor.findall(f"{_MD}{service}")
    return next((one.get("Location") for one in endpoints if one.get("Binding") == binding), None)


def _endpoint(descriptor: Element, binding: str) -> Endpoint | None:
    for one in descriptor.findall(f"{_MD}SingleLogoutService"):
        location = one.get("Location")
        if one.get("Binding") == binding and location is not None:
            return Endpoint(location=location, response_location=one.get("ResponseLocation") or location)
    return None


def _signing_certificates(descriptor: Element) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """DER of those that may be used, and why others may not. Raises UnusableMetadata where none is left."""
    keys = [one for one in descriptor.findall(f"{_MD}KeyDescriptor") if one.get("use", "signing") == "signing"]
    written = ["".join(one.itertext()) for key in keys for one in key.findall(_CERTIFICATE)][:_MAXIMUM_CERTIFICATES]
    usable: dict[bytes, None] = {}
    weak: list[str] = []
    for text in written:
        der = _decoded(text)
        fault = weakness_of(der)
        if fault is None:
            usable[der] = None
        else:
            weak.append(f"a certificate is not taken: {fault}")
    if not usable:
        told = f": {weak[0]}" if weak else ""
        raise UnusableMetadata(f"has no certificate that the provider may sign with{told}; save its metadata anew")
    return tuple(usable), tuple(weak)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _ends(*elements: Element) -> Iterator[datetime]:
    for one in elements:
        written = one.get("validUntil")
        if written is not None:
            yield _instant(written)


def _instant(written: str) -> datetime:
    found = _INSTANT.fullmatch(written.strip())
    try:
        if found is None:
            raise ValueError
        # SAML core 1.3.3: UTC, whether Z stands there or nothing.
        zone = "+00:00" if found[2] in {None, "Z"} else found[2]
        return datetime.fromisoformat(f"{found[1]}{zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnusableMetadata("has a validUntil that is no time; let the provider correct it") from None


def _spans(*elements: Element) -> Iterable[int]:
    for one in elements:
        written = one.get("cacheDuration")
        found = _SPAN.fullmatch(written.strip()) if written is not None else None
        # What cannot be read is as absent: it only says how often to ask.
        if found is not None and any(found.groups()):
            yield sum(int(part or 0) * unit for part, unit in zip(found.groups(), _SPAN_SECONDS, strict=True))
