"""Moments as SAML writes them, and how they compare with now: 60 seconds of skew, in each direction.

Source: SAML 2.0 Core 1.3.3 (xs:dateTime in UTC).
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from gateway.connectors.saml.refusals import inapplicable, outlived
from gateway.domain.assertion import CLOCK_SKEW_SECONDS

SKEW: Final = timedelta(seconds=CLOCK_SKEW_SECONDS)
_REMEMBERED: Final = 64
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,12})?Z", re.ASCII)


def moment(name: str, text: str) -> datetime:
    """The moment that the attribute `name` says, to the microsecond. Raises InvalidIdentityToken."""
    try:
        return _moment(text)
    except ValueError:
        if _INSTANT.fullmatch(text) is None:
            inapplicable(f"{name} is not a moment in UTC")
        inapplicable(f"{name} is no moment of the calendar")


@lru_cache(maxsize=_REMEMBERED)
def _moment(text: str) -> datetime:
    """One answer names few moments, each several times, and two readers ask. Raises ValueError."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError
    return datetime.fromisoformat(text)


def begun(name: str, begins: datetime, now: datetime) -> None:
    """Refuse what begins more than the skew after `now`. Raises InvalidIdentityToken."""
    # The moments of a year 9999 or 1 leave no room to add to: it is `now` that is moved.
    if begins > now + SKEW:
        inapplicable(f"{name} is in the future")


def lasting(ends: datetime, now: datetime) -> None:
    """Refuse what ended the skew before `now` or earlier. Raises ExpiredIdentityToken."""
    if ends <= now - SKEW:
        outlived(ends, now)
