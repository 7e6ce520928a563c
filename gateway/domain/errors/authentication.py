"""Signed requests and sessions whose bearer is not proven."""

from datetime import datetime

from gateway.domain.errors.root import GatewayError


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
