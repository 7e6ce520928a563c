"""Profiles in ~/.aws/config: what is written, and that nothing else is touched."""

import configparser
from typing import cast

import pytest

from gateway.cli.configure import block_of, without_block
from gateway.cli.credentials import _asked, _chosen, _hint, _narrowed, given_to
from gateway.client.identity_center import Refused
from gateway.client.person import Person

URL = "https://sts.example.com"
ROWS = [("111122223333", "lake", "Analyst"), ("444455556666", "shop", "Admin")]
OWN = "[default]\nregion = eu-west-1\n\n[profile mine]\nrole_arn = x\n"


@pytest.mark.parametrize("process", [False, True])
def test_every_role_gets_a_profile_with_its_endpoints(process: bool) -> None:
    written = configparser.ConfigParser()
    written.read_string("\n".join(block_of(URL, ROWS, "us-east-1", "", process=process)))
    profile = written["profile lake-Analyst"]
    assert profile["services"] == "sts-gateway-sts-example-com"
    if process:
        assert profile["credential_process"] == f"sts-gateway credentials --url {URL} --role 111122223333/Analyst"
    else:
        assert (profile["sso_account_id"], profile["sso_role_name"]) == ("111122223333", "Analyst")
        assert written[f"sso-session {profile['sso_session']}"]["sso_start_url"].startswith("https://gateway.invalid.")
    assert f"endpoint_url = {URL}/sso-oidc" in written["services sts-gateway-sts-example-com"]["sso_oidc"]


def test_what_the_person_wrote_stays_and_what_was_written_before_is_replaced() -> None:
    block = "\n".join(block_of(URL, ROWS, "us-east-1", OWN, process=False))
    other = "\n".join(block_of("https://other.example", ROWS, "us-east-1", OWN, process=False))
    text = f"{OWN}{block}\n{other}\n"
    assert without_block(text, URL) == f"{OWN}{other}\n"
    assert without_block(without_block(text, URL), "https://other.example") == OWN


def test_a_profile_of_the_persons_own_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    block = list(block_of(URL, ROWS, "us-east-1", "[profile lake-Analyst]\nx = y\n", process=False))
    assert "[profile lake-Analyst]" not in block
    assert "[profile shop-Admin]" in block
    assert capsys.readouterr().err == "left alone: you have a profile lake-Analyst of your own\n"


@pytest.mark.parametrize("process", [False, True])
def test_no_section_stands_there_twice(process: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """A block whose end mark is gone cannot be taken out again."""
    before = "\n".join(list(block_of(URL, ROWS, "us-east-1", "", process=process))[:-1])
    rest = without_block(f'{before}\n[profile "shop-Admin"]\n', URL)
    written = configparser.RawConfigParser(strict=True)
    block = block_of(URL, ROWS, "us-east-1", rest, process=process)
    written.read_string("\n".join((rest.replace('[profile "shop-Admin"]', ""), *block)))
    assert "services sts-gateway-sts-example-com of your own" in capsys.readouterr().err


def test_an_indented_section_at_the_top_is_one_too() -> None:
    """configparser, and so AWS's programs, take a first line for a section however far it is indented."""
    block = "\n".join(block_of(URL, ROWS, "us-east-1", "  [profile lake-Analyst]\n  x = y\n", process=False))

    assert "[profile lake-Analyst]" not in block


def test_what_stands_behind_a_lost_mark_stays() -> None:
    block = list(block_of(URL, ROWS, "us-east-1", "", process=False))
    without_end = "\n".join(block[:-1])
    text = f"{without_end}\n{OWN}{chr(10).join(block)}\n"
    assert without_block(text, URL) == f"{without_end}\n{OWN}"


def test_roles_whose_names_run_together_are_told_apart_by_their_accounts_numbers() -> None:
    rows = [("111122223333", "a-b", "c"), ("444455556666", "a", "b-c"), ("444455556666", "a", "c")]
    written = configparser.RawConfigParser(strict=True)
    written.read_string("\n".join(block_of(URL, rows, "us-east-1", "", process=False)))
    profiles = [name for name in written.sections() if name.startswith("profile")]
    assert profiles == ["profile 111122223333-c", "profile 444455556666-b-c", "profile a-c"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [("1", ["Analyst"]), ("2", ["Admin"]), ("shad", ["Admin"]), ("lake", ["Analyst"]), ("zz", ["Analyst", "Admin"])],
)
def test_a_role_is_picked_by_number_or_by_letters_of_its_name(typed: str, found: list[str]) -> None:
    assert [name for _, _, name in _narrowed(ROWS, typed)] == found


def test_the_most_used_role_stands_first() -> None:
    assert _asked(ROWS, {"444455556666/Admin": 3}, lambda _: "1") == ("444455556666", "Admin")


def test_without_a_terminal_the_roles_are_told() -> None:
    with pytest.raises(Refused, match="lake/Analyst, shop/Admin"):
        _asked(ROWS, {})


class Somebody:
    def __init__(self, *rows: tuple[str, str, str]) -> None:
        self._rows = rows

    def roles(self) -> list[tuple[str, str, str]]:
        return list(self._rows)

    def credentials(self, account: str, role: str) -> None:
        raise Refused("ForbiddenException", f"you may not assume {account}/{role}")


def test_a_role_may_be_named_without_its_account_where_one_account_has_it() -> None:
    ana = cast("Person", Somebody(*ROWS, ("444455556666", "shop", "Reader"), ("111122223333", "lake", "Reader")))

    assert _chosen(ana, "lake/Analyst") == _chosen(ana, "Analyst") == ("111122223333", "Analyst")
    with pytest.raises(Refused, match=r"^Reader is a role of several accounts: shop/Reader, lake/Reader; name one$"):
        _chosen(ana, "Reader")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("Analist", "; did you mean lake/Analyst?"),
        ("lake/analyst", "; did you mean lake/Analyst?"),
        ("lak/Analyst", "; did you mean lake/Analyst?"),
        ("111122223333/Analist", "; did you mean lake/Analyst?"),
        ("zzz", "; yours are lake/Analyst, shop/Admin"),
    ],
)
def test_a_role_that_is_not_theirs_is_told_with_what_they_may_have_meant(wanted: str, told: str) -> None:
    ana = cast("Person", Somebody(*ROWS))

    with pytest.raises(Refused) as refused:
        given_to(ana, *_chosen(ana, wanted))

    assert str(refused.value) == f"you may not assume {wanted}{told}"


def test_of_many_roles_some_are_told_and_of_none_that_there_are_none() -> None:
    many = [("111122223333", "lake", f"Role{number}") for number in range(25)]

    assert _hint("zzz", many).endswith("lake/Role19 and 5 more")
    assert _hint("zzz", []) == "; there is no role that you may assume"


def test_another_refusal_than_of_the_role_stays_as_it_is() -> None:
    class Throttled(Somebody):
        def credentials(self, _account: str, _role: str) -> None:
            raise Refused("TooManyRequestsException", "slower")

    with pytest.raises(Refused, match=r"^slower$"):
        given_to(cast("Person", Throttled()), "111122223333", "Analyst")
