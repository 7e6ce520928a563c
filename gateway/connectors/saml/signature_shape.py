"""The one form of an enveloped signature: what stands in it, in which order, and which algorithms it may name.

Libraries compute every reference before they look at the signature's value, so whoever has no key chooses the work:
files, addresses, XPath, XSLT. A signature of another form is refused before any of it is computed.
"""

import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.connectors.saml.certificates import METHODS
from gateway.connectors.saml.names import DS
from gateway.connectors.saml.refusals import misshapen
from gateway.connectors.saml.tree import Element, local_name, only_children, text_of

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = f"{DS}enveloped-signature"
_ENC: Final = "http://www.w3.org/2001/04/xmlenc#"
SHA256: Final = f"{_ENC}sha256"
DIGESTS: Final[Mapping[str, Callable[[bytes], Any]]] = {
    SHA256: hashlib.sha256,
    "http://www.w3.org/2001/04/xmldsig-more#sha384": hashlib.sha384,
    f"{_ENC}sha512": hashlib.sha512,
}
_SIGNED_INFO: Final = f"{{{DS}}}SignedInfo"
_SIGNATURE_VALUE: Final = f"{{{DS}}}SignatureValue"
_KEY_INFO: Final = f"{{{DS}}}KeyInfo"
_CANONICALIZATION: Final = f"{{{DS}}}CanonicalizationMethod"
_METHOD: Final = f"{{{DS}}}SignatureMethod"
_REFERENCE: Final = f"{{{DS}}}Reference"
_TRANSFORMS: Final = f"{{{DS}}}Transforms"
_TRANSFORM: Final = f"{{{DS}}}Transform"
_DIGEST_METHOD: Final = f"{{{DS}}}DigestMethod"
_DIGEST_VALUE: Final = f"{{{DS}}}DigestValue"
_INCLUSIVE: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
# None of it is used: the key comes from metadata. What could make a library fetch or compute something is not let in.
_KEY_INFO_PARTS: Final = frozenset((f"{{{DS}}}X509Data", f"{{{DS}}}KeyName", f"{{{DS}}}KeyValue"))
_PREFIX: Final = re.compile(r"#default|[A-Za-z_][\w.-]{0,63}", re.ASCII)
_BLANKS: Final = str.maketrans("", "", "\r\n\t ")
_MAXIMUM_PREFIXES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureShape:
    """A signature of the one form, over the element that holds it. Nothing of it is verified.

    `digest` and `method`: keys of DIGESTS and METHODS. The prefixes are those of InclusiveNamespaces.
    """

    element: Element = field(repr=False)
    signed_info: Element = field(repr=False)
    signed_info_prefixes: tuple[str, ...]
    method: str
    value: bytes = field(repr=False)
    prefixes: tuple[str, ...]
    digest: str
    digest_value: bytes = field(repr=False)


def signature_shape(signature: Element) -> SignatureShape:
    """The signature, which must be of the one form and over its own parent. Raises InvalidIdentityToken."""
    tags = [_SIGNED_INFO, _SIGNATURE_VALUE, _KEY_INFO][: max(2, len(signature))]
    signed_info, value, *key_info = only_children(signature, *tags)
    if key_info:
        _check_key_info(key_info[0])
    canonicalization, method, reference = only_children(signed_info, _CANONICALIZATION, _METHOD, _REFERENCE)
    only_children(method)
    prefixes, digest, digest_value = _reference(reference, signature.getparent())
    return SignatureShape(
        element=signature,
        signed_info=signed_info,
        signed_info_prefixes=_exclusive_prefixes(canonicalization),
        method=_known(method, METHODS),
        value=_binary(value),
        prefixes=prefixes,
        digest=digest,
        digest_value=digest_value,
    )


def _reference(reference: Element, holder: Element) -> tuple[tuple[str, ...], str, bytes]:
    identifier = holder.get("ID")
    # The element that holds the signature and no other: `""`, XPointer and another's ID are how signatures are moved.
    if identifier is None or dict(reference.attrib) != {"URI": f"#{identifier}"}:
        misshapen("a signature's Reference is not to the element that holds the signature")
    transforms, method, value = only_children(reference, _TRANSFORMS, _DIGEST_METHOD, _DIGEST_VALUE)
    enveloped, exclusive = only_children(transforms, _TRANSFORM, _TRANSFORM)
    if dict(enveloped.attrib) != {"Algorithm": ENVELOPED} or len(enveloped):
        misshapen("a signature's first transform is not the enveloped signature")
    only_children(method)
    return _exclusive_prefixes(exclusive), _known(method, DIGESTS), _binary(value)


def _exclusive_prefixes(canonicalization: Element) -> tuple[str, ...]:
    """The PrefixList of an exclusive canonicalization without comments, the only one that is taken."""
    if dict(canonicalization.attrib) != {"Algorithm": EXCLUSIVE}:
        misshapen("a signature is canonicalized otherwise than exclusively, without comments")
    if not len(canonicalization):
        return ()
    (inclusive,) = only_children(canonicalization, _INCLUSIVE)
    only_children(inclusive)
    prefixes = tuple(inclusive.get("PrefixList", "").split())
    if len(prefixes) > _MAXIMUM_PREFIXES:
        misshapen("InclusiveNamespaces is not a short list of prefixes")
    if not all(_PREFIX.fullmatch(prefix) for prefix in prefixes):
        misshapen("InclusiveNamespaces is not a list of prefixes")
    return prefixes


def _known(method: Element, known: Mapping[str, object]) -> str:
    algorithm = method.get("Algorithm")
    if algorithm not in known:
        misshapen(f"{local_name(method)} names an algorithm that is not taken")
    return str(algorithm)


def _check_key_info(key_info: Element) -> None:
    if any(part.tag not in _KEY_INFO_PARTS for part in key_info):
        misshapen("a signature's KeyInfo holds something else than X509Data, KeyName and KeyValue")


def _binary(element: Element) -> bytes:
    bare = text_of(element).translate(_BLANKS)
    try:
        raw = binascii.a2b_base64(bare, strict_mode=True)
    except ValueError:
        misshapen(f"{local_name(element)} is not base64")
    # XML Schema 1.0 2, 3.2.16: the bits that are left over are zero.
    if binascii.b2a_base64(raw, newline=False) != bare.encode("ascii"):
        misshapen(f"{local_name(element)} is not canonical base64")
    return raw
