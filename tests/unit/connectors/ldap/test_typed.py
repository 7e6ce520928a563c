"""What people type: one spelling for all, and nothing that a server could misread."""

import pytest

from gateway.connectors.ldap.typed import is_computer_name, loose_throttle_key, throttle_key, typed_name, typed_password
from gateway.domain.errors import RejectedLogin

SPELLINGS = {
    "as it is": "alice",
    "blanks": "  alice\u3000",
    "full width": "ａｌｉｃｅ",
    "capitals": "ALICE",
    "compatibility forms": "al\u2170ce",
}


@pytest.mark.parametrize("typed", SPELLINGS.values(), ids=SPELLINGS)
def test_all_spellings_of_a_name_count_under_one_key(typed: str) -> None:
    assert throttle_key(typed_name(typed)) == "alice"


@pytest.mark.parametrize(
    "typed", ["alice", "al\u0130ce", "ali\u0307ce", "\u00c1lic\u00e9", "a\u0323\u0302lice", "alice\ufe0f"]
)
def test_what_a_directory_may_fold_is_one_key_where_it_stands_in_a_dn(typed: str) -> None:
    assert loose_throttle_key(typed_name(typed)) == "alice"


REFUSED = {
    "nothing": "",
    "blanks": " \t ",
    "NUL": "alice\0",
    "NUL first": "\0",
    "a line break": "alice\nbob",
    "a turn of the reading direction": "alice\u202e",
    "a zero width space": "al\u200bice",
    "a lone surrogate": "alice\ud800",
    "over-long": "a" * 257,
    "much too long": "a" * 100_000,
    "longer once plain": "\ufdfa" * 60,
    "a computer": "DC1$",
    "a computer of a domain": "CORP\\DC1$",
    "a computer's UPN": "dc1$@corp.example",
    "a computer in full width": "dc1＄",
}


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_a_name_that_nobody_can_have_is_refused_before_anybody_is_asked(typed: str) -> None:
    with pytest.raises(RejectedLogin) as refused:
        typed_name(typed)
    assert refused.value.account_state is None
    assert len(refused.value.principal_key) <= 256


def test_look_alikes_of_other_scripts_are_other_names() -> None:
    assert throttle_key(typed_name("\u0430lice")) != "alice"


@pytest.mark.parametrize(
    "password", ["", " ", "\t\n", "\0", "\0secret", "sec\0ret", "\u00ad", "\u200b \u3000", "x" * 1025]
)
def test_a_password_that_a_server_would_take_for_none_is_refused(password: str) -> None:
    with pytest.raises(RejectedLogin) as refused:
        typed_password(password, principal_key="alice")
    assert refused.value.principal_key == "alice"
    assert "secret" not in refused.value.cause


@pytest.mark.parametrize(
    "typed", ["secret", " secret ", "a\u00a0b", "I\u00adX", "\u2168", "p\tq", "\u00b2\u00b4\u00bd"]
)
def test_a_password_goes_as_it_was_typed(typed: str) -> None:
    assert typed_password(typed, principal_key="alice") == typed


@pytest.mark.parametrize(
    ("name", "computer"), [("dc1$", True), ("a\\b$", True), ("a$b", False), ("a@b$", True), ("$", True), ("x@y", False)]
)
def test_a_dollar_at_the_end_tells_a_computer(name: str, computer: bool) -> None:
    assert is_computer_name(name) is computer
