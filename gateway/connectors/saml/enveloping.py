"""Signs a message of our own as a whole, in the one form that `signature_shape` takes from others."""

import base64

from cryptography.hazmat.primitives import hashes
from lxml import etree

from gateway.connectors.saml.names import DS, ISSUER
from gateway.connectors.saml.own_key import OwnKey
from gateway.connectors.saml.signature_shape import ENVELOPED, EXCLUSIVE, SHA256
from gateway.connectors.saml.tree import Element


def sign(root: Element, key: OwnKey) -> bytes:
    """The document with its root signed. `root`: with an ID, and an Issuer as its first child."""
    digest = hashes.Hash(hashes.SHA256())
    digest.update(_canonical(root))
    signature = etree.Element(f"{{{DS}}}Signature", nsmap={"ds": DS})
    signed_info = _signed_info(signature, f"#{root.get('ID')}", key.method, digest.finalize())
    # SAML core 3.2.1: the signature stands right behind the Issuer.
    root.find(ISSUER).addnext(signature)
    value = key.sign(_canonical(signed_info))
    _add(signature, "SignatureValue").text = _armoured(value)
    data = _add(_add(signature, "KeyInfo"), "X509Data")
    _add(data, "X509Certificate").text = _armoured(key.certificate)
    written: bytes = etree.tostring(root)
    return written


def _signed_info(signature: Element, uri: str, method: str, digest: bytes) -> Element:
    signed_info = _add(signature, "SignedInfo")
    _add(signed_info, "CanonicalizationMethod", Algorithm=EXCLUSIVE)
    _add(signed_info, "SignatureMethod", Algorithm=method)
    reference = _add(signed_info, "Reference", URI=uri)
    transforms = _add(reference, "Transforms")
    for transform in (ENVELOPED, EXCLUSIVE):
        _add(transforms, "Transform", Algorithm=transform)
    _add(reference, "DigestMethod", Algorithm=SHA256)
    _add(reference, "DigestValue").text = _armoured(digest)
    return signed_info


def _add(parent: Element, name: str, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{DS}}}{name}", attributes)


def _canonical(element: Element) -> bytes:
    canonical: bytes = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    return canonical


def _armoured(binary: bytes) -> str:
    return base64.b64encode(binary).decode("ascii")
