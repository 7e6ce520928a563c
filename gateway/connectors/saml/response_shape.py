"""Where things stand in a Response: one assertion in its place, signatures in theirs, and their parts nowhere else.

Every published way to move a signature (the eight shapes of "On Breaking SAML", 2012, and those since) has to put a
second assertion, signature or digest somewhere. Names are counted whatever their namespace: a look-alike is one too.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from gateway.connectors.saml.names import (
    ASSERTION,
    ENCRYPTED_ASSERTION,
    ISSUER,
    RESPONSE,
    SAMLP,
    SIGNATURE,
    STATUS,
    SUCCESS,
)
from gateway.connectors.saml.refusals import misshapen, unsigned
from gateway.connectors.saml.signature_shape import SignatureShape, signature_shape
from gateway.connectors.saml.tree import Element, identified
from gateway.domain.errors import RejectedClaim

_EXTENSIONS: Final = f"{{{SAMLP}}}Extensions"
_OPTIONAL: Final = frozenset((ISSUER, SIGNATURE, _EXTENSIONS))
_ORDER: Final = (ISSUER, SIGNATURE, _EXTENSIONS, STATUS)
# As often as there are signatures in their places.
_SIGNATURE_PARTS: Final = ("Signature", "SignedInfo", "SignatureValue", "Reference", "DigestValue", "Transforms")
# Nowhere: what hides a second document, what a library would fetch, and what is decrypted behind our back.
_NOWHERE: Final = frozenset(
    (
        "Object",
        "Manifest",
        "SignatureProperties",
        "CipherReference",
        "KeyInfoReference",
        "DEREncodedKeyValue",
        "EncryptedID",
        "NewEncryptedID",
        "EncryptedAttribute",
    )
)
_ENCRYPTION_PARTS: Final = ("EncryptedData", "EncryptedKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseShape:
    """A Response whose parts stand where they must. Nothing of it is verified. `assertion`: plain or encrypted."""

    root: Element = field(repr=False)
    signature: SignatureShape | None
    assertion: Element = field(repr=False)
    identifiers: frozenset[str] = field(repr=False)

    @property
    def is_encrypted(self) -> bool:
        return bool(self.assertion.tag == ENCRYPTED_ASSERTION)


def response_shape(root: Element) -> ResponseShape:
    """The parts of a Response. Raises InvalidIdentityToken."""
    # Held for the while, so that lxml makes each element's proxy once and not at each step.
    elements = list(root.iter())
    identifiers = frozenset(identified(root))
    if root.tag != RESPONSE:
        misshapen("the document is not a Response")
    *front, assertion = list(root) or [root]
    if assertion.tag == STATUS and all(code.get("Value") != SUCCESS for code in assertion):
        # A sign-in that failed has no assertion.
        raise RejectedClaim("The identity provider reports that the sign-in failed")
    if assertion.tag not in {ASSERTION, ENCRYPTED_ASSERTION}:
        misshapen("a Response's last child is not an Assertion or EncryptedAssertion")
    expected = tuple(tag for tag in _ORDER if tag not in _OPTIONAL or any(child.tag == tag for child in front))
    if tuple(child.tag for child in front) != expected:
        misshapen("a Response does not have exactly the children that it must have")
    signature = _behind_issuer(root)
    _check_counts(elements, signatures=_placed(root) + _placed(assertion))
    return ResponseShape(
        root=root,
        signature=None if signature is None else signature_shape(signature),
        assertion=assertion,
        identifiers=identifiers,
    )


def decrypted_shape(root: Element, around: ResponseShape) -> Element:
    """The assertion that an encrypted one of the Response `around` held. `root`: whatever holds it, and it alone.

    What was decrypted keeps the rules that everything else does. Raises InvalidIdentityToken.
    """
    if frozenset(identified(root)) & around.identifiers:
        misshapen("an encrypted assertion repeats an identifier of its Response")
    if len(root) != 1 or root[0].tag != ASSERTION or (root.text or "").strip() or (root[0].tail or "").strip():
        misshapen("an encrypted assertion holds something else than one Assertion")
    _check_counts(root.iter(), signatures=_placed(root[0]))
    return root[0]


def assertion_signature(assertion: Element) -> SignatureShape:
    """The signature of an assertion, which it must have. Raises InvalidIdentityToken."""
    signature = _behind_issuer(assertion)
    if signature is None:
        unsigned("the assertion is not signed; have the identity provider sign assertions, not responses alone")
    return signature_shape(signature)


def _behind_issuer(holder: Element) -> Element | None:
    """The signature in the one place where it may stand: right behind the Issuer, which stands first."""
    if len(holder) > 1 and holder[0].tag == ISSUER and holder[1].tag == SIGNATURE:
        return holder[1]
    return None


def _placed(holder: Element) -> int:
    return 0 if _behind_issuer(holder) is None else 1


def _check_counts(elements: Iterable[Element], *, signatures: int) -> None:
    counts = _counted(elements)
    if counts["Assertion"] + counts["EncryptedAssertion"] != 1:
        misshapen("the document does not hold exactly one assertion")
    if any(counts[part] != signatures for part in _SIGNATURE_PARTS):
        misshapen("the document holds a signature, or a part of one, out of its place")
    if not _NOWHERE.isdisjoint(counts):
        misshapen("the document holds an element that no answer may hold")
    if any(counts[part] != counts["EncryptedAssertion"] for part in _ENCRYPTION_PARTS):
        misshapen("the document does not hold exactly one encryption in an EncryptedAssertion, or none at all")
    if counts["RetrievalMethod"] > counts["EncryptedAssertion"]:
        misshapen("the document holds a reference to a key out of its place")


def _counted(elements: Iterable[Element]) -> Counter[str]:
    """How often each local name stands there; most names stand there several times."""
    counts: Counter[str] = Counter()
    for name, times in Counter([element.tag for element in elements]).items():
        counts[name.rpartition("}")[2]] += times
    return counts
