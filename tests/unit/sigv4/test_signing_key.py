"""Signing keys: one for each secret, day, region and service, and a bounded store of them."""

from dataclasses import replace

import pytest

from gateway.sigv4.scope import CredentialScope
from gateway.sigv4.signing_key import SigningKeys, signing_key

SCOPE = CredentialScope(date="20260504", region="eu-central-1", service="s3")


def test_a_key_is_of_its_scope_alone() -> None:
    scopes = [SCOPE, replace(SCOPE, date="20260505"), replace(SCOPE, region="eu-west-1"), replace(SCOPE, service="sts")]
    keys = {signing_key(secret, scope) for secret in ("one", "two") for scope in scopes}
    assert len(keys) == 8
    assert all(len(key) == 32 for key in keys)


@pytest.mark.parametrize("secret", ["one", "two", "sécret"])
def test_a_kept_key_is_the_derived_one(secret) -> None:
    keys = SigningKeys(capacity=2)
    assert keys.of(secret, SCOPE) == signing_key(secret, SCOPE)
    assert keys.of(secret, SCOPE) is keys.of(secret, replace(SCOPE))


def test_kept_keys_are_bounded() -> None:
    keys = SigningKeys(capacity=2)
    first = keys.of("0", SCOPE)
    for number in range(1, 3):
        keys.of(str(number), SCOPE)
    assert keys.of("0", SCOPE) is not first
    assert keys.of("0", SCOPE) == first
