"""Verifying signed requests in a resource server's own process.

    signature's form, scope, time -> revocations fresh -> known session, or the gateway is shown this request
    -> signature and body -> not ended, not revoked -> what it asks for -> the caller's policies -> Caller

Each request is verified and decided anew; kept are only the key of a session's scope and its parsed policies, which are
at most 60 seconds old while the gateway answers. While it does not, sessions that are known go on until its revocations
have not been heard for `max_staleness`; others are refused at once.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from gateway.actions.registry import actions_of
from gateway.client.api import GatewayApi, GatewayRefusal
from gateway.client.aws_credentials import AwsCredentials, find
from gateway.client.connection import GatewayUnreachable
from gateway.domain.authentication import Authenticated, ShownRequest
from gateway.domain.clock import SteadyClock, utc_text
from gateway.domain.errors import (
    AuthenticationError,
    ExpiredSession,
    GatewayError,
    MalformedPolicyDocument,
    MalformedSignedRequest,
    RevokedSession,
    SignatureMismatch,
    StateUnavailable,
    UnknownAccessKey,
)
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import Service, ServiceType
from gateway.resource.caller import Caller, Value
from gateway.resource.followed import FollowedRevocations
from gateway.resource.known import CAPACITY, Key, KnownSession, KnownSessions, UnusableAnswer, key_of
from gateway.sigv4.payload import PayloadMode
from gateway.sigv4.request import HttpRequest, parse
from gateway.sigv4.rules import S3_RULES, SERVICE_RULES, SigningRules
from gateway.sigv4.scope import check_scope
from gateway.sigv4.signed_request import SignedRequest
from gateway.sigv4.string_to_sign import strings_to_sign
from gateway.sigv4.verify import check_body, check_time, verify

MAX_STALENESS: Final = timedelta(minutes=5)
TIMEOUT: Final = 3.0
_PAUSE: Final = timedelta(seconds=2)
"""How long a gateway that did not answer is left alone."""
_RULES: Final[Mapping[ServiceType, SigningRules]] = {ServiceType.S3: S3_RULES}
_NO_KEYS: Final[Mapping[str, str]] = {}
_SIGNED_CHUNKS: Final = frozenset({PayloadMode.STREAMING_HMAC.value, PayloadMode.STREAMING_HMAC_TRAILER.value})

_LOG: Final = logging.getLogger("gateway.resource")


class Verifier:
    """Verifies requests to one service. Safe to use from several threads, and from several event loops."""

    def __init__(
        self,
        gateway: str,
        service: Service,
        *,
        credentials: Callable[[], AwsCredentials] | None = None,
        ca_file: str | None = None,
        max_staleness: timedelta = MAX_STALENESS,
        capacity: int = CAPACITY,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """`gateway`: its public_url; `service`: made by `execute_api`, `json_service` or `s3`.

        `credentials` is called whenever the gateway is asked; by default it finds what the AWS CLI would.
        Raises UnusableAddress.
        """
        self.service = service
        self._rules = _RULES.get(service.type, SERVICE_RULES)
        self._clock = clock or SteadyClock().now
        self._api = GatewayApi(
            url=gateway,
            credentials=credentials or (lambda: find(os.environ)),
            ca_file=ca_file,
            timeout=TIMEOUT,
            clock=lambda: self._clock().astimezone(UTC),
        )
        self._known = KnownSessions(capacity)
        self._revocations = FollowedRevocations(self._api, clock=self._clock, max_staleness=max_staleness)
        self._away_until = self._clock()

    def close(self) -> None:
        """Follow the revocations no longer."""
        self._revocations.close()

    def verify(self, http: HttpRequest, body: bytes, origin: RequestOrigin) -> Caller:
        """Whoever signed, where they may do what the request asks for.

        `body`: all of it; `origin`: where it came from, as far as this server may believe it.
        Raises MalformedSignedRequest, AuthenticationError, UnmappedRequest, ActionDenied, ServiceError.
        """
        now = self._clock()
        signed, body_sha256 = self._read(http, now), sha256(body).hexdigest()
        self._revocations.start()
        known = self._proven(signed, body_sha256, now)
        return self._judged(known, signed, body, origin, now)

    async def verify_async(self, http: HttpRequest, body: bytes, origin: RequestOrigin) -> Caller:
        """As `verify`; where the gateway has to be asked, a thread waits for it, and the event loop does not."""
        now = self._clock()
        signed, body_sha256 = self._read(http, now), sha256(body).hexdigest()
        if self._revocations.is_followed:
            known = self._known.get(key_of(signed))
            if known is not None and known.signing_key is not None and now < known.policies_expire:
                self._check(known, signed, known.signing_key, body_sha256, now)
                return self._judged(known, signed, body, origin, now)
        return await asyncio.to_thread(self.verify, http, body, origin)

    def _read(self, http: HttpRequest, now: datetime) -> SignedRequest:
        """Raises MalformedSignedRequest, AuthenticationError."""
        signed = parse(http)
        _refuse_signed_chunks(signed)
        check_scope(signed.scope, service=self.service.signing_name, region=self.service.region)
        check_time(signed, now)
        return signed

    def _proven(self, signed: SignedRequest, body_sha256: str, now: datetime) -> KnownSession:
        """The session whose key signed, asked for where it is not known, or not well enough."""
        key = key_of(signed)
        known = self._known.get(key)
        if known is not None and known.signing_key is not None:
            # Before the gateway is asked about it: nobody can make it work by signatures that do not hold.
            self._check(known, signed, known.signing_key, body_sha256, now)
            if now < known.policies_expire:
                return known
        try:
            fresh = self._asked(signed, body_sha256, now)
        except StateUnavailable:
            if known is None or known.signing_key is None:
                raise
            return known
        except AuthenticationError:
            self._known.drop(key)
            raise
        self._keep(key, fresh)
        check_body(signed.payload_hash, body_sha256)
        self._check_alive(fresh, now)
        return fresh

    def _keep(self, key: Key, known: KnownSession) -> None:
        if known.signing_key is not None:
            self._known.put(key, known)

    def _check(
        self, known: KnownSession, signed: SignedRequest, signing_key: bytes, body_sha256: str, now: datetime
    ) -> None:
        """Raises MalformedSignedRequest, AuthenticationError, StateUnavailable."""
        verify(signed, signing_key, self._rules, body_sha256=body_sha256)
        self._check_alive(known, now)

    def _check_alive(self, known: KnownSession, now: datetime) -> None:
        self._revocations.check_staleness(now)
        if known.expiration is not None and known.expiration <= now:
            raise ExpiredSession(expired_at=known.expiration)
        self._revocations.check(known.principal)

    def _asked(self, signed: SignedRequest, body_sha256: str, now: datetime) -> KnownSession:
        """What the gateway says of a request that is shown to it. Raises AuthenticationError, StateUnavailable."""
        self._revocations.check_staleness(now)
        if now < self._away_until:
            raise StateUnavailable(cause="the gateway did not answer a moment ago")
        try:
            return KnownSession.of(self._shown(signed, body_sha256), now)
        except GatewayUnreachable as error:
            self._away_until = now + _PAUSE
            raise StateUnavailable(cause=str(error)) from None
        except (UnusableAnswer, MalformedPolicyDocument) as error:
            raise StateUnavailable(cause=str(error)) from None
        except GatewayRefusal as refusal:
            if refusal.of_request:
                raise _error_of(refusal, now) from None
            _LOG.error("the gateway refuses this server: %s: %s", refusal.code, refusal)
            raise StateUnavailable(cause=f"the gateway refuses this server: {refusal}") from None

    def _shown(self, signed: SignedRequest, body_sha256: str) -> Authenticated:
        texts = strings_to_sign(signed, self._rules, body_sha256=body_sha256)
        for text in texts[:-1]:
            try:
                return self._api.authenticate(self._request(signed, text))
            except GatewayRefusal as refusal:
                if not refusal.of_request or refusal.fault != SignatureMismatch.code:
                    raise
        return self._api.authenticate(self._request(signed, texts[-1]))

    def _request(self, signed: SignedRequest, string_to_sign: str) -> ShownRequest:
        return ShownRequest(
            service=self.service.name,
            access_key_id=signed.access_key_id,
            session_token=signed.session_token,
            string_to_sign=string_to_sign,
            signature=signed.signature,
            expires=signed.expires,
        )

    def _judged(
        self, known: KnownSession, signed: SignedRequest, body: bytes, origin: RequestOrigin, now: datetime
    ) -> Caller:
        """Raises UnmappedRequest, ActionDenied."""
        keys = {**known.keys, **_request_keys(origin, now)}
        caller = Caller(principal=known.principal, policies=known.policies, keys=keys)
        own = _signature_age(signed, now) if self.service.type is ServiceType.S3 else _NO_KEYS
        for action in actions_of(self.service, signed.http, body):
            caller.require_all(action, own)
        return caller


def _refuse_signed_chunks(signed: SignedRequest) -> None:
    """Raise MalformedSignedRequest for a body whose chunks are signed one by one: nothing here checks them."""
    if signed.payload_hash in _SIGNED_CHUNKS:
        raise MalformedSignedRequest(
            f"x-amz-content-sha256 {signed.payload_hash} is not taken here: turn chunked encoding off in the client "
            "(AWS SDK for Java: chunkedEncodingEnabled(false))",
            kind="unsupported_payload_hash",
        )


def _signature_age(signed: SignedRequest, now: datetime) -> Mapping[str, str]:
    return {"s3:signatureAge": str(max(0, int((now - signed.timestamp).total_seconds() * 1_000)))}


def _request_keys(origin: RequestOrigin, now: datetime) -> Mapping[str, Value]:
    values = {
        "aws:sourceip": origin.source_ip,
        "aws:useragent": origin.user_agent,
        "aws:securetransport": None if origin.secure_transport is None else str(origin.secure_transport).lower(),
        "aws:currenttime": utc_text(now),
        "aws:epochtime": str(int(now.timestamp())),
    }
    return {name: value for name, value in values.items() if value is not None}


def _error_of(refusal: GatewayRefusal, now: datetime) -> GatewayError:
    """The gateway's word on a shown request, as the error that it would have been here."""
    made = _ERRORS.get(refusal.fault)
    return UnknownAccessKey(cause=f"{refusal.fault}: {refusal}") if made is None else made(now)


_ERRORS: Final[Mapping[str, Callable[[datetime], GatewayError]]] = {
    SignatureMismatch.code: lambda _: SignatureMismatch(),
    ExpiredSession.code: lambda now: ExpiredSession(expired_at=now),
    RevokedSession.code: lambda _: RevokedSession(kind="session", value="that the gateway knows"),
}
