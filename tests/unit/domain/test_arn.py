"""Names of roles, sessions, users, providers and services."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.arn import RoleArn, issuer_path, oidc_provider_arn, service_arn, session_arn, user_arn
from gateway.domain.errors import InvalidArn

A = "arn:aws:iam::111122223333:role"

ROLES: dict[str, tuple[str, str, str]] = {
    "no path": (f"{A}/Analyst", "/", "Analyst"),
    "a path": (f"{A}/team/Analyst", "/team/", "Analyst"),
    "a long path": (f"{A}/a/b-c/d.e/Analyst", "/a/b-c/d.e/", "Analyst"),
    "a path of signs": (f"{A}/!:*?/Analyst", "/!:*?/", "Analyst"),
    "every sign of a name": (f"{A}/a+=,.@-_Z9", "/", "a+=,.@-_Z9"),
    "a name of 64": (f"{A}/{'n' * 64}", "/", "n" * 64),
    "a path of digits": (f"{A}/0/1", "/0/", "1"),
}

# Text -> whether it is an ARN at all: AWS words the two refusals differently.
NOT_ROLES: dict[str, tuple[str, bool]] = {
    "nothing": ("", False),
    "a role's name": ("Analyst", False),
    "five parts": ("arn:aws:iam::111122223333", False),
    "an empty resource": ("arn:aws:iam::111122223333:", False),
    "no partition": ("arn::iam::111122223333:role/A", False),
    "no service": ("arn:aws:::111122223333:role/A", False),
    "upper-case arn": (f"ARN{A[3:]}/A", False),
    "a blank in front": (f" {A}/A", False),
    "a user": ("arn:aws:iam::111122223333:user/A", True),
    "a session": ("arn:aws:sts::111122223333:assumed-role/A/s", True),
    "another partition": ("arn:aws-cn:iam::111122223333:role/A", True),
    "another service": ("arn:aws:sts::111122223333:role/A", True),
    "a region": ("arn:aws:iam:us-east-1:111122223333:role/A", True),
    "no account": ("arn:aws:iam:::role/A", True),
    "eleven digits": ("arn:aws:iam::11112222333:role/A", True),
    "thirteen digits": ("arn:aws:iam::1111222233334:role/A", True),
    "digits of another script": ("arn:aws:iam::١١١١٢٢٢٢٣٣٣٣:role/A", True),
    "no name": (f"{A}/", True),
    "no slash": (A, True),
    "an empty part of the path": (f"{A}//A", True),
    "a name of 65": (f"{A}/{'n' * 65}", True),
    "a star for the name": (f"{A}/*", True),
    "a blank in the name": (f"{A}/A b", True),
    "a letter beyond ASCII": (f"{A}/Ärzte", True),
    "a blank in the path": (f"{A}/a b/A", True),
    "a line end behind it": (f"{A}/A\n", True),
    "a NUL": (f"{A}/A\0", True),
    "a colon behind it": (f"{A}/A:x", True),
    "a lone surrogate": (f"{A}/\ud800", True),
}


@pytest.mark.parametrize(("text", "path", "name"), ROLES.values(), ids=ROLES)
def test_a_roles_arn_is_read_and_printed_alike(text: str, path: str, name: str) -> None:
    arn = RoleArn.parse(text)

    assert arn == RoleArn(account="111122223333", path=path, name=name)
    assert str(arn) == text


@pytest.mark.parametrize(("text", "is_arn"), NOT_ROLES.values(), ids=NOT_ROLES)
def test_anything_else_is_no_roles_arn(text: str, is_arn: bool) -> None:
    with pytest.raises(InvalidArn) as caught:
        RoleArn.parse(text)

    assert caught.value.value == text
    assert str(caught.value) == ("Request ARN is invalid" if is_arn else f"{text} is invalid")


@given(
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    path=st.from_regex(r"/([!-.0-~]{1,8}/){0,4}", fullmatch=True),
    name=st.from_regex(r"[a-zA-Z0-9_+=,.@-]{1,64}", fullmatch=True),
)
def test_any_role_comes_back_as_it_was_printed(account: str, path: str, name: str) -> None:
    arn = RoleArn(account=account, path=path, name=name)

    assert RoleArn.parse(str(arn)) == arn


@given(st.text(max_size=80) | st.text("arn:/ws-iole1*", max_size=80))
def test_any_text_is_read_whole_or_refused(text: str) -> None:
    try:
        told = str(RoleArn.parse(text))
    except InvalidArn as refused:
        told = refused.value

    assert told == text


@pytest.mark.parametrize("text", [f"{A}{'/a' * 500_000}/é", f"{A}/{'a' * 1_000_000}é", "arn:" * 300_000])
def test_a_long_text_is_refused_in_linear_time(text: str) -> None:
    begun = time.process_time()

    with pytest.raises(InvalidArn):
        RoleArn.parse(text)

    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://login.example.com", "login.example.com"),
        ("https://login.example.com/", "login.example.com"),
        ("https://login.example.com:8443/realms/main", "login.example.com:8443/realms/main"),
        ("https://oidc.eks.eu-west-1.amazonaws.com/id/ABC", "oidc.eks.eu-west-1.amazonaws.com/id/ABC"),
        ("http://127.0.0.1:5556/dex", "127.0.0.1:5556/dex"),
    ],
)
def test_an_issuer_is_named_without_scheme_and_final_slash(issuer: str, path: str) -> None:
    assert issuer_path(issuer) == path
    assert oidc_provider_arn("111122223333", issuer) == f"arn:aws:iam::111122223333:oidc-provider/{path}"


def test_other_names_have_awss_form() -> None:
    assert session_arn("111122223333", "Analyst", "alice") == "arn:aws:sts::111122223333:assumed-role/Analyst/alice"
    assert user_arn("111122223333", "/machines/", "ci") == "arn:aws:iam::111122223333:user/machines/ci"
    assert service_arn("eu-west-1", "111122223333", "lake") == "arn:aws:gateway:eu-west-1:111122223333:service/lake"
