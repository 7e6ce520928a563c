"""The provider in front of the tests is what it should be: what it signs is judged by nobody's code but ours later."""

import pytest

from tests.e2e.openid_provider import OpenIdProvider, claims_of, header_of


@pytest.mark.parametrize(
    ("client", "algorithm"),
    [("app-rs256", "RS256"), ("app-es256", "ES256"), ("app-ed25519", "Ed25519"), ("app-eddsa", "EdDSA")],
)
def test_each_client_gets_id_tokens_of_its_algorithm(provider: OpenIdProvider, client: str, algorithm: str) -> None:
    token = provider.id_token("alice", client)

    claims = claims_of(token)
    assert header_of(token)["alg"] == algorithm
    assert (claims["iss"], claims["aud"], claims["sub"]) == (provider.issuer, client, "alice")
    assert claims["groups"] == ["analysts", "everybody"]
    assert claims["email_verified"] is True
