"""Transforms, canonicalizations, digests and methods that are not taken."""

from collections.abc import Callable
from typing import Final
from xml.sax.saxutils import escape

import xmlsec
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_der_x509_certificate
from lxml import etree

from tests.fakes.saml_hostile.attack import (
    CHILDREN,
    Build,
    Document,
    World,
    add,
    assertion_of,
    attack,
    made_evil,
    referring,
)
from tests.fakes.saml_identity_provider import (
    DS,
    SAML,
    How,
    found,
    parsed,
    reparsed,
)


def _transform(algorithm: str, inner: str = "", *, at: int = 1) -> Build:
    def build(world: World) -> Document:
        root = world.honest()
        transforms = found(root, ".//ds:Transforms")
        added = parsed(f'<ds:Transform xmlns:ds="{DS}" Algorithm="{algorithm}">{inner}</ds:Transform>')
        transforms.insert(at, added)
        return root

    return build


_NESTED: Final = "count(//*[count(//*[count(//*)>0])>0])>0"
_ADDED: Final = {
    "XPath that drops the subject": (
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        f'<ds:XPath xmlns:ds="{DS}" xmlns:saml="{SAML}">not(ancestor-or-self::saml:Subject)</ds:XPath>',
    ),
    "an XPath bomb": (
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        f'<ds:XPath xmlns:ds="{DS}">{escape(_NESTED)}</ds:XPath>',
    ),
    "XPath filter 2": (
        "http://www.w3.org/2002/06/xmldsig-filter2",
        '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">//*</f:XPath>',
    ),
    "XSLT": (
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0"><x:template match="/">x</x:template></x:stylesheet>',
    ),
    "base64": (f"{DS}base64", ""),
    "another canonicalization": ("http://www.w3.org/TR/2001/REC-xml-c14n-20010315", ""),
}
for _name, (_algorithm, _inner) in _ADDED.items():
    add(f"a transform more: {_name}", _transform(_algorithm, _inner), CHILDREN)


@attack("XPath in place of the enveloped transform", "first transform is not the enveloped")
def _(world: World) -> Document:
    root = world.honest()
    first = found(root, ".//ds:Transform")
    first.set("Algorithm", _ADDED["an XPath bomb"][0])
    first.append(parsed(_ADDED["an XPath bomb"][1]))
    return root


@attack("XPath within the enveloped transform", "first transform is not the enveloped")
def _(world: World) -> Document:
    root = world.honest()
    found(root, ".//ds:Transform").append(parsed(_ADDED["an XPath bomb"][1]))
    return root


@attack("the transforms in the other order", "first transform is not the enveloped")
def _(world: World) -> Document:
    root = world.honest()
    transforms = found(root, ".//ds:Transforms")
    transforms.append(transforms[0])
    return root


@attack("a subject that the key's own XPath leaves out", CHILDREN)
def _(world: World) -> Document:
    root = world.honest("")
    assertion = assertion_of(root)
    signature = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds")
    reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#_a1")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    selecting = xmlsec.template.add_transform(reference, xmlsec.Transform.XPATH)
    selecting.append(parsed(_ADDED["XPath that drops the subject"][1]))
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    found(assertion, "saml:Issuer").addnext(signature)
    world.idp.seal(root, signature)
    found(assertion, "saml:Subject/saml:NameID").text = "admin"
    return reparsed(root)


_COMMENTS_TOO: Final = "canonicalized otherwise"
add(
    "C14N 1.0 of what is signed",
    referring("#_a1", transforms=(xmlsec.Transform.ENVELOPED, xmlsec.Transform.C14N)),
    _COMMENTS_TOO,
)
add(
    "exclusive C14N with comments of what is signed",
    referring("#_a1", transforms=(xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N_COMMENTS)),
    _COMMENTS_TOO,
)
add("C14N 1.0 of SignedInfo", referring("#_a1", canonicalization=xmlsec.Transform.C14N), _COMMENTS_TOO)
add(
    "exclusive C14N with comments of SignedInfo",
    referring("#_a1", canonicalization=xmlsec.Transform.EXCL_C14N_COMMENTS),
    _COMMENTS_TOO,
)
add("no transform but the enveloped", referring("#_a1", transforms=(xmlsec.Transform.ENVELOPED,)), CHILDREN)
for _digest in ("SHA1", "MD5", "RIPEMD160", "SHA224"):
    add(
        f"a digest by {_digest}",
        referring("#_a1", digest=getattr(xmlsec.Transform, _digest)),
        "DigestMethod names an algorithm that is not taken",
    )
for _method in ("RSA_SHA1", "RSA_MD5", "RSA_RIPEMD160", "RSA_SHA224"):
    add(
        f"a signature by {_method}",
        referring("#_a1", method=getattr(xmlsec.Transform, _method)),
        "SignatureMethod names an algorithm that is not taken",
    )


def _hmac(secret: Callable[[World], bytes]) -> Build:
    def build(world: World) -> Document:
        root = world.honest("")
        assertion = made_evil(assertion_of(root))
        signature = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256, ns="ds")
        reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri="#_a1")
        for transform in (xmlsec.Transform.ENVELOPED, xmlsec.Transform.EXCL_C14N):
            xmlsec.template.add_transform(reference, transform)
        found(assertion, "saml:Issuer").addnext(signature)
        xmlsec.tree.add_ids(root, ["ID"])
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, secret(world))
        context.sign(signature)
        return reparsed(root)

    return build


def _public_pem(world: World) -> bytes:
    return (
        load_der_x509_certificate(world.idp.certificate)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


_HMAC_REFUSED: Final = "SignatureMethod names an algorithm that is not taken"
add("HMAC with the certificate for a secret", _hmac(lambda world: world.idp.certificate), _HMAC_REFUSED)
add("HMAC with the public key's PEM for a secret", _hmac(_public_pem), _HMAC_REFUSED)


@attack("an HMAC's length on an RSA signature", CHILDREN)
def _(world: World) -> Document:
    root = world.honest()
    etree.SubElement(found(root, ".//ds:SignatureMethod"), f"{{{DS}}}HMACOutputLength").text = "0"
    return root


@attack("parameters on the digest", CHILDREN)
def _(world: World) -> Document:
    root = world.honest()
    etree.SubElement(found(root, ".//ds:DigestMethod"), f"{{{DS}}}X")
    return root


@attack("a prefix list that is none", "not a list of prefixes")
def _(world: World) -> Document:
    root = world.honest(how=How(prefixes="xs"))
    found(root, ".//*[local-name()='InclusiveNamespaces']").set("PrefixList", "xs \u202e")
    return root


@attack("a prefix list without end", "short list of prefixes")
def _(world: World) -> Document:
    root = world.honest(how=How(prefixes="xs"))
    found(root, ".//*[local-name()='InclusiveNamespaces']").set("PrefixList", "xs " * 1_000)
    return root
