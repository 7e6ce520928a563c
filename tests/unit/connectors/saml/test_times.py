from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.saml.times import begun, lasting, moment
from gateway.domain.errors import ExpiredIdentityToken, InvalidIdentityToken

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_is_read_as_it_was_written(value):
    assert moment("x", f"{value.replace(tzinfo=None).isoformat(timespec='microseconds')}Z") == value


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-01T12:00:00Z", 0),
        ("2026-03-01T12:00:00.5Z", 500_000),
        ("2026-03-01T12:00:00.1234567Z", 123_456),
        ("2026-03-01T12:00:00.000000999999Z", 0),
    ],
)
def test_fractions_are_read_to_the_microsecond(text, microsecond):
    assert moment("x", text) == NOW.replace(microsecond=microsecond)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-01",
        "2026-03-01T12:00:00",
        "2026-03-01T12:00:00+00:00",
        "2026-03-01t12:00:00z",
        " 2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00Z\n",
        "2026-02-30T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:00:60Z",
        "0000-03-01T12:00:00Z",
        "12026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00.1234567890123Z",
        "\u0662026-03-01T12:00:00Z",
    ],
)
def test_what_is_no_moment_in_utc_is_refused(text):
    with pytest.raises(InvalidIdentityToken):
        moment("x", text)


def test_a_beginning_may_be_a_minute_ahead():
    begun("x", NOW + timedelta(seconds=60), NOW)
    with pytest.raises(InvalidIdentityToken):
        begun("x", NOW + timedelta(seconds=60, microseconds=1), NOW)


def test_an_end_may_be_a_minute_past_and_says_when_it_was():
    lasting(NOW - timedelta(seconds=59, microseconds=999_999), NOW)
    with pytest.raises(ExpiredIdentityToken) as refused:
        lasting(NOW - timedelta(seconds=60), NOW)
    assert str(refused.value) == "Token must be redeemed within 5 minutes of issuance"
    assert refused.value.cause.startswith(f"Token expired: current date/time {int(NOW.timestamp())} must be before")
    assert (refused.value.now, refused.value.expired_at) == (int(NOW.timestamp()), int(NOW.timestamp()) - 60)


def test_the_ends_of_the_calendar_are_compared_like_other_moments():
    lasting(datetime.max.replace(tzinfo=UTC), NOW)
    begun("x", datetime.min.replace(tzinfo=UTC), NOW)
