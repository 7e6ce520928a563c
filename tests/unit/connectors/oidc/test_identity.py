from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.connectors.oidc.identity import identity_of
from gateway.connectors.oidc.settings import ClaimPaths
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import Identity, ProviderType, VerifiedClaims

HONEST = {"iss": "https://login.example.com", "aud": "sts", "sub": "alice", "iat": 1, "exp": 2}


DEFAULT_PATHS = ClaimPaths()


def identity(paths: ClaimPaths = DEFAULT_PATHS, **claims: Any) -> Identity:
    return identity_of(VerifiedClaims(HONEST | claims), provider="workforce", audience="sts", paths=paths)


def test_the_least_token_makes_an_identity() -> None:
    assert identity() == Identity(
        provider="workforce",
        provider_type=ProviderType.OIDC,
        issuer="https://login.example.com",
        subject="alice",
        audience="sts",
        username="alice",
        claims=HONEST,
    )


def test_what_is_known_of_the_sign_in_is_kept() -> None:
    made = identity(auth_time=1_700_000_000, amr=["pwd", "mfa", 7], acr="urn:mace:incommon:iap:silver")
    assert made.authenticated_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (made.amr, made.acr) == (("pwd", "mfa"), "urn:mace:incommon:iap:silver")


def test_a_sign_in_that_is_told_in_other_shapes_is_not_known() -> None:
    made = identity(amr={"mfa": True}, acr=["silver"])
    assert (made.amr, made.acr) == ((), None)


def test_one_method_may_stand_as_text() -> None:
    assert identity(amr="mfa").amr == ("mfa",)


GROUPS: dict[str, tuple[Any, set[str]]] = {
    "a list": (["a", "b c", "a"], {"a", "b c"}),
    "one text": ("a", {"a"}),
    "one text with blanks": ("Web Admins", {"Web Admins"}),
    "an empty text": ("", set()),
    "objects in the list": ([{"name": "admins"}, ["admins"], "a", 7, None, True, ""], {"a"}),
    "an object": ({"admins": True}, set()),
    "a number": (7, set()),
    "null": (None, set()),
    "many": ([f"g{i}" for i in range(3_000)], {f"g{i}" for i in range(3_000)}),
}


@pytest.mark.parametrize(("value", "groups"), GROUPS.values(), ids=GROUPS)
def test_groups_are_the_texts_of_the_claim(value: Any, groups: set[str]) -> None:
    assert identity(groups=value).groups == groups


def test_claims_are_found_where_settings_say() -> None:
    paths = ClaimPaths(username="preferred_username", groups="realm_access.roles", email="contact.mail")
    made = identity(
        paths,
        preferred_username="Alice",
        realm_access={"roles": ["admin"]},
        contact={"mail": "alice@example.com"},
        email_verified=True,
        groups=["elsewhere"],
    )
    assert (made.username, made.groups, made.email) == ("Alice", frozenset({"admin"}), "alice@example.com")


@pytest.mark.parametrize("value", [None, "", 7, ["alice"], {"a": 1}, "a\nb", "a\x00", "\u202ea", "a" * 256])
def test_a_token_that_does_not_name_its_user_is_refused(value: Any) -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        identity(ClaimPaths(username="name"), name=value)
    assert "the user name's claim name is absent" in refused.value.cause


def test_a_verified_address_counts() -> None:
    made = identity(email="alice@example.com", email_verified=True)
    assert made.email == made.claims["email"] == "alice@example.com"


@pytest.mark.parametrize("stated", [..., False, None, "true", 1, "yes", [True]])
def test_an_address_that_is_not_verified_is_left_out_everywhere(stated: Any) -> None:
    given: dict[str, Any] = {"email": "alice@example.com"} | ({} if stated is ... else {"email_verified": stated})
    made = identity(DEFAULT_PATHS, **given)
    assert made.email is None
    assert "email" not in made.claims


@pytest.mark.parametrize(
    "address",
    [
        "a@evil@corp.example",
        "@corp.example",
        "a@",
        "a",
        "",
        "a b@corp.example",
        "a@corp.example\n",
        "a@" + "b" * 253,
        "a@\u202ecorp",
        ["a@corp.example"],
        None,
    ],
)
def test_an_address_that_reads_two_ways_is_left_out_though_verified(address: Any) -> None:
    made = identity(email=address, email_verified=True)
    assert made.email is None
    assert "email" not in made.claims


def test_an_unverified_address_names_nobody() -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        identity(ClaimPaths(username="email"), email="victim@example.com")
    assert "not believed" in refused.value.cause
    verified = identity(ClaimPaths(username="email"), email="alice@example.com", email_verified=True)
    assert verified.username == "alice@example.com"


def test_an_unverified_address_is_left_out_at_its_path_and_the_rest_stays() -> None:
    made = identity(
        ClaimPaths(email="contact.mail"), contact={"mail": "a@b.example", "phone": "1"}, email="a@b.example"
    )
    assert made.claims == HONEST | {"contact": {"phone": "1"}}


def test_awss_claims_are_read() -> None:
    made = identity(
        DEFAULT_PATHS,
        **{
            "https://aws.amazon.com/tags": {"principal_tags": {"Team": ["lake"]}, "transitive_tag_keys": ["Team"]},
            "https://aws.amazon.com/source_identity": "alice",
        },
    )
    assert (made.session_tags, made.transitive_tag_keys) == ({"Team": "lake"}, frozenset({"Team"}))
    assert made.source_identity == "alice"
