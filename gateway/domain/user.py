"""Long-lived users: machines and operators that cannot sign in at an identity provider."""

from dataclasses import dataclass, field

from gateway.domain.role import PolicyReference


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A long-lived key pair. `access_key_id`: AKIA and 16 characters, or what the operator chose."""

    access_key_id: str
    secret_access_key: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`name` is `ALIAS/NAME` as configuration writes it; `user_id` (AIDA...) is stable across restarts."""

    name: str
    account: str
    user_id: str
    arn: str
    access_keys: tuple[AccessKey, ...]
    policies: tuple[PolicyReference, ...] = ()
