"""GetWebIdentityToken: an ID token in which the gateway, as an OpenID Connect issuer, says who signed the request.

Source: AWS STS API Reference, "GetWebIdentityToken"; IAM User Guide, "Understanding token claims" of outbound identity
federation. Other clouds and stores check such tokens with the keys that `published_keys` shows.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from gateway.domain.assumption import IssuedToken, WebIdentityTokenRequest
from gateway.domain.errors import IssuedTokenTooLarge, SessionOutlived, TokenIssuanceDisabled
from gateway.domain.signing_algorithm import SigningAlgorithm
from gateway.exchange import audit_identities, audit_parameters
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.deciding import allowed_to_ask
from gateway.exchange.parts import Parts
from gateway.exchange.proof import Proof, SignedCall, proven_to_sts
from gateway.exchange.request_keys import Value, principal_tags
from gateway.sealing.issuer_key import IssuerKey

GET_WEB_IDENTITY_TOKEN: Final = "sts:GetWebIdentityToken"  # noqa: S105  an action's name
TAG_WEB_IDENTITY_TOKEN: Final = "sts:TagGetWebIdentityToken"  # noqa: S105  an action's name
CLAIMS_OF_STS: Final = "https://sts.amazonaws.com/"
DEFAULT_DURATION: Final = 300
MAXIMUM_CHARACTERS: Final = 20_000
"""What AWS's own AssumeRoleWithWebIdentity takes; AWS publishes no limit of the tokens that it gives."""


def web_identity_token(
    parts: Parts, request: WebIdentityTokenRequest, call: SignedCall, entry: AuditEntry
) -> IssuedToken:
    """The order: who signed, whether they may, whether the gateway can sign, whether their session lasts that long.

    Raises RequestError, AuthenticationError, AccessDenied, ServiceError.
    """
    entry.request_parameters = audit_parameters.token_parameters(request)
    proof = proven_to_sts(parts, call, entry)
    duration = request.duration or DEFAULT_DURATION
    asked = _asked(request, duration)
    allowed_to_ask(parts, proof, GET_WEB_IDENTITY_TOKEN, asked)
    if request.tags:
        # IAM User Guide: whoever may have a token may not therefore say anything in it.
        allowed_to_ask(parts, proof, TAG_WEB_IDENTITY_TOKEN, asked)
    key = _key_in_force(parts, request.algorithm, proof.now)
    issued_at = int(proof.now.timestamp())
    _check_within_session(proof, issued_at, duration)
    token_id = str(uuid.uuid4())
    token = key.token(
        {
            "iss": parts.public_url,
            # RFC 7519 4.1.3: one audience may be a text of its own.
            "aud": request.audiences[0] if len(request.audiences) == 1 else list(request.audiences),
            "sub": proof.principal.identity_arn,
            "iat": issued_at,
            "exp": issued_at + duration,
            "jti": token_id,
            CLAIMS_OF_STS: _claims_of_sts(parts, proof, request),
        }
    )
    if len(token) > MAXIMUM_CHARACTERS:
        raise IssuedTokenTooLarge(size=len(token), maximum=MAXIMUM_CHARACTERS)
    issued = IssuedToken(token=token, expiration=datetime.fromtimestamp(issued_at + duration, UTC))
    entry.details["tokenId"] = token_id
    entry.succeeded(audit_identities.issued_token(issued))
    return issued


def published_keys(parts: Parts) -> Sequence[Mapping[str, str]]:
    """The public keys, as JWKs, of all ID tokens that may still be alive, and of those to come."""
    return [key.jwk() for key in parts.issuer_keys.published_keys(parts.clock.now())]


def _asked(request: WebIdentityTokenRequest, duration: int) -> dict[str, Value]:
    """The condition keys that the request fills."""
    return {
        "sts:IdentityTokenAudience": list(request.audiences),
        "sts:SigningAlgorithm": request.algorithm.value,
        "sts:DurationSeconds": str(duration),
        "aws:TagKeys": list(request.tags),
        **{f"aws:RequestTag/{key}": value for key, value in request.tags.items()},
    }


def _key_in_force(parts: Parts, algorithm: SigningAlgorithm, now: datetime) -> IssuerKey:
    """Raises TokenIssuanceDisabled."""
    key = parts.issuer_keys.issuer_key(algorithm, now)
    if key is None:
        raise TokenIssuanceDisabled(cause=f"no {algorithm} key of the keyring signs now: `sts-gateway keys list`")
    return key


def _check_within_session(proof: Proof, issued_at: int, duration: int) -> None:
    """Raises SessionOutlived: the token would give its holder more time than the session has."""
    if proof.session is None:
        return
    left = int(proof.session.expires_at.timestamp()) - issued_at
    if duration > left:
        raise SessionOutlived(requested=duration, left=left)


def _claims_of_sts(parts: Parts, proof: Proof, request: WebIdentityTokenRequest) -> dict[str, Any]:
    """What AWS says besides, as far as the gateway knows it."""
    told = {
        "aws_account": proof.principal.account,
        "source_region": parts.region,
        "principal_id": proof.principal.identity_arn,
        "principal_tags": principal_tags(proof.principal, proof.role_tags),
        "request_tags": dict(request.tags),
    }
    return {name: value for name, value in told.items() if value}
