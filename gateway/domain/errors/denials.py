"""Refusals of somebody who is known and may not."""

from collections.abc import Mapping

from gateway.domain.errors.root import GatewayError


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
