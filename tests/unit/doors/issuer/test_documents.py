"""The gateway as an issuer over HTTP: its documents, and tokens that boto3 asks for and another gateway takes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.assembly.build import Gateway
from gateway.assembly.listening import listen
from gateway.connectors.oidc.connector import OidcConnector
from gateway.connectors.oidc.settings import OidcSettings
from gateway.connectors.registry import Registry
from gateway.demo.servers import Served, Servers, url_of
from gateway.domain.clock import SteadyClock
from gateway.domain.identity import UnverifiedToken
from gateway.doors.issuer.documents import CONFIGURATION_PATH, KEYS_PATH
from gateway.sealing import key_file
from gateway.sealing.keyring import Keyring
from tests.fakes.gateway_world import ACCOUNT, GatewayWorld, issuer_keys
from tests.unit.web.serving import eventually

CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
USERS = """
    lake/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [issue]}
    """
POLICIES = """
    issue: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"], Resource: "*"}]}
    """


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    world = GatewayWorld(tmp_path)
    gateway = Gateway(world.configuration, clock=world.clock, audit=world.audit)
    transport = httpx.ASGITransport(app=gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://sts.example.com") as client:
        yield client


async def test_discovery_names_the_issuer_and_where_its_keys_are(client: httpx.AsyncClient) -> None:
    answer = await client.get(CONFIGURATION_PATH)

    assert answer.status_code == 200
    found = answer.json()
    assert found["issuer"] == "https://sts.example.com"
    assert found["jwks_uri"] == "https://sts.example.com/.well-known/jwks.json"
    assert found["id_token_signing_alg_values_supported"] == ["RS256", "ES384"]
    assert (found["response_types_supported"], found["subject_types_supported"]) == (["id_token"], ["public"])


async def test_the_keys_are_those_of_the_keyring(client: httpx.AsyncClient) -> None:
    answer = await client.get(KEYS_PATH)

    assert answer.json() == {"keys": [key.jwk() for key in issuer_keys()]}
    assert {(key["kty"], key["alg"]) for key in answer.json()["keys"]} == {("RSA", "RS256"), ("EC", "ES384")}


@pytest.mark.parametrize("path", [CONFIGURATION_PATH, KEYS_PATH])
@pytest.mark.parametrize("host", ["sts.example.com", "elsewhere.example"])
async def test_the_documents_may_be_kept_a_while_and_are_the_same_on_any_host(
    client: httpx.AsyncClient, path: str, host: str
) -> None:
    whole, head = await client.get(path, headers={"host": host}), await client.head(path, headers={"host": host})

    for answer in (whole, head):
        assert answer.status_code == 200
        assert answer.headers.get_list("cache-control") == ["public, max-age=300"]
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert host == "sts.example.com" or host not in whole.text


@pytest.mark.parametrize("path", [CONFIGURATION_PATH, KEYS_PATH])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_they_are_only_read(client: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await client.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_keyring_without_issuer_keys_publishes_none(tmp_path: Path) -> None:
    world = GatewayWorld(tmp_path)
    sealing = key_file.read(tmp_path / "keyring.json").keys
    (tmp_path / "keyring.json").unlink()
    key_file.create(tmp_path / "keyring.json", Keyring(sealing))
    gateway = Gateway(world.configuration, clock=world.clock, audit=world.audit)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=gateway.app), base_url="https://sts") as client:
        assert (await client.get(KEYS_PATH)).json() == {"keys": []}


@dataclass
class Running:
    """A gateway that listens on loopback, at the true time."""

    url: str
    world: GatewayWorld

    def published(self) -> int:
        """How many keys are shown; a running gateway looks at its file once a second."""
        return len(httpx.get(f"{self.url}{KEYS_PATH}").json()["keys"])

    def sts(self) -> Any:
        return boto3.client(
            "sts",
            endpoint_url=self.url,
            region_name="eu-central-1",
            aws_access_key_id=CI[0],
            aws_secret_access_key=CI[1],
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with ExitStack() as stack:
        (listener,) = [stack.enter_context(one) for one in listen("127.0.0.1", 0)]
        url = url_of(listener)
        sections = {"gateway": f"public_url: {url}\nkeyring: ./keyring.json", "users": USERS, "policies": POLICIES}
        world = GatewayWorld(tmp_path, **sections, roles="lake/None: {}", mappings="[]")
        app = Gateway(world.configuration, clock=SteadyClock(), audit=world.audit).app
        stack.enter_context(Servers([Served(app=app, listener=listener, lifespan="on")]))
        yield Running(url=url, world=world)


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_boto3_gets_a_token_that_the_published_keys_verify(running: Running, algorithm: str) -> None:
    answer = running.sts().get_web_identity_token(
        Audience=["https://api.example.com"],
        SigningAlgorithm=algorithm,
        DurationSeconds=120,
        Tags=[{"Key": "job", "Value": "7"}],
    )

    found = httpx.get(running.url + CONFIGURATION_PATH).json()
    keys = KeySet.import_key_set(httpx.get(found["jwks_uri"]).json())
    claims = jwt.decode(answer["WebIdentityToken"], keys, algorithms=[algorithm]).claims
    jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": running.url},
        aud={"essential": True, "value": "https://api.example.com"},
        sub={"essential": True, "value": f"arn:aws:iam::{ACCOUNT}:user/ci"},
        exp={"essential": True},
    ).validate(claims)
    assert answer["Expiration"].timestamp() == claims["exp"] == claims["iat"] + 120
    assert claims["https://sts.amazonaws.com/"]["request_tags"] == {"job": "7"}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another algorithm": ({"SigningAlgorithm": "HS256"}, "ValidationError"),
    "too many tags": (
        {"Tags": [{"Key": f"{at:02}{'k' * 126}", "Value": "v" * 256} for at in range(50)]},
        "JWTPayloadSizeExceededException",
    ),
    "a reserved tag": ({"Tags": [{"Key": "aws:x", "Value": "y"}]}, "InvalidParameterValue"),
}


@pytest.mark.parametrize(("changed", "code"), REFUSED.values(), ids=REFUSED)
def test_boto3_is_told_what_is_wrong(running: Running, changed: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as refused:
        running.sts().get_web_identity_token(**{"Audience": ["a"], "SigningAlgorithm": "RS256", **changed})

    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_boto3_knows_the_error_of_a_gateway_that_is_no_issuer(running: Running) -> None:
    path = running.world.folder / "keyring.json"
    fresh = path.with_name("fresh")
    key_file.create(fresh, Keyring(key_file.read(path).keys))
    fresh.replace(path)
    sts = running.sts()

    assert eventually(lambda: running.published() == 0)
    with pytest.raises(sts.exceptions.OutboundWebIdentityFederationDisabledException) as refused:
        sts.get_web_identity_token(Audience=["a"], SigningAlgorithm="RS256")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
async def test_another_gateway_takes_the_tokens_across_a_rotation(running: Running, algorithm: str) -> None:
    settings = OidcSettings(type="oidc", issuer=running.url, audiences=("lake",), algorithms=("RS256", "ES384"))
    connector = OidcConnector(name="gateway", settings=settings, clock=SteadyClock())
    key_ids = set()
    try:
        for published in (2, 4):
            assert eventually(lambda shown=published: running.published() == shown)
            token = running.sts().get_web_identity_token(Audience=["lake"], SigningAlgorithm=algorithm)
            verifier, unverified = Registry([connector]).web_identity(UnverifiedToken(token["WebIdentityToken"]))
            identity = await verifier.verify(unverified)
            assert (identity.subject, identity.audience) == (f"arn:aws:iam::{ACCOUNT}:user/ci", "lake")
            key_ids.add(unverified.key_id)
            now = SteadyClock().now()
            key_file.rotate(running.world.folder / "keyring.json", now=now, seals_after=timedelta(0))
    finally:
        await connector.aclose()
    assert len(key_ids) == 2
