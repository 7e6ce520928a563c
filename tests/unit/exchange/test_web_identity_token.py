"""GetWebIdentityToken: who gets which ID token, what it says, and that nobody gets more time than their session has."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError
from joserfc.jwk import KeySet

from gateway.domain.assumption import (
    FederationRequest,
    IssuedToken,
    SessionRequest,
    SessionTokenRequest,
    WebIdentityTokenRequest,
)
from gateway.domain.errors import (
    ActionDenied,
    AuditUnavailable,
    GatewayError,
    IssuedTokenTooLarge,
    SessionOutlived,
    TokenIssuanceDisabled,
    UnknownAccessKey,
    UnknownIssuer,
)
from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.exchange.proof import SignedCall
from gateway.sealing import key_file
from gateway.sealing.keyring import Keyring
from gateway.wire.sts_faults import answer_of
from tests.fakes.gateway_world import ACCOUNT, ORIGIN, START, GatewayWorld, issuer_keys, sha256

ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/Caller"
CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
IDLE = ("AKIAEXAMPLEEXAMPLE33", "0123456789abcdefghik")
API = "https://api.example.com"
OF_STS = "https://sts.amazonaws.com/"
GET, TAG = "sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"
BODY = b"Action=GetWebIdentityToken"


def may(**condition: Any) -> str:
    statement = {"Effect": "Allow", "Action": [GET, TAG], "Resource": "*"} | condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NARROW = {
    "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [API, "other"], "aws:TagKeys": ["job", "Team"]},
    "StringEquals": {"sts:SigningAlgorithm": "ES384"},
    "NumericLessThanEquals": {"sts:DurationSeconds": 300},
    "StringEqualsIfExists": {"aws:RequestTag/job": "7"},
}
SECTIONS = {
    "roles": """
        lake/Caller: {path: /team/, policies: [issue], max_session_duration: 2h, tags: {Team: blue, cost: low}}
        lake/Narrow: {policies: [narrow]}
        lake/Mute: {policies: [other]}
        """,
    "policies": f"""
        issue: {may()}
        narrow: {may(Condition=NARROW)}
        other: {may(Action="s3:*")}
        """,
    "mappings": """
        - {provider: workforce, groups: [analysts], roles: [lake/Caller, lake/Narrow, lake/Mute],
           session_tags: {team: "{claims.department}"}}
        """,
    "users": """
        lake/ci: {access_keys: [{id: AKIAEXAMPLEEXAMPLE22, secret: 0123456789abcdefghij}], policies: [issue]}
        lake/idle: {access_keys: [{id: AKIAEXAMPLEEXAMPLE33, secret: 0123456789abcdefghik}]}
        """,
}


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path, **SECTIONS)


async def session(world: GatewayWorld, role: str = "team/Caller", **asked: Any) -> Any:
    token = world.token(department="red") if role == "team/Caller" else None
    return (await world.assume(token, role=f"arn:aws:iam::{ACCOUNT}:role/{role}", **asked)).credentials


def call(world: GatewayWorld, credentials: Any) -> SignedCall:
    return SignedCall(http=world.signed(credentials, body=BODY), body_sha256=sha256(BODY), origin=ORIGIN)


def ask(world: GatewayWorld, credentials: Any, **changed: Any) -> IssuedToken:
    request = WebIdentityTokenRequest(**{"audiences": (API,), "algorithm": SigningAlgorithm.ES384, **changed})
    return world.exchange.web_identity_token(request, call(world, credentials))


def verified(world: GatewayWorld, token: str) -> jwt.Token:
    """By the published keys alone, as anybody else does it."""
    keys = KeySet.import_key_set({"keys": [dict(key) for key in world.exchange.published_keys()]})
    return jwt.decode(token, keys, algorithms=["RS256", "ES384"])


def replace_keyring(world: GatewayWorld, keyring: Keyring) -> None:
    (world.folder / "keyring.json").unlink()
    key_file.create(world.folder / "keyring.json", keyring)
    world.reload(**SECTIONS)


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
async def test_a_session_of_a_role_is_told_as_aws_tells_it(world: GatewayWorld, algorithm: SigningAlgorithm) -> None:
    issued = ask(world, await session(world), algorithm=algorithm, tags={"job": "7"})

    token = verified(world, issued.token)
    assert (token.header["alg"], token.header["typ"]) == (algorithm, "JWT")
    now = int(START.timestamp())
    assert len(token.claims.pop("jti")) == 36
    assert token.claims == {
        "iss": "https://sts.example.com",
        "aud": API,
        "sub": ROLE,
        "iat": now,
        "exp": now + 300,
        OF_STS: {
            "aws_account": ACCOUNT,
            "source_region": "us-east-1",
            "principal_id": ROLE,
            "principal_tags": {"team": "red", "cost": "low"},
            "request_tags": {"job": "7"},
        },
    }
    assert issued.expiration == START + timedelta(seconds=300)


def test_a_user_is_told_too_and_what_is_not_known_is_left_out(world: GatewayWorld) -> None:
    claims = verified(world, ask(world, CI, duration=3_600).token).claims

    assert claims["sub"] == f"arn:aws:iam::{ACCOUNT}:user/ci"
    assert claims["exp"] - claims["iat"] == 3_600
    assert claims[OF_STS] == {"aws_account": ACCOUNT, "source_region": "us-east-1", "principal_id": claims["sub"]}


def test_several_audiences_are_a_list(world: GatewayWorld) -> None:
    assert verified(world, ask(world, CI, audiences=("a", "b")).token).claims["aud"] == ["a", "b"]


def test_no_two_tokens_have_one_id(world: GatewayWorld) -> None:
    assert len({verified(world, ask(world, CI).token).claims["jti"] for _ in range(20)}) == 20


async def test_the_audit_line_tells_of_the_token_and_never_shows_it(world: GatewayWorld) -> None:
    issued = ask(world, await session(world), audiences=(API, "other"), duration=60, tags={"job": "7"})

    record = world.audit.last
    assert (record["eventName"], record["readOnly"]) == ("GetWebIdentityToken", True)
    assert record["userIdentity"]["type"] == "AssumedRole"
    assert record["requestParameters"] == {
        "audience": [API, "other"],
        "signingAlgorithm": "ES384",
        "durationSeconds": 60,
        "tags": [{"key": "job", "value": "7"}],
    }
    assert record["responseElements"] == {
        "webIdentityToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "expiration": "Mar 1, 2026, 12:01:00 PM",
    }
    assert record["additionalEventData"]["tokenId"] == verified(world, issued.token).claims["jti"]
    assert not any(part in json.dumps(record) for part in issued.token.split("."))


def test_nothing_is_handed_out_that_the_audit_log_does_not_hold(world: GatewayWorld) -> None:
    world.audit.full = True

    with pytest.raises(AuditUnavailable):
        ask(world, CI)


async def test_a_token_needs_its_permission(world: GatewayWorld) -> None:
    for credentials in (IDLE, await session(world, "Mute")):
        with pytest.raises(ActionDenied, match=r"not authorized to perform: sts:GetWebIdentityToken on resource: \*"):
            ask(world, credentials)

    assert world.audit.last["errorCode"] == "AccessDenied"


CONDITIONS: dict[str, tuple[dict[str, Any], bool]] = {
    "as allowed": ({}, True),
    "both audiences": ({"audiences": (API, "other")}, True),
    "an allowed tag": ({"tags": {"job": "7"}}, True),
    "a shorter token": ({"duration": 299}, True),
    "an audience more": ({"audiences": (API, "third")}, False),
    "another algorithm": ({"algorithm": SigningAlgorithm.RS256}, False),
    "a longer token": ({"duration": 301}, False),
    "another tag": ({"tags": {"other": "7"}}, False),
    "another value of the tag": ({"tags": {"job": "8"}}, False),
}


@pytest.mark.parametrize(("changed", "allowed"), CONDITIONS.values(), ids=CONDITIONS)
async def test_a_policy_bounds_what_a_token_may_say(
    world: GatewayWorld, changed: dict[str, Any], allowed: bool
) -> None:
    credentials = await session(world, "Narrow")

    if allowed:
        assert ask(world, credentials, **changed)
        return
    with pytest.raises(ActionDenied):
        ask(world, credentials, **changed)


async def test_a_session_policy_narrows_this_too(world: GatewayWorld) -> None:
    with pytest.raises(ActionDenied):
        ask(world, await session(world, policy=may(Action="s3:GetObject")))


def test_sessions_of_users_get_none(world: GatewayWorld) -> None:
    own = world.exchange.session_token(SessionTokenRequest(), call(world, CI)).credentials
    with pytest.raises(ActionDenied):
        ask(world, own)


def test_federated_users_get_none(world: GatewayWorld) -> None:
    world.reload(**{**SECTIONS, "policies": f"{SECTIONS['policies']}".replace(f'"{GET}"', '"sts:*"')})
    wanted = SessionRequest(session_name="carol", policy=may(Action="sts:*"))
    federated = world.exchange.federation_token(FederationRequest(session=wanted), call(world, CI)).credentials

    with pytest.raises(ActionDenied):
        ask(world, federated)


async def test_a_token_never_outlives_the_session_that_asked_for_it(world: GatewayWorld) -> None:
    credentials = await session(world, duration=900)
    world.clock.move(minutes=5)

    assert ask(world, credentials, duration=600).expiration == START + timedelta(minutes=15)
    with pytest.raises(SessionOutlived) as refused:
        ask(world, credentials, duration=601)
    world.clock.move(minutes=6)
    with pytest.raises(SessionOutlived):
        ask(world, credentials)

    assert (refused.value.requested, refused.value.left) == (601, 600)
    assert world.audit.last["errorCode"] == "SessionDurationEscalationException"


def test_a_token_that_nobody_would_take_is_not_made(world: GatewayWorld) -> None:
    def tags(count: int) -> dict[str, str]:
        return {f"{at:02}{'k' * 126}": "v" * 256 for at in range(count)}

    assert len(ask(world, CI, tags=tags(30)).token) <= 20_000
    with pytest.raises(IssuedTokenTooLarge, match="use fewer or shorter request tags") as refused:
        ask(world, CI, tags=tags(50))

    assert refused.value.size > refused.value.maximum == 20_000
    assert world.audit.last["errorCode"] == "JWTPayloadSizeExceededException"


def test_without_keys_that_sign_the_answer_names_the_mend(world: GatewayWorld) -> None:
    replace_keyring(world, Keyring(key_file.read(world.folder / "keyring.json").keys))

    with pytest.raises(TokenIssuanceDisabled, match="Whoever operates it runs `sts-gateway keys rotate`") as refused:
        ask(world, CI)

    assert answer_of(refused.value, "r").status == 403
    assert world.audit.last["errorCode"] == "OutboundWebIdentityFederationDisabledException"
    assert world.exchange.published_keys() == []
    with pytest.raises(ActionDenied):  # whoever may not ask does not learn it
        ask(world, IDLE)


@pytest.mark.parametrize("algorithm", list(SigningAlgorithm))
def test_tokens_verify_across_rotations(world: GatewayWorld, algorithm: SigningAlgorithm) -> None:
    path = world.folder / "keyring.json"
    before = ask(world, CI, algorithm=algorithm, duration=3_600)

    key_file.rotate(path, now=world.clock.now(), seals_after=timedelta(minutes=10))
    world.reload(**SECTIONS)

    assert len(world.exchange.published_keys()) == 4
    old_id = verified(world, before.token).header["kid"]
    assert verified(world, ask(world, CI, algorithm=algorithm).token).header["kid"] == old_id
    world.clock.move(minutes=9, seconds=59)
    last = ask(world, CI, algorithm=algorithm, duration=3_600)
    world.clock.move(seconds=1)
    after = ask(world, CI, algorithm=algorithm, duration=3_600)
    assert verified(world, last.token).header["kid"] == old_id
    assert verified(world, after.token).header["kid"] != old_id
    world.clock.move(hours=1)
    assert verified(world, last.token).claims["exp"] < world.clock.now().timestamp()
    world.clock.move(minutes=15, seconds=1)
    assert len(world.exchange.published_keys()) == 2
    assert old_id not in {key["kid"] for key in world.exchange.published_keys()}
    with pytest.raises((InvalidKeyIdError, ValueError)):
        verified(world, before.token)


def test_a_key_that_does_not_sign_yet_is_no_key(world: GatewayWorld) -> None:
    coming = key_file.new_keyring(now=START, in_force_from=START + timedelta(minutes=10)).issuer_keys
    replace_keyring(world, Keyring(key_file.read(world.folder / "keyring.json").keys, coming))

    assert len(world.exchange.published_keys()) == 2
    with pytest.raises(TokenIssuanceDisabled):
        ask(world, CI)


async def test_the_gateway_does_not_take_its_own_tokens_back(world: GatewayWorld) -> None:
    issued = ask(world, await session(world), audiences=("sts.amazonaws.com",))

    with pytest.raises(UnknownIssuer):
        await world.assume(issued.token, role=ROLE)


async def test_an_id_token_is_no_session_token_and_a_session_token_is_no_id_token(world: GatewayWorld) -> None:
    credentials = await session(world)
    issued = ask(world, credentials)
    impostor = type(credentials)(
        access_key_id=credentials.access_key_id,
        secret_access_key=credentials.secret_access_key,
        session_token=issued.token,
        expiration=credentials.expiration,
    )

    with pytest.raises(UnknownAccessKey):
        ask(world, impostor)
    with pytest.raises(GatewayError):
        await world.assume(credentials.session_token, role=ROLE)


def test_a_changed_token_does_not_verify(world: GatewayWorld) -> None:
    head, _, signature = ask(world, CI).token.split(".")
    _, payload, _ = ask(world, CI, audiences=("other",)).token.split(".")

    with pytest.raises(BadSignatureError):
        verified(world, f"{head}.{payload}.{signature}")


def test_published_keys_hold_nothing_private(world: GatewayWorld) -> None:
    told = json.dumps(world.exchange.published_keys())

    assert {key["kid"] for key in world.exchange.published_keys()} == {key.key_id.hex() for key in issuer_keys()}
    assert not {name for key in world.exchange.published_keys() for name in key} & {"d", "p", "q", "dp", "dq", "qi"}
    assert "private" not in told


async def test_tags_in_a_token_need_a_permission_of_their_own(world: GatewayWorld) -> None:
    world.reload(**{**SECTIONS, "policies": SECTIONS["policies"].replace(f', "{TAG}"', "")})
    caller = await session(world)

    assert ask(world, caller).token
    with pytest.raises(ActionDenied, match=TAG):
        ask(world, caller, tags={"job": "7"})
