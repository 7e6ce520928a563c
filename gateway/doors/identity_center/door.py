"""The door: one call of Identity Center's API in, one JSON answer out."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.errors import GatewayError, InvalidParameter, MethodRefused, NotSignedIn, UnsupportedMedia
from gateway.domain.origin import RequestOrigin
from gateway.exchange.exchange import Exchange
from gateway.exchange.people import device_grant
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.headers import single_header
from gateway.web.limits import read_body
from gateway.web.origin import origin_of
from gateway.web.responses import JSON, Answer, send_answer
from gateway.wire import identity_center_answers as answers
from gateway.wire import identity_center_requests as requests
from gateway.wire.faults import FaultAnswer
from gateway.wire.form import read_fields
from gateway.wire.identity_center_faults import portal_answer_of, token_answer_of

_MAXIMUM_BODY: Final = 64 * 1024
_BEARER: Final = b"x-amz-sso_bearer_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call; `body` and `query` may hold secrets and are never printed."""

    exchange: Exchange
    public_url: str
    origin: RequestOrigin
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def sent(self) -> Mapping[str, Any]:
        """The JSON body. Raises InvalidParameter, UnsupportedMedia."""
        kind = (single_header(self.headers, b"content-type") or "").partition(";")[0].strip().lower()
        # A browser sends a foreign page's `text/plain` without asking; JSON it asks about first.
        if kind not in {"application/json", "application/x-amz-json-1.1"}:
            raise UnsupportedMedia("The body is JSON, and its Content-Type application/json")
        return requests.read_body(self.body)

    @property
    def access_token(self) -> str:
        """Raises NotSignedIn, UnsupportedMedia."""
        token = single_header(self.headers, _BEARER)
        if not token:
            raise NotSignedIn(cause="the request has no access token")
        return token


Use = Callable[[Call], Awaitable[Mapping[str, Any]]]


async def _register(call: Call) -> Mapping[str, Any]:
    asked = requests.register_request(call.sent, call.public_url)
    made = call.exchange.programs.register(asked.client_name, asked.redirect_uris)
    return answers.registration(
        client_id=made.client_id,
        client_secret=made.client_secret,
        issued_at=made.issued_at,
        expires_at=made.expires_at,
        public_url=call.public_url,
    )


async def _start_device(call: Call) -> Mapping[str, Any]:
    asked = requests.device_start(call.sent, call.public_url)
    codes = await call.exchange.programs.start_device(asked.client_id, asked.client_secret, call.origin)
    return answers.device_authorization(
        device_code=codes.device_code,
        user_code=codes.user_code,
        life=device_grant.LIFE,
        interval=device_grant.INTERVAL,
        public_url=call.public_url,
    )


async def _token(call: Call) -> Mapping[str, Any]:
    issued = await call.exchange.programs.issue(requests.token_request(call.sent), call.origin)
    return answers.tokens(
        access_token=issued.access_token, refresh_token=issued.refresh_token, expires_in=issued.expires_in
    )


async def _accounts(call: Call) -> Mapping[str, Any]:
    page = requests.page(call.query)
    found = await call.exchange.programs.roles(call.access_token, call.origin)
    return answers.accounts(list(dict.fromkeys((one.account, one.account_alias) for one in found)), page)


async def _roles(call: Call) -> Mapping[str, Any]:
    page, account = requests.page(call.query), requests.account_id(call.query)
    found = await call.exchange.programs.roles(call.access_token, call.origin)
    return answers.roles(account, [one.role for one in found if one.account == account], page)


async def _credentials(call: Call) -> Mapping[str, Any]:
    account, role = requests.account_id(call.query), requests.role_name(call.query)
    assumed = await call.exchange.programs.credentials(call.access_token, account, role, call.origin)
    return answers.role_credentials(assumed.credentials)


async def _logout(call: Call) -> Mapping[str, Any]:
    await call.exchange.programs.sign_out(call.access_token, call.origin)
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    method: str
    use: Use
    fault: Callable[[GatewayError], FaultAnswer]


OPERATIONS: Final[Mapping[str, Operation]] = {
    "/sso-oidc/client/register": Operation(method="POST", use=_register, fault=token_answer_of),
    "/sso-oidc/device_authorization": Operation(method="POST", use=_start_device, fault=token_answer_of),
    "/sso-oidc/token": Operation(method="POST", use=_token, fault=token_answer_of),
    "/sso/assignment/accounts": Operation(method="GET", use=_accounts, fault=portal_answer_of),
    "/sso/assignment/roles": Operation(method="GET", use=_roles, fault=portal_answer_of),
    "/sso/federation/credentials": Operation(method="GET", use=_credentials, fault=portal_answer_of),
    "/sso/logout": Operation(method="POST", use=_logout, fault=portal_answer_of),
}
"""Path to operation."""


def routes(public_url: str, exchange: Callable[[], Exchange]) -> Mapping[str, Application]:
    """Path to application. `exchange` gives the use cases in force."""
    return {path: _Endpoint(operation, public_url, exchange) for path, operation in OPERATIONS.items()}


class _Endpoint:
    def __init__(self, operation: Operation, public_url: str, exchange: Callable[[], Exchange]) -> None:
        self._operation = operation
        self._public_url = public_url
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            told = await self._operation.use(await self._call(scope, receive))
            answer = Answer(status=200, body=json.dumps(told).encode(), headers=JSON)
        except GatewayError as error:
            answer = _rendered(self._operation.fault(error))
        await send_answer(send, answer)

    async def _call(self, scope: Scope, receive: Receive) -> Call:
        if scope["method"] != self._operation.method:
            raise MethodRefused(f"This is called with {self._operation.method}", allowed=(self._operation.method,))
        headers = tuple(scope["headers"])
        if single_header(headers, b"content-encoding") not in {None, "identity"}:
            raise InvalidParameter("The body is sent as it is, without an encoding", parameter="body")
        return Call(
            exchange=self._exchange(),
            public_url=self._public_url,
            origin=origin_of(scope),
            headers=headers,
            query=read_fields(scope["query_string"], ()),
            body=await read_body(receive, _MAXIMUM_BODY),
        )


def _rendered(fault: FaultAnswer) -> Answer:
    headers = tuple((name.encode("ascii"), value.encode("ascii")) for name, value in fault.headers)
    return Answer(
        status=fault.status,
        body=fault.body,
        headers=((b"content-type", fault.content_type.encode("ascii")), *headers),
    )
