"""A person who has signed in, as it is kept between requests."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from gateway.domain.identity import Identity

_SIGN_IN_ID_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """One sign-in: nothing that comes of it lives beyond `ends`. `sign_in_id` is the audit lines' `sessionId`."""

    identity: Identity
    sign_in_id: str
    begun: datetime
    ends: datetime

    @classmethod
    def begin(cls, identity: Identity, now: datetime, absolute: int) -> "SignedIn":
        """`absolute`: seconds."""
        sign_in_id = base64.b32encode(os.urandom(_SIGN_IN_ID_BYTES)).decode("ascii")
        return cls(identity=identity, sign_in_id=sign_in_id, begun=now, ends=now + timedelta(seconds=absolute))

    def written(self) -> dict[str, Any]:
        """As JSON's types."""
        return {
            "identity": msgspec.to_builtins(self.identity, builtin_types=(int,)),
            "sign_in_id": self.sign_in_id,
            "begun": self.begun.timestamp(),
            "ends": self.ends.timestamp(),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "SignedIn":
        return cls(
            identity=msgspec.convert(written["identity"], Identity),
            sign_in_id=written["sign_in_id"],
            begun=datetime.fromtimestamp(written["begun"], UTC),
            ends=datetime.fromtimestamp(written["ends"], UTC),
        )
