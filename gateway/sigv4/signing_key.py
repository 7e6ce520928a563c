"""The signing key: a secret access key narrowed to one day, region and service."""

import hmac
from functools import lru_cache

from gateway.sigv4.scope import TERMINATOR, CredentialScope


def signing_key(secret_access_key: str, scope: CredentialScope) -> bytes:
    """Derive the key of this scope (four HMACs). Whoever holds it can sign for the scope, and for nothing else."""
    key = f"AWS4{secret_access_key}".encode()
    for part in (scope.date, scope.region, scope.service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class SigningKeys:
    """Derived keys kept in memory, at most `capacity` of them, the least recently used leaving first."""

    __slots__ = ("_derive",)

    def __init__(self, *, capacity: int) -> None:
        # The whole secret is part of the key: two secrets never share an entry, whatever ids they go by.
        self._derive = lru_cache(maxsize=capacity)(_derive)

    def of(self, secret_access_key: str, scope: CredentialScope) -> bytes:
        return self._derive(secret_access_key, scope.date, scope.region, scope.service)


def _derive(secret_access_key: str, date: str, region: str, service: str) -> bytes:
    return signing_key(secret_access_key, CredentialScope(date=date, region=region, service=service))
