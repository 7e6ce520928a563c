"""How often a password may be tried: per person, and per address."""

from dataclasses import dataclass

from gateway.state.throttle import Throttle


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginThrottles:
    """`window`: seconds of the person's count, which a refusal tells in minutes."""

    per_user: Throttle
    per_address: Throttle
    window: int

    @property
    def minutes(self) -> int:
        return -(-self.window // 60)
