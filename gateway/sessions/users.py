"""Long-lived users, found by access key id."""

from collections.abc import Iterable, Sequence

from gateway.domain.principal import Principal, PrincipalType
from gateway.domain.user import AccessKey, User


class Users:
    """An index over configured users. Built once at load."""

    __slots__ = ("_by_key", "_by_name")

    def __init__(self, users: Iterable[User]) -> None:
        self._by_name = {user.name: user for user in users}
        self._by_key = {key.access_key_id: (user, key) for user in self._by_name.values() for key in user.access_keys}

    @property
    def all(self) -> Sequence[User]:
        return tuple(self._by_name.values())

    def by_access_key(self, access_key_id: str) -> tuple[User, AccessKey] | None:
        return self._by_key.get(access_key_id)


def principal_of(user: User, key: AccessKey) -> Principal:
    return Principal(
        type=PrincipalType.USER,
        arn=user.arn,
        identity_arn=user.arn,
        account=user.account,
        unique_id=user.user_id,
        access_key_id=key.access_key_id,
        user_name=user.arn.rpartition("/")[2],
    )
