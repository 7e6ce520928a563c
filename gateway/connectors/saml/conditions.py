"""The conditions under which a verified assertion holds: each one compared exactly, none taken for met when absent.

Sources: SAML 2.0 Core 2.4 and 2.5, Profiles 4.1.4.2 and 4.1.4.3. What libraries take for met: a Recipient that contains
our address, a Destination that begins with it, no Audience at all, no InResponseTo where a request was made.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.connectors.saml.names import BEARER, SUCCESS, VERSION
from gateway.connectors.saml.reading import AssertionFacts, Confirmation, ResponseFacts
from gateway.connectors.saml.refusals import foreign, inapplicable
from gateway.connectors.saml.times import SKEW, begun, lasting, moment
from gateway.domain.errors import RejectedClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What an answer must say, and when it is heard. `in_response_to` None: nothing was asked."""

    issuer: str
    entity_id: str
    acs_url: str
    in_response_to: str | None
    max_authentication_age: timedelta
    now: datetime


def check_response(response: ResponseFacts, expected: Expectation, *, signed: bool) -> None:
    """Refuse a response that is no success, or not for us. `signed`: it has a signature of its own, which holds.

    Raises InvalidIdentityToken, RejectedClaim.
    """
    if response.version != VERSION:
        inapplicable("the Response's Version is not 2.0")
    if response.issuer is not None and response.issuer != expected.issuer:
        foreign("the Response's Issuer is not the provider's")
    # Bindings 3.5.5.2: a signed message says where it is going, so that nobody can send it elsewhere.
    if response.destination != expected.acs_url and (signed or response.destination is not None):
        inapplicable("the Response's Destination is not our assertion consumer service")
    if response.in_response_to != expected.in_response_to:
        inapplicable("the Response's InResponseTo is not the request that was made")
    begun("the Response's IssueInstant", response.issued_at, expected.now)
    if response.statuses != (SUCCESS,):
        raise RejectedClaim(
            "The identity provider reports that the sign-in failed", cause="the Response's status is not Success alone"
        )


def check_assertion(assertion: AssertionFacts, expected: Expectation) -> datetime:
    """Refuse an assertion that does not hold here and now; gives the moment until which it could be shown again.

    Raises InvalidIdentityToken, ExpiredIdentityToken.
    """
    for check in _CHECKS:
        check(assertion, expected)
    ends = _confirmed_until(assertion, expected)
    conditions_end = assertion.not_on_or_after or ends
    # Past the earlier of the two nobody takes it; a year 9999 leaves no room for the skew.
    return min(ends, conditions_end, _LATEST) + SKEW


def _version(assertion: AssertionFacts, _expected: Expectation) -> None:
    if assertion.version != VERSION:
        inapplicable("the assertion's Version is not 2.0")


def _issuer(assertion: AssertionFacts, expected: Expectation) -> None:
    if assertion.issuer != expected.issuer:
        foreign("the assertion's Issuer is not the provider's")


def _audience(assertion: AssertionFacts, expected: Expectation) -> None:
    # Core 2.5.1.4: one audience of each restriction, every restriction.
    if not assertion.audiences or not all(expected.entity_id in audiences for audiences in assertion.audiences):
        inapplicable("the assertion's Audience is not our entity id")


def _issued(assertion: AssertionFacts, expected: Expectation) -> None:
    begun("the assertion's IssueInstant", assertion.issued_at, expected.now)


def _conditions(assertion: AssertionFacts, expected: Expectation) -> None:
    if assertion.not_before is not None:
        begun("the conditions' NotBefore", assertion.not_before, expected.now)
    if assertion.not_on_or_after is None:
        inapplicable("the conditions have no NotOnOrAfter")
    lasting(assertion.not_on_or_after, expected.now)


def _authenticated(assertion: AssertionFacts, expected: Expectation) -> None:
    begun("AuthnInstant", assertion.authenticated_at, expected.now)
    # Golden SAML: a stolen key signs for ever, but nobody has been signed in for ever.
    lasting(assertion.authenticated_at + expected.max_authentication_age, expected.now)


def _session(assertion: AssertionFacts, expected: Expectation) -> None:
    if assertion.session_not_on_or_after is not None:
        lasting(assertion.session_not_on_or_after, expected.now)


def _confirmed_until(assertion: AssertionFacts, expected: Expectation) -> datetime:
    """The end of the bearer confirmation, of which there must be one; other methods prove nothing to us."""
    bearers = [confirmation for confirmation in assertion.confirmations if confirmation.method == BEARER]
    if len(bearers) != 1:
        inapplicable("the assertion does not have exactly one bearer confirmation")
    return _bearer_until(bearers[0], expected)


def _bearer_until(confirmation: Confirmation, expected: Expectation) -> datetime:
    data = confirmation.data
    if data.get("Recipient") != expected.acs_url:
        inapplicable("the confirmation's Recipient is not our assertion consumer service")
    if data.get("InResponseTo") != expected.in_response_to:
        inapplicable("the confirmation's InResponseTo is not the request that was made")
    if "NotBefore" in data:
        # Profiles 4.1.4.2 wants none; Lasso sends one with sign-ins that begin at the identity provider.
        begun("the confirmation's NotBefore", moment("the confirmation's NotBefore", data["NotBefore"]), expected.now)
    if "NotOnOrAfter" not in data:
        inapplicable("the confirmation has no NotOnOrAfter")
    ends = moment("the confirmation's NotOnOrAfter", data["NotOnOrAfter"])
    lasting(ends, expected.now)
    return ends


_LATEST: Final = datetime.max.replace(microsecond=0, tzinfo=UTC) - SKEW
# In this order: when an assertion of somebody else ends is nobody's business.
_CHECKS: Final[tuple[Callable[[AssertionFacts, Expectation], None], ...]] = (
    _version,
    _issuer,
    _audience,
    _issued,
    _conditions,
    _authenticated,
    _session,
)
