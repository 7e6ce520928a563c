"""The two ways a signed request writes its time, read strictly, and the one way a signature writes it."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

MAXIMUM_SKEW: Final = timedelta(minutes=15)
MAXIMUM_EXPIRES: Final = 604_800
"""Seconds that a presigned URL may live: seven days."""

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 9110 5.6.7 IMF-fixdate; botocore writes its zone as -0000 (RFC 5322 3.3), which is UTC too.
_IMF_FIXDATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (?:GMT|UTC|[+-]0000)",
    re.ASCII,
)
_BASIC_LENGTH: Final = len("YYYYMMDDTHHMMSSZ")
_REMEMBERED: Final = 1_024


def read_basic(text: str) -> datetime | None:
    """Read `YYYYMMDDTHHMMSSZ`, and nothing like it."""
    # fromisoformat takes many more forms; of digits, only ASCII ones.
    if len(text) != _BASIC_LENGTH or text[8] != "T" or text[15] != "Z":
        return None
    return _moment(text)


# The requests of one second have one text, and nothing but the text decides.
@lru_cache(maxsize=_REMEMBERED)
def _moment(text: str) -> datetime | None:
    if not (text[:8] + text[9:15]).isdigit():
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def read_http_date(text: str) -> datetime | None:
    """Read the date of an HTTP `Date` header in its one current form."""
    found = _IMF_FIXDATE.fullmatch(text)
    if found is None:
        return None
    day, year, hour, minute, second = (int(found[group]) for group in (1, 3, 4, 5, 6))
    try:
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def basic(moment: datetime) -> str:
    """Write a UTC time as `YYYYMMDDTHHMMSSZ`."""
    # strftime costs three times as much, and does not pad years under 1000 everywhere.
    iso = moment.isoformat()
    return f"{iso[:4]}{iso[5:7]}{iso[8:13]}{iso[14:16]}{iso[17:19]}Z"
