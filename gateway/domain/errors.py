"""Everything that can go wrong, one class each, with the evidence as fields.

    GatewayError
    ├── RequestError               the caller's request cannot be read; mend the request
    │   ├── ValidationFailed       parameters outside their shape, all told at once
    │   ├── InvalidParameter, MissingParameter, InvalidArn
    │   ├── MissingAction, UnknownAction, MethodRefused, UnreadableQuery, UnsupportedMedia, BodyTooLarge
    │   ├── DurationTooLong, InvalidTags, PackedPolicyTooLarge, MalformedPolicyDocument
    │   ├── InvalidAuthorizationMessage, IssuedTokenTooLarge
    │   ├── FormRefused            a form that did not come from a page of ours in this browser
    │   ├── UnmappedRequest        a request to a resource server that no action describes
    │   └── MalformedSignedRequest the signature's own syntax; what a signer got wrong
    ├── IdentityError              what an identity provider vouched for does not hold; sign in again
    │   ├── UnknownIssuer, InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim
    │   ├── RejectedLogin          a name and a password that open nothing
    │   ├── SignInRefused          a browser's sign-in that does not hold, whatever the reason
    │   └── ProviderUnreachable    the provider did not answer; try again
    ├── GrantError                 an OAuth client asks for a token of a person and gets none (RFC 6749, RFC 8628)
    │   ├── InvalidClient, InvalidRedirect, InvalidGrant, UnsupportedGrant, ExpiredGrant
    │   └── AuthorizationPending, PolledTooFast, AuthorizationDeclined
    ├── AuthenticationError        a signed request whose signer is not proven
    │   ├── NotSignedIn            no session of a person, or one that has ended
    │   ├── MissingAuthentication, UnsupportedSignature, UnknownAccessKey, ExpiredSession, RevokedSession
    │   ├── SignatureMismatch, ScopeMismatch, RequestTimeSkewed, PresignedUrlExpired
    │   ├── PayloadHashMismatch
    │   └── ShownRequestRefused    what a resource server shows, not what it sends, does not hold
    ├── AccessDenied               proven, and not allowed
    │   ├── RoleAssumptionDenied   before anybody is signed in: the role may be missing or may refuse, told alike
    │   ├── MfaRefused, SessionCallerRefused, SessionOutlived
    │   ├── ProxyRefused           whoever asks for a decision is not the proxy of a service, or names no request
    │   ├── TokenIssuanceDisabled  the gateway has no key that signs ID tokens
    │   └── ActionDenied           a signed principal may not do this
    └── ServiceError               our own fault or our surroundings'; try again
        ├── AuditUnavailable, KeyringUnavailable, StateUnavailable, Overloaded
        └── InternalFault

`code` is stable and names the cause in the audit log. `str(error)` may be shown to the caller of an API in any
dialect: it holds no secret, no token and nothing that tells an attacker more than the answer's code. `cause` is for
the audit log alone. A door renders errors by the one fault table of its dialect in `gateway.wire`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


class GatewayError(Exception):
    """Catch this at a door; anything else that reaches it is a bug."""

    code: ClassVar[str] = "gateway_error"

    def __init__(self, message: str, *, cause: str | None = None) -> None:
        super().__init__(message)
        self.cause = cause or message


class RequestError(GatewayError):
    """Catch this where a request's text is at fault, whoever sent it."""

    code = "request_error"


@dataclass(frozen=True, slots=True)
class Violation:
    """One parameter outside its shape: lowerCamel member name, value as sent (None: absent), the broken constraint.

    A value that may be a secret is given as None with `redacted` set.
    """

    member: str
    value: str | None
    constraint: str
    redacted: bool = False


class ValidationFailed(RequestError):
    """Parameters outside their shapes, all of them at once (AWS's ValidationError)."""

    code = "validation_failed"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        told = "; ".join(_told(violation) for violation in self.violations)
        count = len(self.violations)
        super().__init__(f"{count} validation error{'s' if count > 1 else ''} detected: {told}")


def _told(violation: Violation) -> str:
    if violation.redacted:
        value = "Value"
    elif violation.value is None:
        value = "Value null"
    else:
        value = f"Value '{violation.value}'"
    return f"{value} at '{violation.member}' failed to satisfy constraint: {violation.constraint}"


class InvalidParameter(RequestError):
    """A parameter that is well-formed and still cannot be: the message names it and the mend."""

    code = "invalid_parameter"

    def __init__(self, message: str, *, parameter: str) -> None:
        super().__init__(message)
        self.parameter = parameter


class MissingParameter(RequestError):
    """A parameter that must be there and is not, in the words of MinIO's STS."""

    code = "missing_parameter"


class InvalidArn(RequestError):
    code = "invalid_arn"

    def __init__(self, *, value: str, is_arn: bool) -> None:
        super().__init__("Request ARN is invalid" if is_arn else f"{value} is invalid")
        self.value = value


class MissingAction(RequestError):
    code = "missing_action"

    def __init__(self) -> None:
        super().__init__("Missing Action: name an STS action in the Action parameter")


class UnknownAction(RequestError):
    code = "unknown_action"

    def __init__(self, *, action: str, version: str | None, hint: str = "") -> None:
        super().__init__(f"Could not find operation {action} for version {version or 'NO_VERSION_SPECIFIED'}{hint}")
        self.action = action
        self.version = version


class MethodRefused(RequestError):
    """A method that this path does not take, or that may not carry a secret."""

    code = "method_refused"

    def __init__(self, message: str, *, allowed: Sequence[str]) -> None:
        super().__init__(message)
        self.allowed = tuple(allowed)


class UnreadableQuery(RequestError):
    """A form or query that is not one: bad percent-encoding, not UTF-8, a key given twice, too many keys."""

    code = "unreadable_query"


class UnsupportedMedia(RequestError):
    code = "unsupported_media"


class BodyTooLarge(RequestError):
    code = "body_too_large"

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"The request body is larger than {limit} bytes")
        self.limit = limit


class DurationTooLong(RequestError):
    """More seconds asked for than the role, or role chaining, allows."""

    code = "duration_too_long"

    def __init__(self, message: str, *, requested: int, maximum: int) -> None:
        super().__init__(message)
        self.requested = requested
        self.maximum = maximum


class InvalidTags(RequestError):
    """Session tags that contradict each other or a limit (AWS's InvalidParameterValue)."""

    code = "invalid_tags"


class PackedPolicyTooLarge(RequestError):
    code = "packed_policy_too_large"

    def __init__(self, *, percent: int) -> None:
        super().__init__(
            f"Packed policies and session tags consume {percent}% of allotted space, please use smaller ones"
        )
        self.percent = percent


class MalformedPolicyDocument(RequestError):
    """A policy outside the IAM grammar. `path` leads to the fault: `Statement[1].Condition.StringLike`."""

    code = "malformed_policy_document"

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(
            f"Syntax errors in policy: {path}: {problem}" if path else f"Syntax errors in policy: {problem}"
        )
        self.path = path
        self.problem = problem


class FormRefused(RequestError):
    """A form whose token is not this browser's, or that another site sent (CSRF)."""

    code = "form_refused"

    def __init__(self, *, cause: str) -> None:
        super().__init__("This form is too old, or was not sent by this page; load the page again", cause=cause)


class UnmappedRequest(RequestError):
    """A request to a resource server whose meaning the gateway does not know: refused, never guessed."""

    code = "unmapped_request"

    def __init__(self, *, cause: str) -> None:
        super().__init__("A header or query you provided implies functionality that is not implemented", cause=cause)


class InvalidAuthorizationMessage(RequestError):
    """What should be an encoded authorization message of this gateway is none, or has expired."""

    code = "invalid_authorization_message"

    def __init__(self, *, cause: str) -> None:
        super().__init__("Message is not valid", cause=cause)


class IssuedTokenTooLarge(RequestError):
    """What is asked for would make an ID token of the gateway's own larger than anybody takes."""

    code = "issued_token_too_large"

    def __init__(self, *, size: int, maximum: int) -> None:
        super().__init__(
            f"The requested token has {size} characters, and at most {maximum} are allowed; "
            "use fewer or shorter request tags and audiences"
        )
        self.size = size
        self.maximum = maximum


class MalformedSignedRequest(RequestError):
    """A request whose signature parameters cannot be read; never echoes the header, which holds the signature.

    `kind` is the S3 dialect's finer code for the same fault: `header`, `query`, `missing_payload_hash`,
    `two_mechanisms`, `unsupported_payload_hash`, `unsigned_headers`.
    """

    code = "malformed_signed_request"

    def __init__(self, message: str, *, kind: str = "header") -> None:
        super().__init__(message)
        self.kind = kind


class IdentityError(GatewayError):
    """Catch this where a login from outside is at fault."""

    code = "identity_error"


class UnknownIssuer(IdentityError):
    code = "unknown_issuer"

    def __init__(self, *, issuer: str) -> None:
        super().__init__(f"No OpenIDConnect provider found in your account for {issuer}")
        self.issuer = issuer


class InvalidIdentityToken(IdentityError):
    """The token, assertion or login cannot be believed. `cause` is exact; the message is what the caller may know."""

    code = "invalid_identity_token"


class ExpiredIdentityToken(IdentityError):
    code = "expired_identity_token"

    def __init__(self, *, now: int, expired_at: int, message: str | None = None) -> None:
        """`message`: what the caller is told of what is no JWT; the two times are the cause all the same."""
        cause = f"Token expired: current date/time {now} must be before the expiration date/time {expired_at}"
        super().__init__(message or cause, cause=cause)
        self.now = now
        self.expired_at = expired_at


class RejectedClaim(IdentityError):
    code = "rejected_claim"


class RejectedLogin(IdentityError):
    """A name and a password that open nothing: told alike whether name, password or account are the reason.

    `principal_key` is what failures count under: the entry's name where one was found, else the typed one, both
    folded. `account_state` is a sentence for the person, set only where the directory had accepted the password.
    """

    code = "rejected_login"

    def __init__(
        self, *, cause: str, principal_key: str, account_state: str | None = None, window_minutes: int = 15
    ) -> None:
        """`window_minutes`: that of the throttle, which whoever throttles knows."""
        super().__init__(
            f"Wrong name or password, or too many attempts; try again in {window_minutes} minutes", cause=cause
        )
        self.principal_key = principal_key
        self.account_state = account_state


class SignInRefused(IdentityError):
    """A sign-in in the browser that cannot be completed. Told alike whatever was wrong; `cause` is exact."""

    code = "sign_in_refused"

    def __init__(self, *, cause: str) -> None:
        super().__init__("This sign-in cannot be completed; begin it again", cause=cause)


class ProviderUnreachable(IdentityError):
    """The provider did not give its keys or its answer in time; the caller may try again."""

    code = "provider_unreachable"

    def __init__(self, *, provider: str, cause: str) -> None:
        super().__init__(
            "The identity provider could not be reached to verify the token; try again in a moment", cause=cause
        )
        self.provider = provider


class GrantError(GatewayError):
    """Catch this where an OAuth client is told by its protocol's own codes."""

    code = "grant_error"


class InvalidClient(GrantError):
    code = "invalid_client"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The client is not registered, or its registration has expired; register again", cause=cause)


class InvalidRedirect(GrantError):
    """A redirect URI that nobody may be sent to."""

    code = "invalid_redirect"

    def __init__(self) -> None:
        super().__init__("A redirect URI is a loopback one: http://127.0.0.1[:PORT]/PATH, without query and fragment")


class InvalidGrant(GrantError):
    """A code or refresh token that is unknown, used, another client's or expired: told alike."""

    code = "invalid_grant"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The grant is invalid, expired or already used; sign in again", cause=cause)


class UnsupportedGrant(GrantError):
    code = "unsupported_grant"

    def __init__(self) -> None:
        super().__init__("The grant type is not supported")


class ExpiredGrant(GrantError):
    code = "expired_grant"

    def __init__(self) -> None:
        super().__init__("The device code has expired; begin again")


class AuthorizationPending(GrantError):
    code = "authorization_pending"

    def __init__(self) -> None:
        super().__init__("The person has not yet answered on the page")


class PolledTooFast(GrantError):
    code = "polled_too_fast"

    def __init__(self) -> None:
        super().__init__("Too many requests; wait five seconds longer between them")


class AuthorizationDeclined(GrantError):
    code = "authorization_declined"

    def __init__(self) -> None:
        super().__init__("The person declined the request")


class AuthenticationError(GatewayError):
    """Catch this where a signature, a key or a session does not hold."""

    code = "authentication_error"


class MissingAuthentication(AuthenticationError):
    code = "missing_authentication"

    def __init__(self) -> None:
        super().__init__("Request is missing Authentication Token")


class NotSignedIn(AuthenticationError):
    """No session or token of a person, or one that has ended: told alike."""

    code = "not_signed_in"

    def __init__(self, *, cause: str) -> None:
        super().__init__("Session token not found or invalid; sign in again", cause=cause)


class UnsupportedSignature(AuthenticationError):
    """A signature of a kind that the gateway does not take, refused by name (SigV2, SigV4A, Bearer)."""

    code = "unsupported_signature"

    def __init__(self, message: str, *, scheme: str) -> None:
        super().__init__(message)
        self.scheme = scheme


class UnknownAccessKey(AuthenticationError):
    """Unknown key id, or a session token that is missing, foreign or broken: told alike."""

    code = "unknown_access_key"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The security token included in the request is invalid.", cause=cause)


class ExpiredSession(AuthenticationError):
    code = "expired_session"

    def __init__(self, *, expired_at: datetime) -> None:
        super().__init__(
            "The security token included in the request is expired",
            cause=f"the session ended at {expired_at:%Y-%m-%dT%H:%M:%SZ}",
        )
        self.expired_at = expired_at


class RevokedSession(AuthenticationError):
    """A session that was ended before its time; told as a key that is not known (any more).

    AWS tells keys that were deleted so. Clients must not read it as an expiry, which they mend by themselves.
    """

    code = "revoked_session"

    def __init__(self, *, kind: str, value: str) -> None:
        super().__init__(
            "The security token included in the request is invalid.",
            cause=f"revoked by {kind.replace('_', ' ')} {value}",
        )
        self.kind = kind
        self.value = value


class SignatureMismatch(AuthenticationError):
    code = "signature_mismatch"

    def __init__(self, *, cause: str | None = None) -> None:
        super().__init__(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
            cause=cause or "the signature differs from the computed one",
        )


class ScopeMismatch(AuthenticationError):
    """The credential scope names another date, region, service or terminator."""

    code = "scope_mismatch"

    def __init__(self, message: str, *, part: str, given: str, expected: str) -> None:
        super().__init__(message)
        self.part = part
        self.given = given
        self.expected = expected


class RequestTimeSkewed(AuthenticationError):
    """The request's date is more than 15 minutes from the server's."""

    code = "request_time_skewed"

    def __init__(self, message: str, *, requested_at: datetime, now: datetime) -> None:
        super().__init__(message)
        self.requested_at = requested_at
        self.now = now


class PresignedUrlExpired(AuthenticationError):
    code = "presigned_url_expired"

    def __init__(self, *, expired_at: datetime, now: datetime) -> None:
        super().__init__("Request has expired")
        self.expired_at = expired_at
        self.now = now


class PayloadHashMismatch(AuthenticationError):
    code = "payload_hash_mismatch"

    def __init__(self) -> None:
        super().__init__("The provided 'x-amz-content-sha256' header does not match what was computed.")


class ShownRequestRefused(AuthenticationError):
    """A resource server shows a signed request of somebody's that does not hold; `error` tells why."""

    code = "shown_request_refused"

    def __init__(self, error: GatewayError) -> None:
        super().__init__(str(error), cause=f"the shown request: {error.code}: {error.cause}")
        self.error = error


class AccessDenied(GatewayError):
    """Catch this where somebody is known and may not. `context` goes to the audit log, never to the caller."""

    code = "access_denied"

    def __init__(self, message: str, *, cause: str, context: Mapping[str, str] | None = None) -> None:
        super().__init__(message, cause=cause)
        self.context = dict(context or {})


class RoleAssumptionDenied(AccessDenied):
    """An unsigned AssumeRoleWith... that is refused: a missing role and a refusing role answer alike."""

    code = "role_assumption_denied"

    def __init__(self, *, action: str, cause: str) -> None:
        super().__init__(f"Not authorized to perform {action}", cause=cause)
        self.action = action


class ActionDenied(AccessDenied):
    code = "action_denied"

    def __init__(
        self, *, principal: str, action: str, resource: str, cause: str, encoded_message: str | None = None
    ) -> None:
        """`encoded_message`: the reason, sealed for whoever may call DecodeAuthorizationMessage."""
        told = f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
        more = f" Encoded authorization failure message: {encoded_message}" if encoded_message else ""
        super().__init__(told + more, cause=cause)
        self.encoded_message = encoded_message
        self.principal = principal
        self.action = action
        self.resource = resource


class MfaRefused(AccessDenied):
    """A one-time code came with the request, and no device of the caller's is known."""

    code = "mfa_refused"

    def __init__(self) -> None:
        super().__init__(
            "MultiFactorAuthentication failed with invalid MFA one time pass code.",
            cause="the request has SerialNumber or TokenCode, and the gateway knows no MFA devices",
        )


class SessionCallerRefused(AccessDenied):
    """An action of STS that only a long-lived key may call was called with a session's."""

    code = "session_caller_refused"

    def __init__(self, *, action: str) -> None:
        super().__init__(
            f"Cannot call {action} with session credentials", cause="the caller's credentials are a session's"
        )


class SessionOutlived(AccessDenied):
    """An ID token of the gateway's own that would be valid when the session that asks for it has ended."""

    code = "session_outlived"

    def __init__(self, *, requested: int, left: int) -> None:
        """Both in seconds."""
        super().__init__(
            "The requested token duration would extend the session beyond its original expiration time; "
            f"ask for a DurationSeconds of at most {left}, or open another session",
            cause=f"a token of {requested} seconds was asked for, and the session has {left} left",
        )
        self.requested = requested
        self.left = left


class ProxyRefused(AccessDenied):
    """Whoever asks about a request is not the proxy of a service, or does not say what the request is."""

    code = "proxy_refused"

    def __init__(self, *, cause: str) -> None:
        super().__init__("Access Denied", cause=cause)


class TokenIssuanceDisabled(AccessDenied):
    """An ID token of the gateway's own was asked for, and no key of the keyring signs such tokens now."""

    code = "token_issuance_disabled"

    def __init__(self, *, cause: str) -> None:
        super().__init__(
            "Outbound web identity federation is not enabled: the gateway has no key in force that signs ID tokens. "
            "Whoever operates it runs `sts-gateway keys rotate`",
            cause=cause,
        )


class ServiceError(GatewayError):
    """Catch this where the caller did nothing wrong and may try again."""

    code = "service_error"


class AuditUnavailable(ServiceError):
    """The audit line could not be written and `audit.on_failure` is `refuse`: nothing is handed out."""

    code = "audit_unavailable"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The service is temporarily unable to answer; try again in a moment", cause=cause)


class KeyringUnavailable(ServiceError):
    """No key may seal now: the keyring is empty or its newest key is not in force yet."""

    code = "keyring_unavailable"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The service is temporarily unable to answer; try again in a moment", cause=cause)


class StateUnavailable(ServiceError):
    """The store of shared facts did not answer in time, or cannot take more: what only it can guard is refused."""

    code = "state_unavailable"

    def __init__(self, *, cause: str) -> None:
        super().__init__("The service is temporarily unable to answer; try again in a moment", cause=cause)


class Overloaded(ServiceError):
    code = "overloaded"

    def __init__(self) -> None:
        super().__init__("The service is busy; try again in a moment")


class InternalFault(ServiceError):
    """A bug, told as such: the request id finds its line in the log."""

    code = "internal_fault"

    def __init__(self, *, cause: str) -> None:
        super().__init__("An internal error occurred; give the request id to whoever operates the gateway", cause=cause)
