"""Whether a signature of the one form holds, and the canonical bytes that it speaks of: the only ones ever read.

Computed here, with lxml's canonicalization and `cryptography`, so that what is read is what was digested: a library
that only says yes leaves it to its caller to guess what it said yes to.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest

from lxml import etree

from gateway.connectors.saml.certificates import VerificationKey
from gateway.connectors.saml.refusals import unsigned
from gateway.connectors.saml.signature_shape import DIGESTS, SignatureShape
from gateway.connectors.saml.tree import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBytes:
    """The canonical form, without its signature, of an element whose signature `key` holds."""

    canonical: bytes = field(repr=False)
    key: VerificationKey


def signed_bytes(shape: SignatureShape, keys: Sequence[VerificationKey]) -> SignedBytes:
    """What the signature signs, if one of the keys made it. Raises InvalidIdentityToken."""
    canonical = _without_signature(shape)
    if not compare_digest(DIGESTS[shape.digest](canonical).digest(), shape.digest_value):
        unsigned("a signature's digest is not that of the element that holds it")
    signed_info = _canonical(shape.signed_info, shape.signed_info_prefixes)
    key = next((key for key in keys if key.holds(shape.method, shape.value, signed_info)), None)
    if key is None:
        unsigned("a signature is of no key of the identity provider")
    return SignedBytes(canonical=canonical, key=key)


def _without_signature(shape: SignatureShape) -> bytes:
    """The holder's canonical form as the enveloped transform leaves it: text behind the signature stays.

    Cut out of the holder's whole canonical form, in which `<` begins a tag wherever it stands, and exclusive
    canonicalization writes no element otherwise for what stands beside it. The holder's own signature is the first in
    it, and holds no other of its name. Wherever that is not so, other bytes are left than the digest's, and refused.
    """
    whole = _canonical(shape.element.getparent(), shape.prefixes)
    name = (f"{shape.element.prefix}:Signature" if shape.element.prefix else "Signature").encode()
    begins = min(at for at in (whole.find(b"<%b " % name), whole.find(b"<%b>" % name), len(whole)) if at >= 0)
    end = b"</%b>" % name
    ends = whole.find(end, begins)
    if ends < 0:
        unsigned("what is signed has no canonical form")
    return whole[:begins] + whole[ends + len(end) :]


def _canonical(element: Element, prefixes: tuple[str, ...]) -> bytes:
    """Exclusive XML Canonicalization 1.0 without comments. Raises InvalidIdentityToken where there is none."""
    try:
        canonical: bytes = etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes or None
        )
    except (etree.LxmlError, ValueError):
        # CVE-2025-66568: a failure taken for the empty text has a digest that everybody knows.
        unsigned("what is signed has no canonical form")
    if not canonical:
        unsigned("what is signed has no canonical form")
    return canonical
