"""A SAML identity provider that signs honestly, with xmlsec, and everything else that somebody with its key could sign."""

import base64
import datetime as dt
import functools
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree

from gateway.connectors.saml.trust import AttributeNames, SamlTrust
from gateway.domain.assertion import UnverifiedAssertion

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Element = Any

SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
NAMES: Final = {"samlp": SAMLP, "saml": SAML, "ds": DS, "xenc": XENC, "md": MD}
AWS: Final = "https://aws.amazon.com/SAML/Attributes/"

ISSUER: Final = "https://idp.example/metadata"
ENTITY_ID: Final = "https://sts.example.com/saml/corp/metadata"
ACS_URL: Final = "https://sts.example.com/saml/corp/acs"
SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
PASSWORD: Final = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
ABSENT: Final = None

_CURVES: Final = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
# A certificate's dates have nothing to do with the worlds' clocks; it is the key that is believed.
_VALID_FROM: Final = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_VALID_UNTIL: Final = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


def private_key(kind: str, label: str = "") -> PrivateKey:
    """A key of `RSA`, `RSA1024`, `P-256`, `P-384` or `P-521`; one for each label, made once a run."""
    return _made(kind, label)


@functools.cache
def _made(kind: str, label: str) -> PrivateKey:
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return rsa.generate_private_key(public_exponent=65_537, key_size=int(kind[3:] or "2048"))


@functools.cache
def certificate_of(kind: str, label: str = "") -> bytes:
    """The self-signed certificate of that key, DER."""
    key = private_key(kind, label)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, label or "idp")])
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=_VALID_FROM,
        not_valid_after=_VALID_UNTIL,
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def pem_of(key: PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")


def instant(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an answer says; None leaves a thing out. Times are seconds from `now`."""

    now: dt.datetime
    response_id: str = field(default_factory=lambda: f"_r{secrets.token_hex(16)}")
    assertion_id: str = field(default_factory=lambda: f"_a{secrets.token_hex(16)}")
    issuer: str | None = ISSUER
    response_issuer: str | None = ISSUER
    destination: str | None = ACS_URL
    recipient: str | None = ACS_URL
    audiences: Sequence[Sequence[str]] = ((ENTITY_ID,),)
    in_response_to: str | None = None
    confirmation_in_response_to: str | None = "as the response"
    name_id: str = "alice"
    name_id_format: str = PERSISTENT
    status: str = SUCCESS
    method: str = BEARER
    version: str = "2.0"
    response_version: str = "2.0"
    issued: float = 0
    response_issued: float = 0
    not_before: float | None = -5
    not_on_or_after: float | None = 300
    confirmed_until: float | None = 300
    confirmed_from: float | None = None
    authenticated: float = -1
    session_until: float | None = 28_800
    session_index: str | None = "_s1"
    authn_context: str = PASSWORD
    attributes: Mapping[str, str | Sequence[str]] = field(
        default_factory=lambda: {"uid": "alice", "mail": "alice@corp.example", "memberOf": ("analysts", "staff")}
    )
    attributes_xml: str = ""
    conditions_xml: str = ""
    subject_xml: str = ""

    def moment(self, offset: float) -> str:
        return instant(self.now + dt.timedelta(seconds=offset))


_TYPES: Final = ' xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def _attribute(name: str, value: Any) -> str | None:
    return None if value is None else f"{name}={quoteattr(str(value))}"


def _tag(name: str, *attributes: str | None) -> str:
    return " ".join((f"<{name}", *(attribute for attribute in attributes if attribute is not None)))


def attribute_xml(name: str, values: str | Sequence[str]) -> str:
    texts = (values,) if isinstance(values, str) else values
    inner = "".join(f'<saml:AttributeValue xsi:type="xs:string">{escape(text)}</saml:AttributeValue>' for text in texts)
    form = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
    return (
        f"{_tag('saml:Attribute', _attribute('Name', name), _attribute('NameFormat', form))}>{inner}</saml:Attribute>"
    )


def assertion_xml(facts: Facts) -> str:
    """The Assertion, not signed, as a document of its own."""
    asked = facts.confirmation_in_response_to
    confirmation = _tag(
        "saml:SubjectConfirmationData",
        _attribute("InResponseTo", facts.in_response_to if asked == "as the response" else asked),
        _attribute("Recipient", facts.recipient),
        None if facts.confirmed_until is None else _attribute("NotOnOrAfter", facts.moment(facts.confirmed_until)),
        None if facts.confirmed_from is None else _attribute("NotBefore", facts.moment(facts.confirmed_from)),
    )
    conditions = _tag(
        "saml:Conditions",
        None if facts.not_before is None else _attribute("NotBefore", facts.moment(facts.not_before)),
        None if facts.not_on_or_after is None else _attribute("NotOnOrAfter", facts.moment(facts.not_on_or_after)),
    )
    restrictions = "".join(
        "<saml:AudienceRestriction>"
        + "".join(f"<saml:Audience>{escape(audience)}</saml:Audience>" for audience in audiences)
        + "</saml:AudienceRestriction>"
        for audiences in facts.audiences
    )
    statement = _tag(
        "saml:AuthnStatement",
        _attribute("AuthnInstant", facts.moment(facts.authenticated)),
        _attribute("SessionIndex", facts.session_index),
        None if facts.session_until is None else _attribute("SessionNotOnOrAfter", facts.moment(facts.session_until)),
    )
    attributes = "".join(attribute_xml(name, values) for name, values in facts.attributes.items())
    types = _TYPES if "xsi:" in attributes else ""
    return (
        f"{_tag('saml:Assertion', _attribute('ID', facts.assertion_id), _attribute('Version', facts.version))} "
        f'IssueInstant="{facts.moment(facts.issued)}" xmlns:saml="{SAML}"{types}>'
        f"<saml:Issuer>{escape(facts.issuer or '')}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{facts.name_id_format}">{escape(facts.name_id)}</saml:NameID>'
        f'<saml:SubjectConfirmation Method="{facts.method}">{confirmation}/></saml:SubjectConfirmation>'
        f"{facts.subject_xml}</saml:Subject>"
        f"{conditions}>{restrictions}{facts.conditions_xml}</saml:Conditions>"
        f"{statement}><saml:AuthnContext><saml:AuthnContextClassRef>{facts.authn_context}</saml:AuthnContextClassRef>"
        "</saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{attributes}{facts.attributes_xml}</saml:AttributeStatement></saml:Assertion>"
    )


def response_xml(facts: Facts, assertion: str) -> str:
    """The Response around an assertion, which may be any markup."""
    head = _tag(
        "samlp:Response",
        _attribute("ID", facts.response_id),
        _attribute("Version", facts.response_version),
        _attribute("IssueInstant", facts.moment(facts.response_issued)),
        _attribute("Destination", facts.destination),
        _attribute("InResponseTo", facts.in_response_to),
    )
    issuer = "" if facts.response_issuer is None else f"<saml:Issuer>{escape(facts.response_issuer)}</saml:Issuer>"
    return (
        f'{head} xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}">{issuer}'
        f'<samlp:Status><samlp:StatusCode Value="{facts.status}"/></samlp:Status>{assertion}</samlp:Response>'
    )


def parsed(text: str | bytes) -> Element:
    return etree.fromstring(text.encode() if isinstance(text, str) else text)


def reparsed(root: Element) -> Element:
    """A fresh tree, on which no library remembers any ID."""
    return parsed(etree.tostring(root))


def text_of(root: Element) -> str:
    return etree.tostring(root, encoding="unicode")


def encoded(document: Element | str | bytes) -> UnverifiedAssertion:
    """As the form parameter has it."""
    raw = (
        document
        if isinstance(document, bytes)
        else (document if isinstance(document, str) else text_of(document)).encode()
    )
    return UnverifiedAssertion(base64.b64encode(raw).decode("ascii"))


def found(root: Element, path: str) -> Element:
    """The first element that the path leads to."""
    return root.xpath(path, namespaces=NAMES)[0]


_METHODS: Final = {
    ("RSA", "256"): xmlsec.Transform.RSA_SHA256,
    ("RSA", "384"): xmlsec.Transform.RSA_SHA384,
    ("RSA", "512"): xmlsec.Transform.RSA_SHA512,
    ("EC", "256"): xmlsec.Transform.ECDSA_SHA256,
    ("EC", "384"): xmlsec.Transform.ECDSA_SHA384,
    ("EC", "512"): xmlsec.Transform.ECDSA_SHA512,
}
_DIGESTS: Final = {
    "256": xmlsec.Transform.SHA256,
    "384": xmlsec.Transform.SHA384,
    "512": xmlsec.Transform.SHA512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a signature is made. The defaults are what honest identity providers do."""

    method: Any = None
    """An xmlsec transform; None: what fits the key, with `bits`."""
    bits: str = "256"
    digest: Any = None
    canonicalization: Any = xmlsec.Transform.EXCL_C14N
    transforms: Sequence[Any] = (xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N)
    prefixes: str | None = None
    """InclusiveNamespaces of the reference's last transform."""
    key_info: bool = True
    references: Sequence[str] | None = None
    """URIs; None: the one element that holds the signature."""


class SamlIdentityProvider:
    """One identity provider with one signing key; several share nothing."""

    def __init__(self, kind: str = "RSA", label: str = "idp", *, issuer: str = ISSUER) -> None:
        self.issuer = issuer
        self.key = private_key(kind, label)
        self.certificate = certificate_of(kind, label)
        self._family = "RSA" if kind.startswith("RSA") else "EC"
        self._signing = xmlsec.Key.from_memory(pem_of(self.key).encode(), xmlsec.KeyFormat.PEM, None)
        self._signing.load_cert_from_memory(self.certificate, xmlsec.KeyFormat.CERT_DER)

    def trust(self, *others: "SamlIdentityProvider", **changes: Any) -> SamlTrust:
        values = {
            "provider": "corp",
            "issuer": self.issuer,
            "certificates": (self.certificate, *(other.certificate for other in others)),
            "entity_id": ENTITY_ID,
            "acs_url": ACS_URL,
            "attributes": AttributeNames(),
            "max_authentication_age": dt.timedelta(days=90),
        }
        return SamlTrust(**{**values, **changes})

    def sign(self, element: Element, how: How = How(), *, after: Element | None = None) -> Element:
        """Put a Signature into `element`, behind its Issuer (or `after`, or as the first child); gives the Signature."""
        digest = how.digest or _DIGESTS[how.bits]
        method = how.method or _METHODS[self._family, how.bits]
        signature = xmlsec.template.create(element, how.canonicalization, method, ns="ds")
        uris = how.references if how.references is not None else [f"#{element.get('ID')}"]
        for uri in uris:
            reference = xmlsec.template.add_reference(signature, digest, uri=uri)
            for transform in how.transforms:
                node = xmlsec.template.add_transform(reference, transform)
            if how.prefixes is not None:
                xmlsec.template.transform_add_c14n_inclusive_namespaces(node, how.prefixes.split())
        if how.key_info:
            key_info = xmlsec.template.ensure_key_info(signature)
            xmlsec.template.add_x509_data(key_info)
        place = after if after is not None else element.find(f"{{{SAML}}}Issuer")
        if place is None:
            element.insert(0, signature)
        else:
            place.addnext(signature)
        self.seal(element.getroottree().getroot(), signature)
        return signature

    def seal(self, root: Element, signature: Element) -> None:
        """Compute the digests and the value of a Signature that stands in place."""
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = self._signing
        context.sign(signature)

    def response(
        self, facts: Facts, *, signed: str = "a", how: How = How(), response_how: How | None = None
    ) -> Element:
        """A whole answer. `signed`: `a` the assertion, `r` the response, `ar` both, or nothing."""
        root = parsed(response_xml(facts, assertion_xml(facts)))
        if "a" in signed:
            self.sign(found(root, "saml:Assertion"), how)
        root = reparsed(root)
        if "r" in signed:
            self.sign(root, response_how or how)
        return reparsed(root)

    def encrypted(
        self,
        facts: Facts,
        recipient: bytes,
        *,
        signed: str = "a",
        data: Any = xmlsec.Transform.AES256_GCM,
        transport: Any = xmlsec.Transform.RSA_OAEP,
        how: How = How(),
        peer: bool = False,
    ) -> Element:
        """An answer whose assertion only the key of the certificate `recipient` (DER) opens."""
        assertion = found(self.response(facts, signed="a" if "a" in signed else "", how=how), "saml:Assertion")
        return self.enclosed(
            facts, text_of(assertion), recipient, signed=signed, data=data, transport=transport, how=how, peer=peer
        )

    def enclosed(
        self,
        facts: Facts,
        plaintext: str,
        recipient: bytes,
        *,
        signed: str = "",
        data: Any = xmlsec.Transform.AES256_GCM,
        transport: Any = xmlsec.Transform.RSA_OAEP,
        how: How = How(),
        peer: bool = False,
    ) -> Element:
        """An answer around any encrypted text. `peer`: the key stands beside the data, found by RetrievalMethod."""
        sealed = encrypted_data(plaintext.encode(), recipient, data=data, transport=transport)
        if peer:
            key = found(sealed, ".//xenc:EncryptedKey")
            key_info = key.getparent()
            key.set("Id", "_ek1")
            key_info.remove(key)
            retrieval = etree.SubElement(key_info, f"{{{DS}}}RetrievalMethod")
            retrieval.set("Type", f"{XENC}EncryptedKey")
            retrieval.set("URI", "#_ek1")
            inner = text_of(sealed) + text_of(key)
        else:
            inner = text_of(sealed)
        root = parsed(response_xml(facts, f"<saml:EncryptedAssertion>{inner}</saml:EncryptedAssertion>"))
        if "r" in signed:
            self.sign(root, how)
        return reparsed(root)


def encrypted_data(plaintext: bytes, recipient: bytes, *, data: Any, transport: Any) -> Element:
    """An EncryptedData of the bytes, made by xmlsec, the key in it for the certificate `recipient` (DER)."""
    manager = xmlsec.KeysManager()
    public = xmlsec.Key.from_memory(recipient, xmlsec.KeyFormat.CERT_DER, None)
    manager.add_key(public)
    root = etree.Element("root")
    template = xmlsec.template.encrypted_data_create(root, data, type=xmlsec.EncryptionType.ELEMENT, ns="xenc")
    xmlsec.template.encrypted_data_ensure_cipher_value(template)
    key_info = xmlsec.template.encrypted_data_ensure_key_info(template, ns="ds")
    encrypted_key = xmlsec.template.add_encrypted_key(key_info, transport)
    xmlsec.template.encrypted_data_ensure_cipher_value(encrypted_key)
    context = xmlsec.EncryptionContext(manager)
    if data is xmlsec.Transform.DES3:
        context.key = xmlsec.Key.generate(xmlsec.KeyData.DES, 192, xmlsec.KeyDataType.SESSION)
    else:
        context.key = xmlsec.Key.generate(xmlsec.KeyData.AES, _BITS[data], xmlsec.KeyDataType.SESSION)
    return reparsed(context.encrypt_binary(template, plaintext))


_BITS: Final = {
    xmlsec.Transform.AES128_GCM: 128,
    xmlsec.Transform.AES192_GCM: 192,
    xmlsec.Transform.AES256_GCM: 256,
    xmlsec.Transform.AES128: 128,
    xmlsec.Transform.AES192: 192,
    xmlsec.Transform.AES256: 256,
}


def answers(provider: SamlIdentityProvider, several: Iterable[Facts]) -> list[UnverifiedAssertion]:
    return [encoded(provider.response(facts)) for facts in several]
