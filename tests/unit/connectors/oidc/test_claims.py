from typing import Any

import pytest

from gateway.connectors.oidc.claims import OPTIONAL, REQUIRED, Expectation, matched_audience, verified
from gateway.domain.errors import ExpiredIdentityToken, GatewayError, InvalidIdentityToken

NOW = 1_900_000_000
ISSUER = "https://login.example.com"
EXPECTED = Expectation(
    issuer=ISSUER, audiences=frozenset({"sts", "sts-2"}), authorized_parties=frozenset({"sts", "portal"}), now=NOW
)
HONEST: dict[str, Any] = {"iss": ISSUER, "aud": "sts", "sub": "alice", "iat": NOW, "exp": NOW + 3_600}


def claims(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (HONEST | changes).items() if value is not ...}


def refusal(changes: dict[str, Any]) -> GatewayError:
    with pytest.raises((InvalidIdentityToken, ExpiredIdentityToken)) as refused:
        verified(claims(**changes), EXPECTED)
    return refused.value


DAY = 86_400
NOT_TEXT = "sub is not a text of 1 to 255 printable characters"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "iss with a slash": ({"iss": ISSUER + "/"}, "iss is not the provider's issuer"),
    "iss in capitals": ({"iss": ISSUER.upper()}, "iss is not the provider's issuer"),
    "iss with a port": ({"iss": ISSUER + ":443"}, "iss is not the provider's issuer"),
    "iss cut short": ({"iss": ISSUER[:-1]}, "iss is not the provider's issuer"),
    "iss as a list": ({"iss": [ISSUER]}, "iss is not the provider's issuer"),
    "aud of somebody else": ({"aud": "other"}, "aud has none of the provider's audiences"),
    "aud in capitals": ({"aud": "STS"}, "aud has none of the provider's audiences"),
    "aud with a blank": ({"aud": "sts "}, "aud has none of the provider's audiences"),
    "aud empty": ({"aud": ""}, "aud has none of the provider's audiences"),
    "aud as an empty list": ({"aud": []}, "aud has none of the provider's audiences"),
    "aud as a list without us": ({"aud": ["a", "b"], "azp": "sts"}, "aud has none of the provider's audiences"),
    "aud as an object": ({"aud": {"sts": True}}, "aud is neither text nor a list of texts"),
    "aud null": ({"aud": None}, "aud is neither text nor a list of texts"),
    "aud with a number in it": ({"aud": ["sts", 7], "azp": "sts"}, "aud is neither text nor a list of texts"),
    "aud of several without azp": ({"aud": ["sts", "evil"]}, "aud has several values, and azp is missing"),
    "aud of several with a stranger": (
        {"aud": ["sts", "evil"], "azp": "evil"},
        "aud has several values, and azp is no authorized party",
    ),
    "aud of several, azp a list": (
        {"aud": ["sts", "evil"], "azp": ["sts"]},
        "aud has several values, and azp is no authorized party",
    ),
    "sub empty": ({"sub": ""}, NOT_TEXT),
    "sub null": ({"sub": None}, NOT_TEXT),
    "sub a number": ({"sub": 7}, NOT_TEXT),
    "sub a list": ({"sub": ["alice"]}, NOT_TEXT),
    "sub of 256 characters": ({"sub": "a" * 256}, NOT_TEXT),
    "sub with a new line": ({"sub": "alice\nbob"}, NOT_TEXT),
    "sub with a NUL": ({"sub": "alice\x00"}, NOT_TEXT),
    "sub that runs backwards": ({"sub": "\u202eecila"}, NOT_TEXT),
    "iat in the future": ({"iat": NOW + 61}, "iat is in the future"),
    "iat as text": ({"iat": str(NOW)}, "iat is not an integer"),
    "iat as a float": ({"iat": float(NOW)}, "iat is not an integer"),
    "iat true": ({"iat": True}, "iat is not an integer"),
    "iat null": ({"iat": None}, "iat is not an integer"),
    "exp as text": ({"exp": str(NOW + 60)}, "exp is not an integer"),
    "exp as a float": ({"exp": NOW + 60.0}, "exp is not an integer"),
    "exp true": ({"exp": True}, "exp is not an integer"),
    "exp as a list": ({"exp": [NOW + 60]}, "exp is not an integer"),
    "exp far away": ({"exp": 10**18}, "exp is more than 86400 seconds after iat"),
    "a life of a day and 61 seconds": (
        {"iat": NOW - 10, "exp": NOW - 10 + DAY + 61},
        "exp is more than 86400 seconds after iat",
    ),
    "iat before the epoch": ({"iat": -(10**17)}, "exp is more than 86400 seconds after iat"),
    "nbf in the future": ({"nbf": NOW + 61}, "nbf is in the future"),
    "nbf as text": ({"nbf": str(NOW)}, "nbf is not an integer"),
    "nbf null": ({"nbf": None}, "nbf is not an integer"),
    "auth_time in the future": ({"auth_time": NOW + 61}, "auth_time is in the future"),
    "auth_time negative": ({"auth_time": -1}, "auth_time is in the future"),
    "auth_time as text": ({"auth_time": str(NOW)}, "auth_time is not an integer"),
    "auth_time true": ({"auth_time": True}, "auth_time is not an integer"),
    "a refresh token": ({"typ": "Refresh"}, "the token's typ says that it is no ID token"),
    "an offline token": ({"typ": "Offline"}, "the token's typ says that it is no ID token"),
    "a bearer token": ({"typ": "Bearer"}, "the token's typ says that it is no ID token"),
    "a logout token": (
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        "the token has events, as logout tokens have",
    ),
}


@pytest.mark.parametrize(("changes", "cause"), REFUSED.values(), ids=REFUSED)
def test_a_claim_that_does_not_hold_is_refused_with_its_cause(changes: dict[str, Any], cause: str) -> None:
    refused = refusal(changes)
    assert type(refused) is InvalidIdentityToken
    assert refused.cause == cause
    expected = "Incorrect token audience" if cause.startswith("aud ") else "The ID Token's claims do not hold"
    assert str(refused) == expected


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "iat", "exp"])
def test_a_missing_claim_is_named_as_aws_names_it(name: str) -> None:
    refused = refusal({name: ...})
    assert type(refused) is InvalidIdentityToken
    assert str(refused) == f"Missing a required claim: {name}"


@pytest.mark.parametrize("expires_at", [NOW - 60, NOW - 61, NOW - DAY, 0, -1])
def test_a_token_past_its_end_is_expired_with_both_times(expires_at: int) -> None:
    refused = refusal({"exp": expires_at, "iat": expires_at - 60})
    assert isinstance(refused, ExpiredIdentityToken)
    assert (refused.now, refused.expired_at) == (NOW, expires_at)


def test_the_end_of_a_token_for_somebody_else_is_not_told() -> None:
    assert type(refusal({"exp": NOW - 100, "aud": "other"})) is InvalidIdentityToken


HELD: dict[str, dict[str, Any]] = {
    "as it is": {},
    "60 seconds past its end, less one": {"iat": NOW - 100, "exp": NOW - 59},
    "issued a minute from now": {"iat": NOW + 60},
    "valid a minute from now": {"nbf": NOW + 60},
    "a life of a day and a minute": {"exp": NOW + DAY + 60},
    "a list of one": {"aud": ["sts"]},
    "a list of one, another's azp": {"aud": ["sts"], "azp": "other"},
    "one audience, another's azp": {"azp": "other"},
    "several, one of them ours, azp known": {"aud": ["other", "sts"], "azp": "portal"},
    "several, azp an audience": {"aud": ["sts", "sts-2"], "azp": "sts"},
    "a subject of 255 characters": {"sub": "a" * 255},
    "a subject with blanks": {"sub": "CN=Alice Adams,O=Example"},
    "Keycloak's ID token": {"typ": "ID"},
    "signed in now": {"auth_time": NOW + 60},
    "signed in at the epoch": {"auth_time": 0},
}


@pytest.mark.parametrize("changes", HELD.values(), ids=HELD)
def test_claims_that_hold_are_given_back_whole(changes: dict[str, Any]) -> None:
    given = claims(**changes)
    assert verified(given, EXPECTED) == given


@pytest.mark.parametrize(
    ("aud", "matched"), [("sts-2", "sts-2"), (["other", "sts-2", "sts"], "sts-2"), (["sts", "sts-2"], "sts")]
)
def test_the_first_audience_that_is_ours_is_the_one_matched(aud: Any, matched: str) -> None:
    held = verified(claims(aud=aud, azp="sts"), EXPECTED)
    assert matched_audience(held, EXPECTED.audiences) == matched


def test_each_check_of_the_tables_refuses_something() -> None:
    """A check that nothing needs would be one that could be lost unseen."""
    refused_by = {cause.split(" ", 1)[0] for _, cause in REFUSED.values()}
    assert refused_by >= {"iss", "aud", "sub", "iat", "exp", "nbf", "auth_time"}
    assert set(REQUIRED) | set(OPTIONAL) == {"iss", "aud", "sub", "iat", "exp", "nbf", "auth_time", "typ", "events"}
