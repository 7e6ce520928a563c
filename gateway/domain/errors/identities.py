"""What an identity provider vouched for and does not hold."""

from gateway.domain.errors.root import GatewayError


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
            "The identity provider could not be reached to verify who asks; try again in a moment", cause=cause
        )
        self.provider = provider
