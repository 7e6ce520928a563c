"""An assertion is good for one thing: a session, credentials, or the refusal of a role; on every replica together."""

from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.domain.assertion import ProvenAssertion
from gateway.domain.errors import InvalidIdentityToken
from gateway.exchange.parts import Parts

_KIND: Final = "saml_assertion"
_MARGIN: Final = timedelta(minutes=5)
"""How far the clocks of two replicas may differ: the mark outlives the assertion on the slowest of them."""
_LATEST: Final = datetime.max.replace(tzinfo=UTC) - _MARGIN


async def use_up(parts: Parts, assertion: ProvenAssertion) -> None:
    """Remember that it has been used. Raises InvalidIdentityToken where it was before, StateUnavailable."""
    # The ID is the provider's own: two providers may give one, and none may use up another's.
    key = f"{assertion.identity.issuer}\0{assertion.assertion_id}"
    if not await parts.once.put_once(_KIND, key, min(assertion.used_until, _LATEST) + _MARGIN):
        raise InvalidIdentityToken(
            "The SAML assertion was used before; sign in at the identity provider again",
            cause=f"the assertion {assertion.assertion_id} was used before",
        )
