"""The actions of STS, each from its parameters to a use case of the exchange and back to the members of its answer."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gateway.domain.origin import RequestOrigin
from gateway.exchange.exchange import Exchange
from gateway.exchange.proof import SignedCall
from gateway.sigv4.request import HttpRequest
from gateway.wire import sts_answers, sts_operations, sts_requests
from gateway.wire.sts_answers import Answer
from gateway.wire.sts_query import Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request of a known action; parameters and body may hold secrets and are never printed."""

    http: HttpRequest = field(repr=False)
    parameters: Parameters = field(repr=False)
    body: bytes = field(repr=False)
    origin: RequestOrigin

    def signed_call(self) -> SignedCall:
        return SignedCall(http=self.http, body_sha256=hashlib.sha256(self.body).hexdigest(), origin=self.origin)


Use = Callable[[Exchange], Awaitable[Answer]]
"""A request that has been read whole; the exchange records whatever comes of it."""


def _assume_role_with_web_identity(request: Request) -> Use:
    asked = sts_requests.web_identity_request(request.parameters)

    async def use(exchange: Exchange) -> Answer:
        return sts_answers.web_identity(await exchange.assume_role_with_web_identity(asked, request.origin))

    return use


def _assume_role_with_ldap_identity(request: Request) -> Use:
    asked = sts_requests.password_request(request.parameters)

    async def use(exchange: Exchange) -> Answer:
        return sts_answers.ldap_identity(await exchange.assume_role_with_password(asked, request.origin))

    return use


def _assume_role_with_saml(request: Request) -> Use:
    asked = sts_requests.saml_request(request.parameters)

    async def use(exchange: Exchange) -> Answer:
        return sts_answers.saml(await exchange.assume_role_with_saml(asked, request.origin))

    return use


def _signed(
    read: Callable[[Parameters], Any],
    use_case: Callable[[Exchange, Any, SignedCall], Any],
    answer: Callable[[Any], Answer],
) -> Callable[[Request], Use]:
    """A signed action: what `read` gives goes to `use_case`, and what that gives to `answer`."""

    def prepare(request: Request) -> Use:
        asked = read(request.parameters)

        async def use(exchange: Exchange) -> Answer:
            return answer(use_case(exchange, asked, request.signed_call()))

        return use

    return prepare


def _nothing(_: Parameters) -> None:
    """The action has no parameters."""


ACTIONS: Final[Mapping[str, Callable[[Request], Use]]] = {
    sts_operations.ASSUME_ROLE.name: _signed(sts_requests.role_request, Exchange.assume_role, sts_answers.role_session),
    sts_operations.ASSUME_ROLE_WITH_LDAP_IDENTITY.name: _assume_role_with_ldap_identity,
    sts_operations.ASSUME_ROLE_WITH_SAML.name: _assume_role_with_saml,
    sts_operations.ASSUME_ROLE_WITH_WEB_IDENTITY.name: _assume_role_with_web_identity,
    sts_operations.DECODE_AUTHORIZATION_MESSAGE.name: _signed(
        sts_requests.encoded_message, Exchange.decoded_message, sts_answers.decoded_message
    ),
    sts_operations.GET_ACCESS_KEY_INFO.name: _signed(
        sts_requests.access_key_id, Exchange.account_of_key, sts_answers.access_key_info
    ),
    sts_operations.GET_CALLER_IDENTITY.name: _signed(
        _nothing, lambda exchange, _, call: exchange.caller_identity(call), sts_answers.caller_identity
    ),
    sts_operations.GET_FEDERATION_TOKEN.name: _signed(
        sts_requests.federation_request, Exchange.federation_token, sts_answers.federation_token
    ),
    sts_operations.GET_SESSION_TOKEN.name: _signed(
        sts_requests.session_token_request, Exchange.session_token, sts_answers.session_token
    ),
    sts_operations.GET_WEB_IDENTITY_TOKEN.name: _signed(
        sts_requests.web_identity_token_request, Exchange.web_identity_token, sts_answers.web_identity_token
    ),
}
"""One row for each of `wire.sts_operations.OPERATIONS`. A reader raises RequestError before the exchange is asked."""
