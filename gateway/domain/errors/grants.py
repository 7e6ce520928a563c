"""What an OAuth client is refused, in the words of RFC 6749 and RFC 8628."""

from gateway.domain.errors.root import GatewayError


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
