"""Whether a signature of the one form holds, and the canonical bytes that it speaks of: the only ones ever read.

Computed here, with lxml's canonicalization and `cryptography`, so that what is read is what was digested: a library
that only says yes leaves it to its caller to guess what it said yes to.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from hmac import compare_digest

from cryptography.hazmat.primitives import hashes
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
    if not compare_digest(_digest(shape.digest, canonical), shape.digest_value):
        unsigned("a signature's digest is not that of the element that holds it")
    signed_info = _canonical(shape.signed_info, shape.signed_info_prefixes)
    key = next((key for key in keys if key.holds(shape.method, shape.value, signed_info)), None)
    if key is None:
        unsigned("a signature is of no key of the identity provider")
    return SignedBytes(canonical=canonical, key=key)


def _without_signature(shape: SignatureShape) -> bytes:
    """The holder's canonical form as the enveloped transform leaves it: text behind the signature stays.

    Of a copy: lxml gives a node that is taken out and put back other prefixes, and a signature may sign them.
    """
    holder = shape.element.getparent()
    way = _way_to(holder)
    copied = copy.deepcopy(holder.getroottree().getroot())
    for place in way:
        copied = copied[place]
    signature = copied[holder.index(shape.element)]
    before = signature.getprevious()
    if before is None:
        copied.text = f"{copied.text or ''}{signature.tail or ''}"
    else:
        before.tail = f"{before.tail or ''}{signature.tail or ''}"
    copied.remove(signature)
    return _canonical(copied, shape.prefixes)


def _way_to(element: Element) -> list[int]:
    """At which place to step down, from the root on."""
    way: list[int] = []
    while (parent := element.getparent()) is not None:
        way.append(parent.index(element))
        element = parent
    return way[::-1]


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


def _digest(algorithm: str, canonical: bytes) -> bytes:
    digest = hashes.Hash(DIGESTS[algorithm]())
    digest.update(canonical)
    return digest.finalize()
