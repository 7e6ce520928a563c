"""The story of `make demo` in numbered steps, each of which fails unless it did what it says."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Never

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from gateway.demo.aws_client import (
    Credentials,
    SeenRequests,
    UnknownBotocore,
    dated_by,
    own_environment,
    s3_client,
    sts_client,
)
from gateway.demo.browser import Exchanged, sign_in
from gateway.demo.narration import Narrator, veiled
from gateway.demo.relying_party import SignedIn, SignInFailed
from gateway.demo.setting import ANALYST, BUCKET, REPORT
from gateway.demo.world import CLI_CLIENT, World

_SESSION_SECONDS: Final = 900
_SLOWEST_SECONDS: Final = 30
_JUST_AFTER: Final = timedelta(seconds=1)
_FORGED: Final = b"month,orders\n2026-01,9999\n"


class StepFailed(Exception):
    """A step did not do what it says; the message tells what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the steps play on: a world, a browser's connection, the client's requests as they go out, the narrator."""

    world: World
    narrator: Narrator
    http: httpx.Client
    seen: SeenRequests


def tell(world: World, narrator: Narrator) -> bool:
    """Tell the story in `world`; whether every step did what it says."""
    with ExitStack() as stack:
        try:
            stack.enter_context(own_environment())
            stack.enter_context(dated_by(world.clock))
            http = stack.enter_context(httpx.Client(trust_env=False, timeout=10))
            play(Stage(world=world, narrator=narrator, http=http, seen=SeenRequests()))
        except (StepFailed, UnknownBotocore, SignInFailed, httpx.HTTPError, BotoCoreError, ClientError) as fault:
            narrator.failed(f"step {narrator.current}: {fault}")
            return False
    return True


def play(stage: Stage) -> Credentials:
    """All steps in order; returns the credentials, which have ended by then. Raises what `tell` tells."""
    credentials = _traded(stage, _signed_in(stage))
    _identify(stage, credentials)
    _read(stage, credentials)
    _overwrite(stage, credentials)
    _ask_in_vain(stage)
    _end(stage, credentials)
    return credentials


def _signed_in(stage: Stage) -> SignedIn:
    narrator = stage.narrator
    narrator.step("Ana signs in at the issuer with a browser (authorization code and PKCE)")
    narrator.note("How the issuer knows her is its own affair. It hands out an ID token: her name and groups, signed.")
    ana, exchanges = _came_back(stage, "ana")
    for one in exchanges:
        narrator.sent(one.sent)
        narrator.back(one.back)
    narrator.values({**ana.claims, "nonce": veiled(ana.claims["nonce"])})
    narrator.done(f"the issuer vouches for {ana.claims['name']}")
    return ana


def _came_back(stage: Stage, person: str) -> tuple[SignedIn, Sequence[Exchanged]]:
    issuer = stage.world.addresses.issuer
    result, exchanges = sign_in(stage.http, issuer=issuer, client_id=CLI_CLIENT.client_id, person=person)
    _expect(result.claims.get("sub") == person, f"the ID token is of {result.claims.get('sub')}")
    return result, exchanges


def _traded(stage: Stage, ana: SignedIn) -> Credentials:
    narrator = stage.narrator
    narrator.step("The gateway trades her ID token for AWS credentials (AssumeRoleWithWebIdentity, by boto3)")
    narrator.note("It checks the token's signature, issuer, audience and times, then which mappings give her the role.")
    client = sts_client(stage.world.addresses.gateway, stage.seen)
    answer = client.assume_role_with_web_identity(
        RoleArn=ANALYST, RoleSessionName="ana", WebIdentityToken=ana.id_token, DurationSeconds=_SESSION_SECONDS
    )
    credentials = Credentials.of(answer["Credentials"])
    narrator.sent(stage.seen.told())
    narrator.back(f"{_status(answer)}, a session of {answer['AssumedRoleUser']['Arn']}")
    narrator.values(credentials.shown())
    _told_by_audit(stage, _request_id(answer))
    left = credentials.expiration - stage.world.clock.now()
    _expect(abs(left.total_seconds() - _SESSION_SECONDS) < _SLOWEST_SECONDS, f"the session lasts {left}")
    narrator.done(f"her group analysts gave her the role Analyst, for {_SESSION_SECONDS} seconds")
    return credentials


def _identify(stage: Stage, credentials: Credentials) -> None:
    narrator = stage.narrator
    narrator.step("Whose credentials are these? (GetCallerIdentity)")
    narrator.note("From here on requests are signed (Signature Version 4): the secret itself never travels.")
    answer = sts_client(stage.world.addresses.gateway, stage.seen, credentials).get_caller_identity()
    narrator.sent(stage.seen.told())
    narrator.back(f"{_status(answer)}, the caller is")
    narrator.values({name: answer[name] for name in ("Arn", "Account", "UserId")})
    _expect(answer["Arn"].endswith(":assumed-role/Analyst/ana"), f"the caller is {answer['Arn']}")
    narrator.done("the gateway knows them as Ana's session")


def _read(stage: Stage, credentials: Credentials) -> None:
    narrator = stage.narrator
    narrator.step("Ana reads a report from the resource server: allowed (s3:GetObject)")
    narrator.note(
        "The resource server keeps no keys and no policies: it has the gateway verify and decide each request."
    )
    answer = s3_client(stage.world.addresses.lake, stage.seen, credentials).get_object(Bucket=BUCKET, Key=REPORT)
    content = answer["Body"].read().decode()
    narrator.sent(stage.seen.told())
    narrator.back(f"{_status(answer)}, {len(content)} bytes\n{content.strip()}")
    _told_by_audit(stage, _request_id(answer))
    _expect(content.startswith("month,orders"), "the report is not the one that lies there")
    narrator.done("a statement of her role's policies allows it")


def _overwrite(stage: Stage, credentials: Credentials) -> None:
    narrator = stage.narrator
    narrator.step("Ana overwrites the report: denied (s3:PutObject)")
    narrator.note("The caller is told no more than that it may not; the reason stands in the gateway's audit log.")
    lake = s3_client(stage.world.addresses.lake, stage.seen, credentials)
    _refused(stage, "AccessDenied", 403, lambda: lake.put_object(Bucket=BUCKET, Key=REPORT, Body=_FORGED))
    kept = lake.get_object(Bucket=BUCKET, Key=REPORT)["Body"].read()
    _expect(kept != _FORGED, "the report was overwritten nevertheless")
    narrator.done("refused, with its reason on record, and the report is as it was")


def _ask_in_vain(stage: Stage) -> None:
    narrator = stage.narrator
    narrator.step("Carla, who is in no group, signs in and asks for the same role: denied")
    narrator.note("She signs in as Ana did, and her ID token is just as genuine.")
    carla, exchanges = _came_back(stage, "carla")
    narrator.back(f"{exchanges[-1].back}, sub={carla.claims['sub']}, groups={carla.claims['groups']}")
    client = sts_client(stage.world.addresses.gateway, stage.seen)
    token = carla.id_token
    _refused(
        stage,
        "AccessDenied",
        403,
        lambda: client.assume_role_with_web_identity(RoleArn=ANALYST, RoleSessionName="carla", WebIdentityToken=token),
    )
    narrator.done("no group of hers gives the role, and nothing is given by default")


def _end(stage: Stage, credentials: Credentials) -> None:
    narrator, clock = stage.narrator, stage.world.clock
    narrator.step("Ana's session ends: the world's clock moves past it, the client's dates with it")
    before = clock.now()
    clock.move(credentials.expiration - before + _JUST_AFTER)
    narrator.note(f"{before:%H:%M:%S} -> {clock.now():%H:%M:%S} UTC; her credentials ended at {_hour(credentials)}.")
    sts = sts_client(stage.world.addresses.gateway, stage.seen, credentials)
    _refused(stage, "ExpiredToken", 403, sts.get_caller_identity)
    # Signed with the moved date: else the refusal would be of a date that is off, and prove nothing.
    signed_at = stage.seen.header("X-Amz-Date")
    _expect(signed_at >= f"{credentials.expiration:%Y%m%dT%H%M%SZ}", f"the client signed with {signed_at}")
    lake = s3_client(stage.world.addresses.lake, stage.seen, credentials)
    _refused(stage, "ExpiredToken", 400, lambda: lake.get_object(Bucket=BUCKET, Key=REPORT))
    narrator.done("neither the gateway nor the resource server takes them any more")


def _refused(stage: Stage, code: str, status: int, call: Callable[[], Any]) -> None:
    """Make a call that must be refused so, and tell both sides of the refusal. Raises StepFailed."""
    try:
        call()
    except ClientError as error:
        answer: Mapping[str, Any] = error.response
        stage.narrator.sent(stage.seen.told())
        # The sealed reason behind it is a thousand characters that only DecodeAuthorizationMessage reads.
        told = answer["Error"]["Message"].partition(" Encoded authorization failure message: ")[0]
        stage.narrator.back(f"{_status(answer)} {answer['Error']['Code']}: {told}")
        _told_by_audit(stage, _request_id(answer))
        came = (answer["Error"]["Code"], _status(answer))
        if came != (code, status):
            _fail(f"refused by {came[1]} {came[0]}, not by {status} {code}")
        return
    _fail(f"allowed, where {code} was to come")


def _told_by_audit(stage: Stage, request_id: str) -> None:
    """The audit record of a request: what happened and, of a refusal, the reason that the caller is not told."""
    record = stage.world.audit_record(request_id)
    if record is None:
        _fail(f"the audit log has no line of the request {request_id}")
    details: Mapping[str, Any] = record["additionalEventData"]
    told = {
        "eventName": record["eventName"],
        "errorCode": record.get("errorCode"),
        "cause": details.get("cause"),
        "allowedBy": ", ".join(details.get("allowedBy", ())),
        "requestID": request_id,
    }
    stage.narrator.audit("\n".join(f"{name}={value}" for name, value in told.items() if value))


def _expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001  what is expected, not a mode
    if not holds:
        _fail(otherwise)


def _fail(told: str) -> Never:
    raise StepFailed(told)


def _status(answer: Mapping[str, Any]) -> int:
    status: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status


def _request_id(answer: Mapping[str, Any]) -> str:
    request_id: str = answer["ResponseMetadata"]["RequestId"]
    return request_id


def _hour(credentials: Credentials) -> str:
    return f"{credentials.expiration:%H:%M:%S}"
