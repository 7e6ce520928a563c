from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.connectors.oidc.settings import ClaimPaths, OidcSettings
from tests.unit.connectors.told import check_told_once

CANARY = "canary-client-secret"
HONEST: dict[str, Any] = {"type": "oidc", "issuer": "https://login.example.com", "audiences": ["sts.amazonaws.com"]}


def settings(**changes: Any) -> OidcSettings:
    return OidcSettings.model_validate({name: value for name, value in (HONEST | changes).items() if value is not ...})


def test_the_defaults_are_those_of_the_contract() -> None:
    made = settings()
    assert made.algorithms == ("RS256", "ES256")
    assert made.claims == ClaimPaths(username="sub", groups="groups", email="email")
    absent = ("authorized_parties", "client_id", "client_secret", "ca_file", "bearer_token_file", "jwks_file")
    assert {getattr(made, name) for name in absent} == {None}


def test_every_key_of_the_contract_is_taken() -> None:
    made = settings(
        authorized_parties=["portal"],
        client_id="sts-gateway",
        client_secret=CANARY,
        scopes=["openid", "groups"],
        algorithms=["PS512", "EdDSA", "Ed25519", "ES512"],
        ca_file="/ca.pem",
        bearer_token_file="/token",
        jwks_file="/jwks.json",
        claims={"username": "preferred_username", "groups": "realm_access.roles", "email": "mail"},
    )
    assert made.ca_file == Path("/ca.pem")
    assert made.client_secret is not None
    assert made.client_secret.get_secret_value() == CANARY


FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no issuer": ({"issuer": ...}, "issuer", "Field required"),
    "no type": ({"type": ...}, "type", "Field required"),
    "another type": ({"type": "saml"}, "type", "oidc"),
    "an unknown key": ({"audience": "x"}, "audience", "not permitted"),
    "an unknown claim": ({"claims": {"name": "x"}}, "claims.name", "not permitted"),
    "an empty claim": ({"claims": {"username": ""}}, "claims.username", "at least 1 character"),
    "no audience": ({"audiences": ...}, "", "audiences is missing: name the `aud`"),
    "an empty list of audiences": ({"audiences": []}, "", "audiences is missing: name the `aud`"),
    "audiences as text": ({"audiences": "sts.amazonaws.com"}, "audiences", "write [sts.amazonaws.com]"),
    "an empty audience": ({"audiences": [""]}, "audiences.0", "at least 1 character"),
    "an audience twice": ({"audiences": ["a", "a"]}, "audiences", "stands twice; drop one"),
    "an issuer that is a host": ({"issuer": "login.example.com"}, "issuer", "with scheme and host"),
    "an issuer without host": ({"issuer": "https://"}, "issuer", "with scheme and host"),
    "an issuer with a query": ({"issuer": "https://a.example/?b"}, "issuer", "drop it"),
    "an issuer with an empty query": ({"issuer": "https://a.example/?"}, "issuer", "drop it"),
    "an issuer with a fragment": ({"issuer": "https://a.example/#"}, "issuer", "drop it"),
    "an issuer with a user": ({"issuer": "https://a@b.example"}, "issuer", "drop it"),
    "an issuer with a bad port": ({"issuer": "https://a.example:x"}, "issuer", "not a URL"),
    "an issuer in brackets": ({"issuer": "https://[a"}, "issuer", "not a URL"),
    "an issuer outside ASCII": ({"issuer": "https://\u0430.example"}, "issuer", "no URL has"),
    "an issuer with a blank": ({"issuer": "https://a.example /"}, "issuer", "no URL has"),
    "plain http": ({"issuer": "http://a.example"}, "issuer", "use https"),
    "plain http to what looks like loopback": ({"issuer": "http://127.0.0.1.example"}, "issuer", "use https"),
    "plain http to localhost's twin": ({"issuer": "http://localhost.example"}, "issuer", "use https"),
    "another scheme": ({"issuer": "ftp://a.example"}, "issuer", "with scheme and host"),
    "none": ({"algorithms": ["RS256", "none"]}, "algorithms.1", "anybody could write such a token"),
    "None": ({"algorithms": ["None"]}, "algorithms.0", "anybody could write such a token"),
    "HMAC": ({"algorithms": ["HS256"]}, "algorithms.0", "choose among ES256"),
    "an unknown algorithm": ({"algorithms": ["RS257"]}, "algorithms.0", "choose among ES256"),
    "no algorithm": ({"algorithms": []}, "algorithms", "the list is empty; name at least one of"),
    "an algorithm as text": ({"algorithms": "RS256"}, "algorithms", "write [RS256]"),
    "an algorithm twice": ({"algorithms": ["RS256", "RS256"]}, "algorithms", "stands twice; drop one"),
    "the address of discovery": (
        {"issuer": "https://a.example/t/.well-known/openid-configuration"},
        "issuer",
        "the issuer ends before /.well-known/openid-configuration",
    ),
    "scopes as one text": ({"client_id": "x", "scopes": "openid profile"}, "scopes", "write [openid, profile]"),
    "scopes without openid": ({"scopes": ["profile"]}, "scopes", "add it"),
    "an empty secret": ({"client_id": "gateway", "client_secret": ""}, "client_secret", "empty, as a variable"),
    "a secret without client": ({"client_secret": CANARY}, "", "add the id"),
}


@pytest.mark.parametrize(("changes", "key", "mend"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_at_its_key_with_the_mend(changes: dict[str, Any], key: str, mend: str) -> None:
    check_told_once(lambda: settings(**changes), key=key, mend=mend, secret=CANARY)


@pytest.mark.parametrize(
    "issuer",
    [
        "http://127.0.0.1:8080",
        "http://[::1]:8080/realm",
        "http://localhost",
        "https://login.example.com/",
        "https://login.microsoftonline.com/6f2c/v2.0",
        "https://10.0.0.1:6443",
    ],
)
def test_an_issuer_is_kept_character_for_character(issuer: str) -> None:
    assert settings(issuer=issuer).issuer == issuer


@pytest.mark.parametrize(
    ("changes", "parties"),
    [
        ({}, {"sts.amazonaws.com"}),
        ({"client_id": "gateway"}, {"sts.amazonaws.com", "gateway"}),
        ({"client_id": "gateway", "audiences": ...}, {"gateway"}),
        ({"client_id": "gateway", "authorized_parties": ["portal"]}, {"portal"}),
        ({"authorized_parties": []}, set()),
    ],
)
def test_authorized_parties_default_to_the_client_and_the_audiences(changes: dict[str, Any], parties: set[str]) -> None:
    assert settings(**changes).accepted_parties == parties


def test_the_secret_is_not_shown() -> None:
    assert CANARY not in repr(settings(client_id="gateway", client_secret=CANARY))


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValidationError):
        settings().issuer = "https://evil.example"
