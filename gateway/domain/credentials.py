"""Temporary credentials: the one thing that the gateway hands out."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryCredentials:
    """Access key id (ASIA...), 40-character secret, session token of at most 4,096 characters, end in UTC."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expiration: datetime
    packed_percent: int | None = None
    """Share of the space for session policies and tags that is used; None where there are none."""
