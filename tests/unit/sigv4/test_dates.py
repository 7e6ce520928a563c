"""Times of signed requests: one form each, and nothing like it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sigv4.dates import basic, read_basic, read_http_date

MOMENTS = st.datetimes(min_value=datetime(1, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(MOMENTS)
def test_a_written_time_is_read_back(moment) -> None:
    assert read_basic(basic(moment)) == moment


def test_fractions_of_a_second_are_not_written() -> None:
    assert basic(datetime(2026, 5, 4, 10, 0, 0, 999_999, tzinfo=UTC)) == "20260504T100000Z"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("20260504T100000", id="no zone"),
        pytest.param("20260504T100000z", id="lower-case zone"),
        pytest.param("20260504t100000Z", id="lower-case T"),
        pytest.param("20260504 100000Z", id="blank for T"),
        pytest.param("2026-05-04T10:00:00Z", id="extended form"),
        pytest.param("20260504T100000+0000", id="offset"),
        pytest.param("20260504T10000٣Z", id="digits of another script"),
        pytest.param("20261304T100000Z", id="thirteenth month"),
        pytest.param("20260230T100000Z", id="30 February"),
        pytest.param("20260504T250000Z", id="hour 25"),
        pytest.param("20260504T100060Z", id="second 60"),
        pytest.param("00000504T100000Z", id="year 0"),
        pytest.param("2026W191T100000Z", id="week date"),
        pytest.param("20260504T100000Z\n", id="line break"),
        pytest.param("+0260504T100000Z", id="sign"),
    ],
)
def test_nothing_else_is_a_basic_time(text) -> None:
    assert read_basic(text) is None


@pytest.mark.parametrize("zone", ["GMT", "UTC", "-0000", "+0000"])
def test_an_http_date_is_read(zone) -> None:
    assert read_http_date(f"Mon, 04 May 2026 10:00:00 {zone}") == datetime(2026, 5, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Mon, 04 May 2026 10:00:00 +0200", id="other zone"),
        pytest.param("Mon, 04 May 2026 10:00:00", id="no zone"),
        pytest.param("Monday, 04-May-26 10:00:00 GMT", id="RFC 850"),
        pytest.param("Mon May  4 10:00:00 2026", id="asctime"),
        pytest.param("Mon, 31 Feb 2026 10:00:00 GMT", id="31 February"),
        pytest.param("Mon, 04 Mai 2026 10:00:00 GMT", id="month of another language"),
        pytest.param("Mon, 04 May 2026 10:00:00 GMT ", id="trailing blank"),
    ],
)
def test_nothing_else_is_an_http_date(text) -> None:
    assert read_http_date(text) is None
