"""An answer that somebody kept in a file, judged as of the moment it was made, for explaining; it opens nothing."""

import base64
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.connectors.saml.encoding import decoded
from gateway.connectors.saml.identity import proven
from gateway.connectors.saml.reading import AssertionFacts, ResponseFacts, assertion_facts, response_facts
from gateway.connectors.saml.response_shape import response_shape
from gateway.connectors.saml.tree import parsed
from gateway.connectors.saml.trust import SamlTrust
from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import ProvenAssertion, Solicitation, UnverifiedAssertion
from gateway.domain.errors import GatewayError


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedAnswer:
    """`refusal`: why the answer was refused even when it was new; then `assertion` is what it claims, if anything.

    `in_response_to`: the request that it answers. `used_until`: until when it could have been used.
    """

    assertion: ProvenAssertion | None = field(repr=False)
    refusal: str | None
    in_response_to: str | None
    issued_at: datetime | None


def as_parameter(content: bytes) -> UnverifiedAssertion:
    """The form parameter, of a file that holds it or the XML itself. Raises UnicodeDecodeError: it holds neither."""
    text = content.decode("utf-8").strip()
    return UnverifiedAssertion(base64.b64encode(content).decode("ascii") if text.startswith("<") else text)


def judged(parameter: UnverifiedAssertion, trust: SamlTrust) -> SavedAnswer:
    """Raises ValueError where nothing can be verified with `trust`."""
    answer: ResponseFacts | None = None
    try:
        answer = response_facts(response_shape(parsed(decoded(parameter))).root)
        # A second later, or a clock of whole seconds would see an answer of the future.
        moment = answer.issued_at + timedelta(seconds=1)
        asked = Solicitation(in_response_to=answer.in_response_to)
        assertion: ProvenAssertion | None = Verification.of(trust).verify(parameter, asked, moment)
        refusal = None
    except GatewayError as refused:
        assertion, refusal = _claimed(parameter, trust), refused.cause
    return SavedAnswer(
        assertion=assertion,
        refusal=refusal,
        in_response_to=None if answer is None else answer.in_response_to,
        issued_at=None if answer is None else answer.issued_at,
    )


def _claimed(parameter: UnverifiedAssertion, trust: SamlTrust) -> ProvenAssertion | None:
    """What an answer that was refused says all the same; None where nobody can tell."""
    try:
        shape = response_shape(parsed(decoded(parameter)))
        if shape.is_encrypted:
            return None
        facts: AssertionFacts = assertion_facts(shape.assertion)
        return proven(facts, trust, response_id="", used_until=facts.issued_at, certificate_sha256="")
    except GatewayError:
        return None
