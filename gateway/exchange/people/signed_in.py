"""A person who has signed in, as it is kept between requests."""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from gateway.domain.errors import ProviderUnreachable
from gateway.domain.identity import Identity

_SIGN_IN_ID_BYTES: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """One sign-in. `sign_in_id` is the audit lines' `sessionId`; nobody enters by it after `ends`.

    `begun`: when it counts as begun, see `begin`. `as_of`: when the provider last said who the person is, groups
    included. `follows`: whether it is asked again by itself. `unanswered`: why it could not be, where nothing may be
    decided by what it said before.
    """

    identity: Identity
    sign_in_id: str
    begun: datetime
    ends: datetime
    as_of: datetime
    follows: bool = False
    unanswered: ProviderUnreachable | None = None

    @classmethod
    def begin(cls, identity: Identity, now: datetime, absolute: int, begun: datetime | None = None) -> "SignedIn":
        """`absolute`: seconds; a provider that ends the sign-in sooner ends it here too.

        begun: when it counts as begun, later than `now` where what is revoked of its person covers this moment.
        """
        sign_in_id = base64.b32encode(os.urandom(_SIGN_IN_ID_BYTES)).decode("ascii")
        ends = now + timedelta(seconds=absolute)
        if identity.ends_at is not None:
            ends = min(ends, identity.ends_at)
        return cls(identity=identity, sign_in_id=sign_in_id, begun=begun or now, ends=ends, as_of=now)

    def written(self) -> dict[str, Any]:
        """As JSON's types."""
        return {
            "identity": msgspec.to_builtins(self.identity, builtin_types=(int,)),
            "sign_in_id": self.sign_in_id,
            "begun": self.begun.timestamp(),
            "ends": self.ends.timestamp(),
            "as_of": self.as_of.timestamp(),
            "follows": self.follows,
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "SignedIn":
        begun, ends, as_of = (datetime.fromtimestamp(written[name], UTC) for name in ("begun", "ends", "as_of"))
        return cls(
            identity=msgspec.convert(written["identity"], Identity),
            sign_in_id=written["sign_in_id"],
            begun=begun,
            ends=ends,
            as_of=as_of,
            follows=written["follows"],
        )
