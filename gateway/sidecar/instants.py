"""Moments as AWS's SDKs read them."""

from datetime import UTC, datetime


def written(timestamp: float) -> str:
    """Seconds since the epoch as `2026-03-01T12:00:00Z`: botocore takes no fraction and no offset."""
    return f"{datetime.fromtimestamp(int(timestamp), UTC):%Y-%m-%dT%H:%M:%SZ}"
