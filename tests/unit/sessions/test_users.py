"""Long-lived keys."""

from dataclasses import replace

import pytest

from gateway.domain.identifiers import user_id
from gateway.domain.principal import PrincipalType
from gateway.domain.user import AccessKey
from gateway.sessions.users import Users, principal_of
from tests.unit.sessions.made import ACCOUNT, CI

OTHER = replace(CI, name="lake/other", access_keys=(AccessKey(access_key_id="AKIAOTHER", secret_access_key="s"),))
BARE = replace(CI, name="lake/bare", access_keys=())


@pytest.mark.parametrize("key", CI.access_keys, ids=lambda key: key.access_key_id)
def test_each_key_of_a_user_is_found_with_its_own_secret(key: AccessKey) -> None:
    assert Users([OTHER, CI, BARE]).by_access_key(key.access_key_id) == (CI, key)


@pytest.mark.parametrize(
    "access_key_id",
    ["", "AKIA", "akiaiosfodnn7example", "AKIAIOSFODNN7EXAMPLE ", "AKIAIOSFODNN7EXAMPL", "lake/ci", "\ud800"],
)
def test_any_other_id_finds_nobody(access_key_id: str) -> None:
    assert Users([CI, OTHER]).by_access_key(access_key_id) is None


def test_without_users_nobody_is_found() -> None:
    assert Users([]).by_access_key("AKIAIOSFODNN7EXAMPLE") is None


def test_a_users_principal_names_the_user_and_the_key_that_signed() -> None:
    principal = principal_of(CI, CI.access_keys[1])

    assert principal.type is PrincipalType.USER
    assert principal.arn == principal.identity_arn == f"arn:aws:iam::{ACCOUNT}:user/machines/ci"
    assert principal.access_key_id == "AKIAI44QH8DHBEXAMPLE"
    assert (principal.account, principal.unique_id, principal.user_name) == (ACCOUNT, user_id(ACCOUNT, "ci"), "ci")
    assert (principal.session_name, principal.session_id, principal.role_name, principal.expires_at) == (None,) * 4


def test_users_show_no_secret() -> None:
    assert "secret of ci" not in repr(CI)
