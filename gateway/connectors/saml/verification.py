"""The order in which an answer is verified: each step stands elsewhere, and nothing of it is believed before the last.

    text        base64, UTF-8, no markup but elements                                   encoding
    shape       one assertion, signatures in their places, algorithms that are taken    tree, response_shape, ...
    response    its own signature, where it has one                                     signature
    decryption  AES-GCM; AES-CBC only of what that signature holds                      decryption
    assertion   its signature, which it must have                                       signature
    opinion     python3-saml's, in its strictest settings                               toolkit
    conditions  of the response, and of the assertion as its signed bytes have it       reading, conditions
    identity                                                                            identity

The steps in front of python3-saml let nothing reach xmlsec that would make it work for whoever has no key.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.connectors.saml.certificates import VerificationKey, usable_certificates
from gateway.connectors.saml.conditions import Expectation, check_assertion, check_response
from gateway.connectors.saml.decryption import decrypted, decryption_key
from gateway.connectors.saml.encoding import decoded
from gateway.connectors.saml.encryption_shape import encryption_shape
from gateway.connectors.saml.identity import proven
from gateway.connectors.saml.reading import assertion_facts, response_facts
from gateway.connectors.saml.refusals import encrypted_otherwise, unsigned
from gateway.connectors.saml.response_shape import ResponseShape, assertion_signature, decrypted_shape, response_shape
from gateway.connectors.saml.signature import SignedBytes, signed_bytes
from gateway.connectors.saml.toolkit import Toolkit
from gateway.connectors.saml.tree import Element, parsed
from gateway.connectors.saml.trust import SamlTrust
from gateway.domain.assertion import ProvenAssertion, Solicitation, UnverifiedAssertion


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The trust in one identity provider made ready: its keys loaded, ours too, the library set up."""

    trust: SamlTrust
    keys: tuple[VerificationKey, ...]
    decryption_key: rsa.RSAPrivateKey | None = field(repr=False)
    toolkit: Toolkit

    @classmethod
    def of(cls, trust: SamlTrust) -> Self:
        """Raises ValueError, with the mend: no usable certificate, an unusable key, addresses that nobody can have."""
        keys = usable_certificates(trust.certificates)
        return cls(
            trust=trust,
            keys=keys,
            decryption_key=None if trust.private_key is None else decryption_key(trust.private_key),
            toolkit=Toolkit(trust, (key.der for key in keys)),
        )

    def verify(self, assertion: UnverifiedAssertion, solicitation: Solicitation, now: datetime) -> ProvenAssertion:
        """Prove what `assertion` says; blocks for a millisecond or two.

        Raises InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim, InvalidTags.
        """
        shape = response_shape(parsed(decoded(assertion)))
        response = None if shape.signature is None else signed_bytes(shape.signature, self.keys)
        signed = signed_bytes(assertion_signature(self._plain_assertion(shape, response)), self.keys)
        opinion = self.toolkit.refusal(shape.root, solicitation.in_response_to, now)
        expected = self._expectation(solicitation, now)
        answer = response_facts(shape.root if response is None else parsed(response.canonical))
        check_response(answer, expected, signed=response is not None)
        facts = assertion_facts(parsed(signed.canonical))
        used_until = check_assertion(facts, expected)
        if opinion is not None:
            # Last, since our own conditions tell better what is wrong; nothing was handed out meanwhile.
            unsigned(opinion)
        return proven(
            facts,
            self.trust,
            response_id=answer.response_id,
            used_until=used_until,
            certificate_sha256=signed.key.sha256,
        )

    def _plain_assertion(self, shape: ResponseShape, response: SignedBytes | None) -> Element:
        if not shape.is_encrypted:
            return shape.assertion
        if self.decryption_key is None:
            encrypted_otherwise("the assertion is encrypted, and the provider has no private_key here")
        encryption = encryption_shape(shape.assertion)
        if not encryption.authenticated and response is None:
            # AES-CBC that anybody may change is a padding oracle (Vaudenay 2002; Jager and Somorovsky 2011).
            encrypted_otherwise(
                "AES-CBC is taken only within a Response that is signed itself; use AES-GCM, or sign it"
            )
        return decrypted_shape(decrypted(encryption, self.decryption_key), shape)

    def _expectation(self, solicitation: Solicitation, now: datetime) -> Expectation:
        return Expectation(
            issuer=self.trust.issuer,
            entity_id=self.trust.entity_id,
            acs_url=self.trust.acs_url,
            in_response_to=solicitation.in_response_to,
            max_authentication_age=self.trust.max_authentication_age,
            now=now,
        )
