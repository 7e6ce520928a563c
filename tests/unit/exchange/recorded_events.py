"""Events as the exchange records them: each scene lets somebody ask for something, and gives the audit record of it."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from gateway.domain.assumption import FederationRequest, RoleRequest, SessionRequest, SessionTokenRequest
from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.errors import GatewayError
from gateway.domain.identity import UnverifiedToken
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import ServiceType
from gateway.exchange.proof import SignedCall
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES
from tests.fakes.gateway_world import ORIGIN, GatewayWorld, sha256

Record = Mapping[str, Any]
Scene = Callable[[GatewayWorld], Awaitable[Record]]

HOME, AWAY = "111122223333", "444455556666"
ANALYST = f"arn:aws:iam::{HOME}:role/Analyst"
ADMIN = f"arn:aws:iam::{HOME}:role/team/Admin"
GUEST = f"arn:aws:iam::{AWAY}:role/Guest"
CI = ("AKIAEXAMPLEEXAMPLE22", "0123456789abcdefghij")
WORKLOAD = "system:serviceaccount:etl:loader"
SCANNER = RequestOrigin(request_id="r-2", source_ip="198.51.100.9", user_agent="sqlmap/1.7 (https://sqlmap.org) kali")
ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_BODY: Final = urlencode({"Action": "x"}).encode()
_TRUST: Final = (
    f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{HOME}"}},'
    '"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"]}]}'
)

SECTIONS: Final[Mapping[str, str]] = {
    "accounts": f'home: "{HOME}"\naway: "{AWAY}"',
    "roles": f"""
        home/Analyst: {{policies: [all]}}
        home/Admin: {{path: /team/, policies: [all], trust_policy: {_TRUST}}}
        away/Guest: {{policies: [all], trust_policy: {_TRUST}}}
        """,
    "policies": f"all: {ALL}",
    "mappings": "- {provider: workforce, groups: [analysts], roles: [home/Analyst]}",
    "users": f"home/ci: {{access_keys: [{{id: {CI[0]}, secret: {CI[1]}}}], policies: [all]}}",
    "services": """
        store: {type: s3, hosts: [s3.example.com], proxy_token: x, account: home}
        orders: {type: execute-api, hosts: [orders.example.com], proxy_token: x, id: orders, account: home}
        tables: {type: json, hosts: [tables.example.com], proxy_token: x, service: dynamodb, account: home}
        """,
}


def call(world: GatewayWorld, credentials: Any, origin: RequestOrigin = ORIGIN) -> SignedCall:
    return SignedCall(http=world.signed(credentials, body=_BODY), body_sha256=sha256(_BODY), origin=origin)


def _assume(world: GatewayWorld, credentials: Any, role: str = ADMIN, **asked: Any) -> Record:
    session = SessionRequest(role_arn=role, session_name="deploy", duration=asked.pop("duration", None))
    with suppress(GatewayError):
        world.exchange.assume_role(RoleRequest(session=session, **asked), call(world, credentials))
    return world.audit.last


async def _web_identity(world: GatewayWorld, token: UnverifiedToken, **asked: Any) -> Record:
    with suppress(GatewayError):
        await world.assume(token, **asked)
    return world.audit.last


async def _session(world: GatewayWorld) -> TemporaryCredentials:
    return (await world.assume()).credentials


def _federated(world: GatewayWorld, **asked: Any) -> TemporaryCredentials:
    session = SessionRequest(role_arn=None, session_name="guest", **asked)
    return world.exchange.federation_token(FederationRequest(session=session), call(world, CI)).credentials


def _who(world: GatewayWorld, credentials: Any, origin: RequestOrigin = ORIGIN) -> Record:
    with suppress(GatewayError):
        world.exchange.caller_identity(call(world, credentials, origin))
    return world.audit.last


def asks_service(
    world: GatewayWorld, credentials: Any, name: str, method: str = "GET", target: str | None = None
) -> Record:
    """The record of a request to the resource server of this name. `target`: the operation of a JSON service."""
    service = next(one for one in world.configuration.services if one.name == name)
    headers = {} if target is None else {"x-amz-target": target, "content-type": "application/x-amz-json-1.0"}
    http = world.signed(
        credentials,
        method=method,
        path="/" if target else "/lake/a",
        headers=headers,
        host=service.hosts[0],
        service=service.signing_name,
        rules=S3_RULES if service.type is ServiceType.S3 else SERVICE_RULES,
    )
    world.exchange.authorize(http, service, b"", sha256(b""), ORIGIN)
    return world.audit.last


async def person_signs_in(world: GatewayWorld) -> Record:
    return await _web_identity(world, world.token(), duration=3_600)


async def person_is_refused(world: GatewayWorld) -> Record:
    return await _web_identity(world, world.token("others"))


async def forged_token_is_refused(world: GatewayWorld) -> Record:
    return await _web_identity(world, UnverifiedToken(world.token()[:-8] + "AAAAAAAA"))


async def workload_signs_in(world: GatewayWorld) -> Record:
    return await _web_identity(world, world.token(sub=WORKLOAD))


async def workload_is_refused(world: GatewayWorld) -> Record:
    return await _web_identity(world, world.token("others", sub=WORKLOAD))


async def session_chains(world: GatewayWorld) -> Record:
    return _assume(world, await _session(world))


async def session_chains_across_accounts(world: GatewayWorld) -> Record:
    return _assume(world, await _session(world), GUEST)


async def user_assumes(world: GatewayWorld) -> Record:
    return _assume(
        world, CI, duration=900, external_id="x-1", tags={"team": "blue"}, source_identity="alice",
        transitive_tag_keys=frozenset({"team"}),
    )  # fmt: skip


async def user_is_refused_a_role(world: GatewayWorld) -> Record:
    return _assume(world, CI, f"arn:aws:iam::{HOME}:role/Nobody")


async def user_assumes_with_mfa(world: GatewayWorld) -> Record:
    return _assume(world, CI, serial_number=f"arn:aws:iam::{HOME}:mfa/ci", mfa_code=True)


async def user_gets_session_token(world: GatewayWorld) -> Record:
    world.exchange.session_token(SessionTokenRequest(duration=900), call(world, CI))
    return world.audit.last


async def session_is_refused_session_token(world: GatewayWorld) -> Record:
    credentials = await _session(world)
    with suppress(GatewayError):
        world.exchange.session_token(SessionTokenRequest(), call(world, credentials))
    return world.audit.last


async def user_federates(world: GatewayWorld) -> Record:
    _federated(world, policy=ALL, duration=900)
    return world.audit.last


async def user_federates_without_policy(world: GatewayWorld) -> Record:
    _federated(world)
    return world.audit.last


async def session_is_refused_federation(world: GatewayWorld) -> Record:
    credentials = await _session(world)
    session = SessionRequest(role_arn=None, session_name="guest")
    with suppress(GatewayError):
        world.exchange.federation_token(FederationRequest(session=session), call(world, credentials))
    return world.audit.last


async def user_asks_who_it_is(world: GatewayWorld) -> Record:
    return _who(world, CI)


async def temporary_user_asks_who_it_is(world: GatewayWorld) -> Record:
    opened = world.exchange.session_token(SessionTokenRequest(), call(world, CI))
    return _who(world, opened.credentials)


async def session_asks_who_it_is(world: GatewayWorld) -> Record:
    return _who(world, await _session(world))


async def federated_user_asks_who_it_is(world: GatewayWorld) -> Record:
    return _who(world, _federated(world))


async def scanner_asks_who_it_is(world: GatewayWorld) -> Record:
    return _who(world, CI, SCANNER)


async def stranger_asks_who_it_is(world: GatewayWorld) -> Record:
    return _who(world, ("AKIAEXAMPLEEXAMPLE99", "0123456789abcdefghij"))


async def session_reads_an_object(world: GatewayWorld) -> Record:
    return asks_service(world, await _session(world), "store")


async def session_writes_an_object(world: GatewayWorld) -> Record:
    return asks_service(world, await _session(world), "store", "PUT")


SCENES: Final[tuple[Scene, ...]] = (
    person_signs_in, person_is_refused, forged_token_is_refused, workload_signs_in, workload_is_refused, session_chains,
    session_chains_across_accounts, user_assumes, user_is_refused_a_role, user_assumes_with_mfa,
    user_gets_session_token, session_is_refused_session_token, user_federates, user_federates_without_policy,
    session_is_refused_federation, user_asks_who_it_is, temporary_user_asks_who_it_is, session_asks_who_it_is,
    federated_user_asks_who_it_is, scanner_asks_who_it_is, stranger_asks_who_it_is, session_reads_an_object,
    session_writes_an_object,
)  # fmt: skip
