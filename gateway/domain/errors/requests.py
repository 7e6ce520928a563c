"""Requests that cannot be read: whoever sends one mends it."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.errors.root import GatewayError


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
