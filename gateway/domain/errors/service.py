"""Faults of our own or of what we stand on: the caller may try again."""

from gateway.domain.errors.root import GatewayError


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
