"""What one row of a dialect's fault table holds, and how an error finds its row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gateway.domain import errors
from gateway.domain.errors import GatewayError, InternalFault, MethodRefused

E = TypeVar("E", bound=GatewayError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How one dialect names a fault. `message` replaces the error's own text where the dialect says it otherwise."""

    code: str
    status: int
    sender: bool = True
    message: Callable[[GatewayError], str] | None = None

    def text(self, error: GatewayError) -> str:
        return str(error) if self.message is None else self.message(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAnswer:
    """An error as HTTP: `headers`, names in lower case, are those that dialect and fault ask for beside the type."""

    status: int
    code: str
    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()


FaultTable = Mapping[type[GatewayError], Fault]


def fault_of(error: GatewayError, table: FaultTable) -> Fault:
    """The row of the error's class, or of the nearest class above it; the internal fault's row where there is none."""
    for ancestor in type(error).__mro__:
        fault = table.get(ancestor)
        if fault is not None:
            return fault
    return table[InternalFault]


def raised_for_people(*, denied: Fault, malformed: Fault) -> FaultTable:
    """The rows of what pages and Identity Center raise, for the case that a use case of another dialect ever does."""
    return {
        errors.FormRefused: denied,
        errors.SignInRefused: denied,
        errors.InvalidClient: denied,
        errors.InvalidRedirect: malformed,
        errors.InvalidGrant: denied,
        errors.UnsupportedGrant: malformed,
        errors.ExpiredGrant: denied,
        errors.AuthorizationPending: denied,
        errors.PolledTooFast: denied,
        errors.AuthorizationDeclined: denied,
        errors.NotSignedIn: denied,
    }


def headers_of(error: GatewayError) -> tuple[tuple[str, str], ...]:
    # RFC 9110 15.5.6: an answer 405 must say which methods are allowed.
    return (("allow", ", ".join(error.allowed)),) if isinstance(error, MethodRefused) else ()


def saying(text: str) -> Callable[[GatewayError], str]:
    """A row's message that is the same for every error of its class."""
    return lambda _error: text


def telling(kind: type[E], text: Callable[[E], str]) -> Callable[[GatewayError], str]:
    """A row's message made from the evidence that errors of class `kind` carry."""
    return lambda error: text(error) if isinstance(error, kind) else str(error)
