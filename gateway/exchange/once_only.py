"""An assertion is good for one thing: a session, credentials, or the refusal of a role; on every replica together."""

from typing import Final

from gateway.domain.assertion import ProvenAssertion
from gateway.domain.errors import InvalidIdentityToken
from gateway.exchange.parts import Parts

_KIND: Final = "saml_assertion"


async def use_up(parts: Parts, assertion: ProvenAssertion) -> None:
    """Remember that it has been used. Raises InvalidIdentityToken where it was before, StateUnavailable."""
    # The ID is the provider's own: two providers may give one, and none may use up another's.
    key = f"{assertion.identity.issuer}\0{assertion.assertion_id}"
    if not await parts.once.put_once(_KIND, key, assertion.used_until):
        raise InvalidIdentityToken(
            "The SAML assertion was used before; sign in at the identity provider again",
            cause=f"the assertion {assertion.assertion_id} was used before",
        )
