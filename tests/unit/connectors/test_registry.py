from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.connectors.compact_jws import UnverifiedJws, claims_of
from gateway.connectors.registry import Registry
from gateway.domain.errors import InvalidIdentityToken, UnknownIssuer
from gateway.domain.identity import Identity, ProviderType, UnverifiedToken
from tests.fakes.identity_provider import private_key, sign


class Verifier:
    provider_type = ProviderType.OIDC
    keys_fetched_at: datetime | None = None
    last_error: str | None = None

    def __init__(self, name: str, issuer: str) -> None:
        self.name = name
        self.issuer = issuer
        self.life: list[str] = []

    async def start(self) -> None:
        self.life.append("start")

    async def aclose(self) -> None:
        self.life.append("aclose")

    async def verify(self, token: UnverifiedJws) -> Identity:
        raise NotImplementedError


def token(issuer: Any) -> UnverifiedToken:
    return UnverifiedToken(sign({"alg": "EdDSA"}, {"iss": issuer}, private_key("Ed25519"), "EdDSA"))


WORKFORCE = Verifier("workforce", "https://login.example.com")
CLUSTER = Verifier("cluster", "https://login.example.com/cluster")


def test_the_issuer_of_a_token_chooses_its_connector() -> None:
    verifier, unverified = Registry([WORKFORCE, CLUSTER]).web_identity(token(CLUSTER.issuer))
    assert verifier is CLUSTER
    assert claims_of(unverified) == {"iss": CLUSTER.issuer}


@pytest.mark.parametrize(
    "issuer",
    [
        "https://login.example.com/",
        "https://LOGIN.example.com",
        "https://login.example.com:443",
        "http://login.example.com",
        "https://login.example.co",
        "https://login.example.com/cluster/",
        "https://login.example.com ",
        "login.example.com",
        "workforce",
    ],
)
def test_an_issuer_that_differs_by_anything_is_unknown(issuer: str) -> None:
    with pytest.raises(UnknownIssuer) as refused:
        Registry([WORKFORCE, CLUSTER]).web_identity(token(issuer))
    assert refused.value.issuer == issuer
    assert str(refused.value) == f"No OpenIDConnect provider found in your account for {issuer}"


@pytest.mark.parametrize(
    ("issuer", "printed"),
    [
        ("https://a\r\n{}", "https://a\\u000d\\u000a{}"),
        ("https://\u202emoc.live", "https://\\u202emoc.live"),
        ("https://" + "a" * 300, "https://" + "a" * 192 + "..."),
    ],
    ids=["a new line", "text that runs backwards", "a long one"],
)
def test_an_unknown_issuer_is_printed_bounded_and_escaped(issuer: str, printed: str) -> None:
    with pytest.raises(UnknownIssuer) as refused:
        Registry([WORKFORCE]).web_identity(token(issuer))
    assert refused.value.issuer == printed


def test_what_is_no_token_is_refused_before_its_issuer_is_looked_up() -> None:
    with pytest.raises(InvalidIdentityToken):
        Registry([WORKFORCE]).web_identity(UnverifiedToken("opaque"))


def test_a_provider_that_verifies_no_tokens_is_found_by_name_only() -> None:
    other: Any = SimpleNamespace(name="adfs", provider_type=ProviderType.SAML, issuer="https://adfs.example")
    registry = Registry([other, WORKFORCE])
    assert registry.by_name("adfs") is other
    with pytest.raises(UnknownIssuer):
        registry.web_identity(token("https://adfs.example"))


def test_a_saml_provider_is_found_as_one_by_its_name() -> None:
    saml: Any = SimpleNamespace(name="adfs", provider_type=ProviderType.SAML)
    registry = Registry([saml, WORKFORCE])

    assert registry.saml("adfs") is saml
    assert registry.saml(WORKFORCE.name) is None
    assert registry.saml("elsewhere") is None
    assert registry.saml_providers == (saml,)
    assert registry.provider_arn("adfs", "111122223333") == "arn:aws:iam::111122223333:saml-provider/adfs"


def test_a_name_that_settings_do_not_have_is_nobody() -> None:
    assert Registry([WORKFORCE]).by_name("elsewhere") is None


@pytest.mark.parametrize(
    ("second", "fault"),
    [(Verifier("other", WORKFORCE.issuer), "one issuer"), (Verifier("workforce", "https://b.example"), "one name")],
)
def test_two_providers_of_one_name_or_issuer_are_refused(second: Verifier, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Registry([WORKFORCE, second])


async def test_every_connector_is_started_and_closed() -> None:
    first, second = Verifier("a", "https://a.example"), Verifier("b", "https://b.example")
    registry = Registry([first, second])
    await registry.start()
    await registry.aclose()
    assert first.life == second.life == ["start", "aclose"]


def test_a_provider_has_an_arn_in_each_account() -> None:
    directory = Verifier("corp-ad", "ldap-provider/corp-ad")
    directory.provider_type = ProviderType.LDAP
    registry = Registry([CLUSTER, directory])

    assert registry.provider_arn("cluster", "1") == "arn:aws:iam::1:oidc-provider/login.example.com/cluster"
    assert registry.provider_arn("corp-ad", "2") == "arn:aws:iam::2:ldap-provider/corp-ad"
    assert registry.provider_arn("nobody", "1") is None
