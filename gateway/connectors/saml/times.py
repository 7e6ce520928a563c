"""Moments as SAML writes them, and how they compare with now: 60 seconds of skew, in each direction.

Source: SAML 2.0 Core 1.3.3 (xs:dateTime in UTC).
"""

import re
from datetime import datetime, timedelta
from typing import Final

from gateway.connectors.saml.refusals import inapplicable
from gateway.domain.assertion import CLOCK_SKEW_SECONDS
from gateway.domain.errors import ExpiredIdentityToken

SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z", re.ASCII)


def moment(name: str, text: str) -> datetime:
    """The moment that the attribute `name` says, to the microsecond. Raises InvalidIdentityToken."""
    if _INSTANT.fullmatch(text) is None:
        inapplicable(f"{name} is not a moment in UTC")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        inapplicable(f"{name} is no moment of the calendar")


def begun(name: str, begins: datetime, now: datetime) -> None:
    """Refuse what begins more than the skew after `now`. Raises InvalidIdentityToken."""
    # The moments of a year 9999 or 1 leave no room to add to: it is `now` that is moved.
    if begins > now + SKEW:
        inapplicable(f"{name} is in the future")


def lasting(ends: datetime, now: datetime) -> None:
    """Refuse what ended the skew before `now` or earlier. Raises ExpiredIdentityToken."""
    if ends <= now - SKEW:
        raise ExpiredIdentityToken(now=int(now.timestamp()), expired_at=int(ends.timestamp()))
