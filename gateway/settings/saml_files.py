"""What the files of SAML providers say: faults that keep people out, and what will keep them out one day.

Reads XML, so it is imported only where a SAML provider is configured.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.x509 import load_der_x509_certificate
from pydantic import ValidationError

from gateway.connectors.saml.files import own_key, reading_of
from gateway.connectors.saml.metadata import AttributeOffer, IdpMetadata
from gateway.connectors.saml.metadata_source import metadata_of
from gateway.connectors.saml.own_key import der_of, read_certificate
from gateway.connectors.saml.settings import SamlSettings, is_address
from gateway.domain.clock import SteadyClock
from gateway.roles.assertion_keys import answering
from gateway.settings.faults import Fault, Place, fault_at, shown
from gateway.settings.references import Names
from gateway.settings.saml_conditions import asked_keys
from gateway.settings.tree import Entry, Section, child, entries_of, plain, text_of

_METADATA_ENDS: Final = timedelta(days=14)
_CERTIFICATE_ENDS: Final = timedelta(days=30)
_CLAIM: Final = re.compile(r"\{claims\.([^{}]+)\}")
_SUBJECT: Final = "NameID"
_AWS: Final = "https://aws.amazon.com/SAML/Attributes/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlFindings:
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    name: str
    entries: Mapping[str, Entry]
    settings: SamlSettings

    def at(self, key: str, message: str) -> Fault:
        place = self.entries[key].place if key in self.entries else self.place
        return fault_at(place, f"providers.{self.name}.{key}", message)

    @property
    def place(self) -> Place:
        return self.entries["type"].place


def saml_findings(root: Section, now: datetime | None = None) -> SamlFindings:
    """Of every provider whose keys are in order. `now`: UTC; None: this moment."""
    names = Names.of(root)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for provider in _providers(names):
        found, metadata = _read(provider)
        faults += found
        warnings += _cautions(provider, metadata, names, now or SteadyClock().now())
        warnings += _conditions(provider, metadata, root)
    return SamlFindings(faults=tuple(faults), warnings=tuple(warnings))


def _providers(names: Names) -> Iterator[_Provider]:
    for name, entry in names.providers.items():
        if text_of(child(entry.node, "type")) != "saml":
            continue
        try:
            settings = SamlSettings.model_validate(plain(entry.node))
        except ValidationError:
            continue  # told where the models judge
        yield _Provider(name=name, entries=entries_of(entry.node), settings=settings)


def _read(provider: _Provider) -> tuple[list[Fault], IdpMetadata | None]:
    """Faults of the files, and the metadata where it stands in a file that can be read."""
    settings = provider.settings
    faults = []
    try:
        own_key(settings)
    except ValueError as fault:
        key = "private_key" if str(fault).startswith("private_key") else "certificate"
        faults += _told(provider, key, fault)
    try:
        read = reading_of(settings)
    except ValueError as fault:
        return [*faults, *_told(provider, "metadata_certificate", fault)], None
    if is_address(settings.metadata):
        return faults, None
    try:
        return faults, metadata_of(Path(settings.metadata), read)
    except ValueError as fault:
        return [*faults, *_told(provider, "metadata", fault)], None


def _told(provider: _Provider, key: str, fault: ValueError) -> list[Fault]:
    # A file that is not there is told of already, with the same mend for every kind.
    return [] if isinstance(fault.__context__, OSError) else [provider.at(key, str(fault))]


def _cautions(provider: _Provider, metadata: IdpMetadata | None, names: Names, now: datetime) -> Iterator[Fault]:
    yield from _own_certificate(provider, now)
    if metadata is None:
        return
    if metadata.has_expired(now):
        yield provider.at("metadata", "is valid no longer, and nobody can sign in by it; save the present one")
    elif metadata.valid_until is not None and metadata.valid_until - now < _METADATA_ENDS:
        last = f"{metadata.valid_until:%Y-%m-%d %H:%M} UTC"
        yield provider.at("metadata", f"ends at {last}; save a newer one, or write the https address it comes from")
    for weakness in metadata.weak:
        yield provider.at("metadata", f"{weakness}; let the provider sign with an RSA key of 2048 bits or more")
    for ends in _ends(metadata.certificates):
        if ends - now < _CERTIFICATE_ENDS:
            told = f"a certificate of the provider ends on {ends:%Y-%m-%d}, when providers often change their key"
            yield provider.at("metadata", f"{told}; ask whoever operates it, and save the new metadata in time")
    if metadata.sign_in is None:
        yield provider.at("metadata", "has no SingleSignOnService of the redirect binding; nobody signs in by browser")
    if metadata.wants_signed_requests and provider.settings.private_key is None:
        yield provider.at("metadata", "says that requests must be signed; add certificate and private_key")
    yield from _attributes(provider, metadata, names)


def _own_certificate(provider: _Provider, now: datetime) -> Iterator[Fault]:
    if provider.settings.certificate is None:
        return
    try:
        certificate = der_of(read_certificate(provider.settings.certificate, "certificate"))
    except ValueError:
        return
    for ends in _ends((certificate,)):
        if ends - now < _CERTIFICATE_ENDS:
            yield provider.at("certificate", f"ends on {ends:%Y-%m-%d}; make a new pair and give it to the provider")


def _ends(certificates: tuple[bytes, ...]) -> Iterator[datetime]:
    for one in certificates:
        yield load_der_x509_certificate(one).not_valid_after_utc


def _attributes(provider: _Provider, metadata: IdpMetadata, names: Names) -> Iterator[Fault]:
    """Attributes that are used and that the provider does not say it gives, where it says which it gives."""
    if not metadata.attributes:
        return
    offered = {one.name for one in metadata.attributes}
    paths = provider.settings.attributes
    for key, name in (("username", paths.username), ("groups", paths.groups), ("email", paths.email)):
        if name not in {*offered, _SUBJECT}:
            yield provider.at("attributes", f"{key}: {_lacking(name, metadata.attributes)}")
    for at, mapping in enumerate(names.mappings):
        if text_of(child(mapping, "provider")) != provider.name:
            continue
        for key, name, entry in _named(mapping):
            if name not in offered and not name.startswith(_AWS):
                yield fault_at(entry.place, f"mappings[{at}].{key}", _lacking(name, metadata.attributes))


def _conditions(provider: _Provider, metadata: IdpMetadata | None, root: Section) -> Iterator[Fault]:
    """Condition keys of trust policies that no attribute answers to, where the provider says which it gives."""
    if metadata is None or not metadata.attributes:
        return
    offered = {one.name.lower() for one in metadata.attributes}
    for asked in asked_keys(root, provider.name):
        known = answering(asked.name)
        if known and known.isdisjoint(offered):
            yield fault_at(asked.place, asked.key, _lacking(asked.name, metadata.attributes))


def _named(mapping: object) -> Iterator[tuple[str, str, Entry]]:
    """Key, attribute and place of each attribute that a mapping looks at."""
    if not isinstance(mapping, Section):
        return
    for name, entry in entries_of(child(mapping, "claims")).items():
        yield f"claims.{name}", name, entry
    for tag, entry in entries_of(child(mapping, "session_tags")).items():
        for name in _CLAIM.findall(text_of(entry.node) or ""):
            yield f"session_tags.{tag}", name, entry


def _lacking(name: str, offered: tuple[AttributeOffer, ...]) -> str:
    friendly = next((one.name for one in offered if one.friendly_name == name), None)
    if friendly is not None:
        return f"{shown(name)} is a FriendlyName, which nobody promises; write the attribute's Name, {shown(friendly)}"
    some = ", ".join(one.name for one in offered[:5])
    return f"{shown(name)} is none of the attributes that the metadata names ({some}); let the provider release it"
