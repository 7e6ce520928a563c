"""Sign-in on a provider's own pages: authorization code with PKCE, nonce and state (OpenID Connect Core 3.1).

What the provider sends back is judged in this order: `iss` (RFC 9207), error, code, then the ID token as every other of
this provider, for the gateway's own `client_id`, and last the nonce, which binds the token to this one sign-in.
"""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar, cast
from urllib.parse import quote_plus

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from gateway.connectors.compact_jws import UnverifiedJws, claims_of, read
from gateway.connectors.connector import Arrived, LoginCallback, LoginTransaction, Refreshed
from gateway.connectors.fetch import Fetcher, FetchFailed, FormRejected
from gateway.connectors.oidc.endpoints import Endpoints, EndpointSource, answered_object
from gateway.connectors.oidc.settings import OidcSettings
from gateway.domain.clock import Clock
from gateway.domain.errors import (
    ExpiredIdentityToken,
    InvalidIdentityToken,
    InvalidTags,
    ProviderUnreachable,
    SignInRefused,
)
from gateway.domain.identity import Identity, UnverifiedToken

_MAXIMUM_CODE: Final = 4_096
_MAXIMUM_REFRESH_TOKEN: Final = 6_000
_OFFLINE: Final = "offline_access"

T = TypeVar("T")
VerifyFor = Callable[[UnverifiedJws, frozenset[str], frozenset[str]], Awaitable[Identity]]


class OidcBrowserLogin:
    """A BrowserLogin of one provider."""

    def __init__(
        self,
        *,
        provider: str,
        settings: OidcSettings,
        verify_for: VerifyFor,
        fetcher: Fetcher,
        clock: Clock,
        monotonic: Callable[[], float],
        deadline: float,
    ) -> None:
        """`deadline`: seconds for all that one step asks of the provider."""
        self._provider = provider
        self._settings = settings
        self._client_id = settings.client_id or ""
        self._verify_for = verify_for
        self._fetcher = fetcher
        self._deadline = deadline
        self._endpoints = EndpointSource(
            provider=provider,
            settings=settings,
            fetcher=fetcher,
            clock=clock,
            deadline=deadline,
            monotonic=monotonic,
        )

    async def aclose(self) -> None:
        """End an asking that is under way."""
        await self._endpoints.aclose()

    async def begin(self, transaction: LoginTransaction) -> str:
        endpoints = await self._asked(self._endpoints.current())
        return cast(
            "str",
            prepare_grant_uri(
                endpoints.authorization,
                client_id=self._client_id,
                response_type="code",
                redirect_uri=transaction.redirect_uri,
                scope=" ".join(self._settings.scopes),
                state=transaction.state,
                nonce=transaction.nonce,
                code_challenge=create_s256_code_challenge(transaction.code_verifier),
                code_challenge_method="S256",
            ),
        )

    async def complete(self, transaction: LoginTransaction, callback: LoginCallback) -> Arrived:
        endpoints = await self._asked(self._endpoints.current())
        # RFC 9207 2.4: a mix-up attack brings the answer of another provider.
        if callback.issuer != self._settings.issuer and (callback.issuer is not None or endpoints.names_itself):
            raise SignInRefused(cause="the parameter iss is not the provider's issuer")
        if callback.error is not None:
            raise SignInRefused(cause="the provider answered with an error: the person or the provider declined")
        if not callback.code or len(callback.code) > _MAXIMUM_CODE:
            raise SignInRefused(cause="the callback has no code")
        answer = await self._asked(self._redeemed(endpoints, transaction, callback.code))
        parsed = read(_id_token(answer))
        identity = await self._verified(parsed)
        nonce = claims_of(parsed).get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), transaction.nonce.encode()):
            raise SignInRefused(cause="the ID token's nonce is not the one of this sign-in")
        # Without offline_access a refresh token is for as long as the person sits there (Core 11): one that ends with
        # the provider's own session says nothing of the person.
        token = _refresh_token(answer) if _OFFLINE in self._settings.scopes else None
        return Arrived(identity=identity, refresh_token=token)

    async def refresh(self, refresh_token: str, person: Identity) -> Refreshed:
        endpoints = await self._asked(self._endpoints.current())
        body = prepare_token_request("refresh_token", refresh_token=refresh_token)
        answer = await self._asked(self._token_answer(endpoints, body))
        token = answer.get("id_token")
        # Core 12.2: the answer need not tell anew who the person is.
        identity = None if token is None else await self._same(person, _id_token(answer))
        return Refreshed(identity=identity, refresh_token=_refresh_token(answer))

    async def _same(self, person: Identity, token: UnverifiedToken) -> Identity:
        try:
            identity = await self._verified(read(token))
        except (InvalidIdentityToken, ExpiredIdentityToken, InvalidTags) as fault:
            raise ProviderUnreachable(provider=self._provider, cause=f"its refreshed ID token: {fault.cause}") from None
        # Core 12.2: of the same person, or it must not be believed.
        if identity.subject != person.subject:
            raise SignInRefused(cause="the refreshed ID token is of somebody else")
        return identity

    async def _verified(self, token: UnverifiedJws) -> Identity:
        client = frozenset((self._client_id,))
        return await self._verify_for(token, client, client)

    async def _redeemed(self, endpoints: Endpoints, transaction: LoginTransaction, code: str) -> Mapping[str, Any]:
        """What the code is worth."""
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=transaction.redirect_uri,
            code=code,
            code_verifier=transaction.code_verifier,
        )
        return await self._token_answer(endpoints, body)

    async def _token_answer(self, endpoints: Endpoints, body: str) -> Mapping[str, Any]:
        """Raises SignInRefused, FetchFailed."""
        _, headers, body = self._client_auth(endpoints).prepare("POST", endpoints.token, {}, body)
        try:
            answer = await self._fetcher.post(endpoints.token, body, headers)
        except FormRejected as rejected:
            # RFC 6749 5.2: any other error is of the client and its settings, not of the person.
            if answered_object(rejected.body).get("error") == "invalid_grant":
                raise SignInRefused(cause="the provider takes the code or refresh token no longer") from None
            raise
        return answered_object(answer.body)

    def _client_auth(self, endpoints: Endpoints) -> ClientAuth:
        if self._settings.client_secret is None:
            return ClientAuth(self._client_id, "", "none")
        secret = self._settings.client_secret.get_secret_value()
        if endpoints.secret_in_form:
            return ClientAuth(self._client_id, secret, "client_secret_post")
        # RFC 6749 2.3.1: both are form-encoded before they become a user name and a password.
        return ClientAuth(quote_plus(self._client_id), quote_plus(secret), "client_secret_basic")

    async def _asked(self, question: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                return await question
        except TimeoutError:
            cause = f"no answer within {self._deadline:g} seconds"
        except FetchFailed as failed:
            cause = str(failed)
        raise ProviderUnreachable(provider=self._provider, cause=cause)


def _id_token(answer: Mapping[str, Any]) -> UnverifiedToken:
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise SignInRefused(cause="the provider's token endpoint gave no id_token")
    return UnverifiedToken(token)


def _refresh_token(answer: Mapping[str, Any]) -> str | None:
    """None too for one that is longer than a record has room for."""
    token = answer.get("refresh_token")
    return token if isinstance(token, str) and 0 < len(token) <= _MAXIMUM_REFRESH_TOKEN else None
