"""Each step of the exchange fails, hangs or is cancelled: nothing is handed out, and the answer and the record say so."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from gateway.assembly.build import Gateway
from gateway.connectors.oidc.connector import OidcConnector
from gateway.domain.errors import (
    AuditUnavailable,
    GatewayError,
    KeyringUnavailable,
    ProviderUnreachable,
)
from tests.fakes.gateway_world import ANALYST, GatewayWorld
from tests.fakes.identity_provider import IdentityProvider, slow

FORM = {"content-type": "application/x-www-form-urlencoded"}
OWN = "arn:aws:iam::111122223333:role/Own"
SECTIONS = {
    "roles": """
        lake/Analyst: {policies: [read-lake]}
        lake/Own:
          policies: [read-lake]
          trust_policy:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Principal: {AWS: "arn:aws:iam::111122223333:user/ci"}, Action: "sts:AssumeRole"}
        """,
    "mappings": "- {provider: workforce, groups: [analysts], roles: [lake/Analyst]}",
}
CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
CANARY = "canary of a fault"

WEB_IDENTITY_STEPS = {
    "reading the token": "gateway.connectors.registry.read",
    "finding the connector": "gateway.connectors.registry.Registry.web_identity",
    "verifying": "gateway.connectors.oidc.connector.OidcConnector.verify",
    "finding the key": "gateway.connectors.oidc.provider_keys.FixedKeys.known",
    "checking the signature": "gateway.connectors.oidc.connector.signature_holds",
    "checking the claims": "gateway.connectors.oidc.connector.verified",
    "making the identity": "gateway.connectors.oidc.connector.identity_of",
    "finding the role": "gateway.roles.catalog.Catalog.role_by_arn",
    "deciding": "gateway.roles.catalog.Catalog.may_assume",
    "evaluating trust": "gateway.roles.judgement.granting_mappings",
    "session policies": "gateway.exchange.assume_role.session_policies",
    "keys that the session carries": "gateway.roles.catalog.Catalog.carried_keys",
    "minting": "gateway.sessions.issuer.SessionIssuer.mint",
    "drawing randomness": "gateway.sessions.issuer._Bare.drawn",
    "packing": "gateway.sessions.issuer.pack",
    "sealing": "gateway.sealing.envelope.Sealer.seal",
    "the keyring": "gateway.sealing.live_keyring.LiveKeyring.sealing_key",
    "describing the session": "gateway.exchange.audit_identities.opened_session",
}
ASSUME_ROLE_STEPS = {
    "reading the signature": "gateway.exchange.proof.parse",
    "checking the scope": "gateway.exchange.proof.check_scope",
    "checking the time": "gateway.exchange.proof.check_time",
    "finding the key's owner": "gateway.sessions.authenticator.Authenticator.claimant",
    "deriving the key": "gateway.sigv4.signing_key.SigningKeys.of",
    "checking the signature": "gateway.exchange.proof.verify",
    "finding the caller's policies": "gateway.exchange.live_policies.LivePolicies.sets_of",
    "finding the role": "gateway.roles.catalog.Catalog.role_by_arn",
    "the request's keys": "gateway.exchange.assume_signed.context_of",
    "deciding": "gateway.exchange.assume_signed.evaluate_assumption",
    "session policies": "gateway.exchange.assume_signed.session_policies",
    "minting": "gateway.sessions.issuer.SessionIssuer.mint",
    "sealing": "gateway.sealing.envelope.Sealer.seal",
    "describing the session": "gateway.exchange.audit_identities.opened_role_session",
}
STEPS = [
    pytest.param(action, step, id=f"{action}, {name}")
    for action, steps in (("AssumeRoleWithWebIdentity", WEB_IDENTITY_STEPS), ("AssumeRole", ASSUME_ROLE_STEPS))
    for name, step in steps.items()
]


class Asking:
    """A whole gateway, asked for a session over HTTP; `answer` None: the request ended without one."""

    def __init__(self, world: GatewayWorld) -> None:
        self.world = world
        gateway = Gateway(world.configuration, clock=world.clock, audit=world.audit)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=gateway.app), base_url="https://sts.example.com", headers=FORM
        )
        session = {"Version": "2011-06-15", "RoleSessionName": "alice"}
        token = {"RoleArn": ANALYST, "WebIdentityToken": world.token()}
        self.bodies = {
            "AssumeRoleWithWebIdentity": urlencode(
                {"Action": "AssumeRoleWithWebIdentity", **session, **token}
            ).encode(),
            "AssumeRole": urlencode({"Action": "AssumeRole", **session, "RoleArn": OWN}).encode(),
        }

    async def ask(self, action: str) -> httpx.Response:
        body = self.bodies[action]
        if action != "AssumeRole":
            return await self.client.post("/", content=body)
        signed = self.world.signed(CI, headers=FORM, body=body)
        return await self.client.post("/", content=body, headers=dict(signed.headers))


@pytest.fixture
async def asking(tmp_path: Path) -> AsyncIterator[Asking]:
    asking = Asking(GatewayWorld(tmp_path, **SECTIONS))
    async with asking.client:
        yield asking


def broken(monkeypatch: pytest.MonkeyPatch, step: str, fault: BaseException) -> list[str]:
    """Have `step` raise; each call is noted in what this gives back."""
    calls: list[str] = []

    def raising(*_: Any, **__: Any) -> Any:
        calls.append(step)
        raise fault

    monkeypatch.setattr(step, raising)
    return calls


def hands_out(answer: httpx.Response) -> bool:
    return any(word in answer.text for word in ("SecretAccessKey", "SessionToken", "ASIA"))


@pytest.mark.parametrize("action", ["AssumeRoleWithWebIdentity", "AssumeRole"])
async def test_without_a_fault_credentials_are_handed_out_and_recorded_once(asking: Asking, action: str) -> None:
    answer = await asking.ask(action)

    assert answer.status_code == 200, answer.text
    assert hands_out(answer)
    assert len(asking.world.audit.records) == 1


@pytest.mark.parametrize(("action", "step"), STEPS)
async def test_a_step_that_fails_by_a_bug_ends_in_a_neutral_500_and_one_record(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, action: str, step: str
) -> None:
    calls = broken(monkeypatch, step, ZeroDivisionError(CANARY))

    answer = await asking.ask(action)

    assert calls
    assert answer.status_code == 500
    assert "<Code>InternalFailure</Code>" in answer.text
    assert not hands_out(answer)
    (record,) = asking.world.audit.records
    assert (record["eventName"], record["errorCode"]) == (action, "InternalFailure")
    assert record["responseElements"] is None
    assert CANARY not in json.dumps(record) + answer.text


@pytest.mark.parametrize(("action", "step"), STEPS)
async def test_a_step_during_which_the_client_leaves_hands_out_and_records_nothing(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, action: str, step: str
) -> None:
    calls = broken(monkeypatch, step, asyncio.CancelledError())

    with pytest.raises(asyncio.CancelledError):
        await asking.ask(action)

    assert calls
    assert asking.world.audit.records == []


UNAVAILABLE = {
    "the provider": (
        "gateway.connectors.oidc.connector.OidcConnector.verify",
        ProviderUnreachable(provider="workforce", cause="it is down"),
        (400, "IDPCommunicationError"),
    ),
    "the keyring": (
        "gateway.sealing.live_keyring.LiveKeyring.sealing_key",
        KeyringUnavailable(cause="no key may seal"),
        (503, "ServiceUnavailable"),
    ),
}


@pytest.mark.parametrize(("step", "error", "told"), UNAVAILABLE.values(), ids=UNAVAILABLE)
async def test_what_is_unavailable_is_told_as_such(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, step: str, error: GatewayError, told: tuple[int, str]
) -> None:
    broken(monkeypatch, step, error)

    answer = await asking.ask("AssumeRoleWithWebIdentity")

    status, code = told
    assert answer.status_code == status
    assert f"<Code>{code}</Code>" in answer.text
    assert not hands_out(answer)
    (record,) = asking.world.audit.records
    assert record["errorCode"] == code


@pytest.mark.parametrize("action", ["AssumeRoleWithWebIdentity", "AssumeRole"])
@pytest.mark.parametrize("fault", [AuditUnavailable(cause="full"), ZeroDivisionError(CANARY)], ids=["full", "a bug"])
async def test_an_audit_log_that_fails_lets_nothing_out(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, action: str, fault: Exception
) -> None:
    calls = broken(monkeypatch, "tests.fakes.gateway_world.RecordedAudit.write", fault)

    answer = await asking.ask(action)

    assert calls
    assert answer.status_code in {500, 503}
    assert not hands_out(answer)


async def test_an_answer_that_cannot_be_written_is_a_500_without_its_credentials(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch, "gateway.wire.sts_answers.web_identity", ZeroDivisionError(CANARY))

    answer = await asking.ask("AssumeRoleWithWebIdentity")

    assert answer.status_code == 500
    assert not hands_out(answer)
    assert len(asking.world.audit.records) == 1


async def test_a_verification_that_hangs_hands_out_nothing_and_ends_with_its_client(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def hanging(*_: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(OidcConnector, "verify", hanging)
    request = asyncio.create_task(asking.ask("AssumeRoleWithWebIdentity"))
    await asyncio.wait_for(begun.wait(), 5)
    assert asking.world.audit.records == []

    request.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await request

    assert request.cancelled()
    assert asking.world.audit.records == []


@pytest.mark.parametrize("path", [IdentityProvider.CONFIGURATION, IdentityProvider.KEYS])
async def test_a_provider_that_hangs_is_a_communication_error_at_the_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setitem(OidcConnector.__init__.__kwdefaults__, "deadline", 0.2)
    with IdentityProvider().running() as provider:
        provider.at[path] = slow(30)
        providers = f"workforce: {{type: oidc, issuer: '{provider.issuer}', audiences: [sts.amazonaws.com]}}"
        world = GatewayWorld(tmp_path, **SECTIONS, providers=providers)
        world.provider.issuer = provider.issuer
        asking = Asking(world)
        async with asking.client:
            answer = await asyncio.wait_for(asking.ask("AssumeRoleWithWebIdentity"), 5)

    assert answer.status_code == 400
    assert "<Code>IDPCommunicationError</Code>" in answer.text
    (record,) = world.audit.records
    assert record["errorCode"] == "IDPCommunicationError"
    assert record["responseElements"] is None
