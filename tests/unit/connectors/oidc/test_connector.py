"""The token rows of the security tables, each through registry and connector with real signatures over real HTTP."""

import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.registry import Registry
from gateway.domain.clock import SteadyClock
from gateway.domain.errors import ExpiredIdentityToken, InvalidIdentityToken, ProviderUnreachable, UnknownIssuer
from gateway.domain.identity import UnverifiedToken
from tests.fakes.identity_provider import (
    ABSENT,
    Answer,
    IdentityProvider,
    encode,
    private_key,
    public_jwk,
)
from tests.unit.connectors.presenting import Connect, verify

EVIL = private_key("RSA", "evil")
ALL = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]


async def refused(connector: Any, token: str) -> InvalidIdentityToken:
    with pytest.raises(InvalidIdentityToken) as refusal:
        await verify(connector, UnverifiedToken(token))
    assert token.rsplit(".", maxsplit=1)[-1] not in f"{refusal.value} {refusal.value.cause}" or token.endswith(".")
    return refusal.value


@pytest.mark.parametrize("algorithm", ALL)
async def test_every_configured_algorithm_verifies(
    provider: IdentityProvider, connect: Connect, algorithm: str
) -> None:
    provider.rotate("k", algorithm)
    identity = await verify(connect(provider, algorithms=[algorithm]), provider.token())
    assert (identity.provider, identity.issuer, identity.subject) == ("workforce", provider.issuer, "alice")
    assert identity.audience == "sts.amazonaws.com"


@pytest.mark.parametrize(("configured", "sent"), [("EdDSA", "Ed25519"), ("Ed25519", "EdDSA")])
async def test_either_name_of_the_edwards_algorithm_takes_both(
    provider: IdentityProvider, connect: Connect, configured: str, sent: str
) -> None:
    provider.rotate("k", sent)
    assert (await verify(connect(provider, algorithms=[configured]), provider.token())).subject == "alice"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "ES384", "EdDSA"])
async def test_an_algorithm_outside_the_providers_list_is_refused_whatever_discovery_says(
    provider: IdentityProvider, connect: Connect, algorithm: str
) -> None:
    provider.rotate("k", algorithm)
    provider.configuration = {"id_token_signing_alg_values_supported": [algorithm, "none", "HS256"]}
    refusal = await refused(connect(provider), provider.token())
    assert refusal.cause == f"algorithm {algorithm} is not among the provider's algorithms"
    assert provider.requests == []


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
@pytest.mark.parametrize("signature", ["AAAA", ""])
async def test_an_unsigned_token_is_refused(
    provider: IdentityProvider, connect: Connect, algorithm: str, signature: str
) -> None:
    provider.configuration = {"id_token_signing_alg_values_supported": ["none"]}
    header, payload = ({"alg": algorithm, "kid": "rs-1"}, provider.claims())
    token = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}.{signature}"
    refusal = await refused(connect(provider), token)
    assert "is never taken" in refusal.cause or "signature is empty" in refusal.cause


def public_key_texts(key: Any) -> dict[str, bytes]:
    public = key.public_key()
    return {
        "PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "PEM without its last new line": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).strip(),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "PKCS #1": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        "OpenSSH": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "OpenSSH with a new line": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b"\n",
        "JWK text": json.dumps(public_jwk(key, kid="rs-1", alg="RS256", use="sig")).encode(),
        "the modulus": public_jwk(key)["n"].encode(),
    }


@pytest.mark.parametrize("form", public_key_texts(EVIL))
async def test_the_public_key_is_no_shared_secret(provider: IdentityProvider, connect: Connect, form: str) -> None:
    _, key = provider.keys["rs-1"]
    header = {"alg": "HS256", "kid": "rs-1", "typ": "JWT"}
    signed = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(provider.claims()).encode())}"
    signature = hmac.digest(public_key_texts(key)[form], signed.encode(), hashlib.sha256)
    refusal = await refused(connect(provider, algorithms=ALL), f"{signed}.{encode(signature)}")
    assert refusal.cause == "algorithm 'HS256' is never taken"


@pytest.mark.parametrize(("bound", "used"), [("RS256", "PS256"), ("PS256", "RS256"), ("RS256", "RS512")])
async def test_a_key_bound_to_another_algorithm_than_the_headers_is_not_used(
    provider: IdentityProvider, connect: Connect, bound: str, used: str
) -> None:
    provider.rotate("k", bound)
    refusal = await refused(connect(provider, algorithms=ALL), provider.token(algorithm=used))
    assert refusal.cause == f"the provider has no key that fits kid 'k' and {used}"


def keys_in_the_header(provider: IdentityProvider) -> dict[str, Any]:
    url = provider.issuer + "/evil"
    return {"jwk": public_jwk(EVIL), "jku": url, "x5u": url, "x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA"}


@pytest.mark.parametrize("key_id", ["rs-1", "evil"])
async def test_keys_that_a_token_brings_are_never_used_and_never_fetched(
    provider: IdentityProvider, connect: Connect, key_id: str
) -> None:
    provider.at["/evil"] = Answer(body=json.dumps({"keys": [public_jwk(EVIL, kid="evil")]}).encode())
    token = provider.token(key=EVIL, key_id=key_id, header=keys_in_the_header(provider))
    refusal = await refused(connect(provider), token)
    assert refusal.cause == (
        "the signature does not hold" if key_id == "rs-1" else "the provider has no key that fits kid 'evil' and RS256"
    )
    assert provider.seen("/evil") == 0


async def test_an_honest_token_may_carry_key_material_that_nobody_needs(
    provider: IdentityProvider, connect: Connect
) -> None:
    header = keys_in_the_header(provider) | {"x5c": ["MIIB" * 400], "nonce": "of Entra ID"}
    assert (await verify(connect(provider), provider.token(header=header))).subject == "alice"
    assert provider.seen("/evil") == 0


@pytest.mark.parametrize(
    "key_id", ["../../etc/passwd", "/dev/null", "x' UNION SELECT 'AAAA", "http://127.0.0.1/", "rs-1\x00"]
)
async def test_a_key_id_is_looked_up_and_nothing_else(
    provider: IdentityProvider, connect: Connect, key_id: str
) -> None:
    refusal = await refused(connect(provider), provider.token(header={"kid": key_id}))
    assert "has no key that fits kid" in refusal.cause
    assert {seen.path for seen in provider.requests} == {provider.CONFIGURATION, provider.KEYS}


@pytest.mark.parametrize("document", [b'{"keys": []}', b"", b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": "evil"}]}'])
async def test_without_the_providers_keys_there_is_no_fall_back_to_the_tokens(
    provider: IdentityProvider, connect: Connect, document: bytes
) -> None:
    provider.at[provider.KEYS] = Answer(body=document)
    token = provider.token(key=EVIL, key_id="evil", header=keys_in_the_header(provider))
    with pytest.raises(ProviderUnreachable):
        await verify(connect(provider), token)


async def test_bad_keys_are_skipped_and_good_ones_go_on_working(provider: IdentityProvider, connect: Connect) -> None:
    bad = [
        {"kty": "oct", "k": encode(b"s" * 32), "kid": "rs-1"},
        public_jwk(private_key("RSA1024"), kid="weak"),
        public_jwk(EVIL, kid="e3", e="Aw"),
        public_jwk(EVIL, kid="e1", e="AQ"),
        public_jwk(EVIL, kid="enc", use="enc"),
        public_jwk(EVIL, kid="ops", key_ops=["encrypt"]),
        public_jwk(private_key("P-256"), kid="rs-1"),
        {"kty": "RSA"},
        None,
        "key",
        *({"kty": "oct", "k": "AAAA", "kid": f"filler-{i}"} for i in range(10_000)),
    ]
    honest = provider.public_keys()
    provider.jwks = lambda: [*bad, *honest]
    connector = connect(provider)
    assert (await verify(connector, provider.token())).subject == "alice"
    for key_id, key in {"weak": private_key("RSA1024"), "e3": EVIL, "e1": EVIL, "enc": EVIL, "ops": EVIL}.items():
        refusal = await refused(connector, provider.token(key=key, key_id=key_id))
        assert refusal.cause == f"the provider has no key that fits kid {key_id!r} and RS256"


@pytest.mark.parametrize("key_ids", [["rs-1"], ["rs-1", "rs-2"]])
async def test_a_token_without_key_id_is_taken_where_one_key_fits(
    provider: IdentityProvider, connect: Connect, key_ids: list[str]
) -> None:
    for key_id in key_ids[1:]:
        provider.rotate(key_id, keep=True)
    token = provider.token(header={"kid": ABSENT})
    connector = connect(provider)
    if len(key_ids) == 1:
        assert (await verify(connector, token)).subject == "alice"
    else:
        assert "no key that fits kid (none) and RS256" in (await refused(connector, token)).cause


@pytest.mark.parametrize(
    "change",
    [
        lambda issuer: issuer + "/",
        lambda issuer: issuer.replace("http:", "HTTP:"),
        lambda issuer: issuer.replace("http:", "https:"),
        lambda issuer: issuer.replace("127.0.0.1", "localhost"),
        lambda issuer: issuer[:-1],
        lambda issuer: issuer + "0",
    ],
    ids=["a slash", "case", "scheme", "host", "cut short", "port"],
)
async def test_an_issuer_that_differs_is_nobodys(provider: IdentityProvider, connect: Connect, change: Any) -> None:
    with pytest.raises(UnknownIssuer) as refusal:
        await verify(connect(provider), provider.token(provider.claims(iss=change(provider.issuer))))
    assert refusal.value.issuer == change(provider.issuer)
    assert provider.requests == []


async def test_issuers_in_a_list_are_refused(provider: IdentityProvider, connect: Connect) -> None:
    token = provider.token(provider.claims(iss=[provider.issuer]))
    assert (await refused(connect(provider), token)).cause == "iss is not text"


async def test_one_providers_key_does_not_vouch_for_anothers_people(
    provider: IdentityProvider, connect: Connect
) -> None:
    with IdentityProvider(label="second").running() as second:
        registry = Registry([connect(provider), connect(second, name="second")])
        for key_id in ("rs-1", "rs-2"):
            second.rotate(key_id, keep=True)
            verifier, token = registry.web_identity(second.token(second.claims(iss=provider.issuer), key_id=key_id))
            assert verifier.name == "workforce"
            with pytest.raises(InvalidIdentityToken) as refusal:
                await verifier.verify(token)
            assert refusal.value.cause in {
                "the signature does not hold",
                "the provider has no key that fits kid 'rs-2' and RS256",
            }


async def test_one_subject_of_two_issuers_is_two_people(provider: IdentityProvider, connect: Connect) -> None:
    with IdentityProvider(label="second").running() as second:
        registry = Registry([connect(provider), connect(second, name="second")])
        people = []
        for source in (provider, second):
            verifier, token = registry.web_identity(source.token())
            people.append(await verifier.verify(token))
    assert people[0].subject == people[1].subject
    assert (people[0].provider, people[0].issuer) != (people[1].provider, people[1].issuer)


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "aud missing": ({"aud": ABSENT}, "Missing a required claim: aud"),
    "aud empty": ({"aud": []}, "Incorrect token audience"),
    "aud wrong": ({"aud": "other"}, "Incorrect token audience"),
    "aud a list without us": ({"aud": ["a", "b"]}, "Incorrect token audience"),
    "aud with a foreign azp": ({"aud": ["sts.amazonaws.com", "b"], "azp": "b"}, "Incorrect token audience"),
    "aud of several without azp": ({"aud": ["sts.amazonaws.com", "b"]}, "Incorrect token audience"),
    "sub missing": ({"sub": ABSENT}, "Missing a required claim: sub"),
    "exp missing": ({"exp": ABSENT}, "Missing a required claim: exp"),
    "exp as text": ({"exp": "4102444800"}, "The ID Token's claims do not hold"),
    "exp as a float": ({"exp": time.time() + 60.5}, "The ID Token's claims do not hold"),
    "exp of 31 digits": ({"exp": 10**30}, "The ID Token provided is not a valid JWT."),
    "exp of 18 digits": ({"exp": 10**17}, "The ID Token's claims do not hold"),
    "a life of over a day": ({"exp": int(time.time()) + 86_400 + 300}, "The ID Token's claims do not hold"),
    "iat missing": ({"iat": ABSENT}, "Missing a required claim: iat"),
    "iat in the future": ({"iat": int(time.time()) + 300}, "The ID Token's claims do not hold"),
    "nbf in the future": ({"nbf": int(time.time()) + 300}, "The ID Token's claims do not hold"),
}


@pytest.mark.parametrize(("changes", "message"), CLAIMS.values(), ids=CLAIMS)
async def test_claims_are_checked_under_a_good_signature(
    provider: IdentityProvider, connect: Connect, changes: dict[str, Any], message: str
) -> None:
    assert str(await refused(connect(provider), provider.token(provider.claims(**changes)))).startswith(message)


async def test_an_expired_token_is_told_as_such(provider: IdentityProvider, connect: Connect) -> None:
    end = int(time.time()) - 61
    with pytest.raises(ExpiredIdentityToken) as refusal:
        await verify(connect(provider), provider.token(provider.claims(iat=end - 60, exp=end)))
    assert refusal.value.expired_at == end


async def test_a_forged_token_does_not_learn_which_claim_would_fail(
    provider: IdentityProvider, connect: Connect
) -> None:
    connector = connect(provider)
    for changes in ({}, {"exp": 1}, {"aud": "other"}, {"sub": ABSENT}):
        token = provider.token(provider.claims(**changes), key=EVIL)
        assert (await refused(connector, token)).cause == "the signature does not hold"


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({"typ": "at+jwt"}, {}),
        ({"typ": "application/at+jwt"}, {}),
        ({"typ": "logout+jwt"}, {}),
        ({}, {"typ": "Refresh"}),
        ({}, {"typ": "Bearer"}),
        ({}, {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
    ],
)
async def test_another_kind_of_token_is_refused(
    provider: IdentityProvider, connect: Connect, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    await refused(connect(provider), provider.token(provider.claims(**claims), header=header))


FORMS: dict[str, Any] = {
    "crit": lambda p: p.token(header={"crit": ["x"], "x": 1}),
    "b64": lambda p: p.token(header={"b64": False, "crit": ["b64"]}),
    "zip": lambda p: p.token(header={"zip": "DEF"}),
    "an encrypted token": lambda p: p.token().replace(".", ".AAAA.", 1).replace(".", ".AAAA.", 1),
    "a nested token": lambda p: p.token(str(p.token()).encode(), header={"cty": "JWT"}),
    "a name twice in the header": lambda p: p.token(header=b'{"alg":"RS256","kid":"rs-1","alg":"RS256"}'),
    "a name twice in the payload": lambda p: p.token(json.dumps(p.claims()).encode()[:-1] + b',"sub":"root"}'),
    "UTF-16": lambda p: p.token(json.dumps(p.claims()).encode("utf-16")),
    "a byte order mark": lambda p: p.token(b"\xef\xbb\xbf" + json.dumps(p.claims()).encode()),
    "NaN": lambda p: p.token(json.dumps(p.claims(exp=float("nan"))).encode()),
    "a lone surrogate": lambda p: p.token(json.dumps(p.claims(sub="\ud800")).encode()),
    "padding": lambda p: p.token() + "==",
    "trailing bytes": lambda p: p.token() + "\n",
    "bytes behind the payload": lambda p: p.token(json.dumps(p.claims()).encode() + b"{}"),
    "too long": lambda p: p.token(p.claims(padding="a" * 20_000)),
}


@pytest.mark.parametrize("make", FORMS.values(), ids=FORMS)
async def test_another_form_is_refused_before_any_key_is_asked_for(
    provider: IdentityProvider, connect: Connect, make: Any
) -> None:
    refusal = await refused(connect(provider), make(provider))
    assert str(refusal).startswith("The ID Token provided is not a valid JWT.")
    assert provider.requests == []


async def test_keys_from_a_file_need_no_provider(connect: Connect, tmp_path: Path) -> None:
    provider = IdentityProvider()
    provider.issuer = "https://login.example.com"
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": provider.public_keys()}))
    connector = connect(provider, jwks_file=file)
    assert (await verify(connector, provider.token())).subject == "alice"
    provider.rotate("rs-2")
    refusal = await refused(connector, provider.token())
    assert refusal.cause == "jwks_file has no key that fits kid 'rs-2' and RS256"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read"),
        (b"<html>", "the key set is not JSON: .*; save what the issuer's jwks_uri answers"),
        (b'{"keys": []}', "no key for signatures among its 0; save what"),
        (b" " * 1_000_001, "larger than 1000000 bytes"),
    ],
)
def test_a_key_file_that_cannot_be_used_is_told_with_the_mend(
    tmp_path: Path, content: bytes | None, fault: str
) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_bytes(content)
    settings = OidcSettings(type="oidc", issuer="https://login.example.com", audiences=("sts",), jwks_file=file)
    with pytest.raises(ValueError, match=fault):
        OidcConnector(name="workforce", settings=settings, clock=SteadyClock())


async def test_a_provider_for_sign_in_only_trades_no_tokens(provider: IdentityProvider, connect: Connect) -> None:
    connector = connect(provider, audiences=[], client_id="sts-gateway")
    token = provider.token(provider.claims(aud="sts-gateway"))
    assert str(await refused(connector, token)) == "Incorrect token audience"


async def test_an_identity_carries_what_mappings_may_require(provider: IdentityProvider, connect: Connect) -> None:
    signed_in = int(time.time()) - 100
    claims = provider.claims(auth_time=signed_in, amr=["mfa"], acr="high", groups=["analysts"])
    identity = await verify(connect(provider), provider.token(claims))
    assert identity.authenticated_at is not None
    assert identity.authenticated_at.timestamp() == signed_in
    assert (identity.amr, identity.acr, identity.groups) == (("mfa",), "high", frozenset({"analysts"}))
