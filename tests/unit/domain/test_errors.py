"""The tree of errors: drawn in full, one stable code each, nothing secret in what a caller sees."""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain import errors
from gateway.domain.errors import (
    ActionDenied,
    AuditUnavailable,
    ExpiredIdentityToken,
    ExpiredSession,
    GatewayError,
    InternalFault,
    InvalidIdentityToken,
    KeyringUnavailable,
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    ProviderUnreachable,
    RoleAssumptionDenied,
    SignatureMismatch,
    StateUnavailable,
    UnknownAccessKey,
    UnknownAction,
    ValidationFailed,
    Violation,
)

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, GatewayError)
}  # fmt: skip
HOME = Path(errors.__file__).parent
MIDDLE = {value.__mro__[1] for value in CLASSES.values()}
ONE_SECOND = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def drawn() -> dict[str, str]:
    """The docstring's tree: class name -> name of the class above it."""
    above: dict[int, str] = {}
    parents: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.fullmatch(r"    ([ │├└─]*)((?:[A-Z]\w+)(?:, [A-Z]\w+)*)(?:  +.*|\s[a-z].*)?", line)
        if match is None:
            continue
        depth = len(match[1]) // 4
        names = match[2].split(", ")
        for name in names:
            parents[name] = above.get(depth - 1, "Exception")
        above[depth] = names[-1]
    return parents


def test_every_error_is_drawn_in_the_tree_under_the_class_it_derives_from() -> None:
    assert drawn() == {name: value.__mro__[1].__name__ for name, value in CLASSES.items()}


def test_each_class_has_a_code_of_its_own() -> None:
    codes = [vars(value).get("code") for value in CLASSES.values()]

    assert None not in codes
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", CLASSES)
def test_a_code_is_the_classs_name_in_snake_case(name: str) -> None:
    assert CLASSES[name].code == re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def test_a_class_between_says_when_to_catch_it() -> None:
    assert {
        value.__name__
        for value in MIDDLE - {Exception}
        if not inspect.cleandoc(value.__doc__ or "").startswith("Catch this")
    } == set()


def classes_with_bases(path: Path) -> Iterator[tuple[str, set[str]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            yield node.name, {ast.unparse(base).rpartition(".")[2] for base in node.bases}


def test_the_room_gives_out_every_error_of_its_branches() -> None:
    defined = [name for branch in HOME.glob("*.py") for name, bases in classes_with_bases(branch) if bases]

    assert sorted(defined) == sorted(CLASSES)


def test_no_error_of_the_tree_is_defined_elsewhere() -> None:
    elsewhere = [
        f"{path}: {name}"
        for path in HOME.parents[1].rglob("*.py")
        if HOME not in path.parents
        for name, bases in classes_with_bases(path)
        if bases & set(CLASSES)
    ]

    assert elsewhere == []


TOLD: dict[str, tuple[GatewayError, str, str]] = {
    "a cause is for the log alone": (
        UnknownAccessKey(cause="exact"),
        "The security token included in the request is invalid.",
        "exact",
    ),
    "without a cause the message is the cause": (
        InvalidIdentityToken("Not for us"), "Not for us", "Not for us"
    ),
    "an expired session tells its end to the log": (
        ExpiredSession(expired_at=ONE_SECOND),
        "The security token included in the request is expired",
        "the session ended at 2026-03-01T12:00:00Z",
    ),
    "an expired identity token": (
        ExpiredIdentityToken(now=7, expired_at=5),
        "Token expired: current date/time 7 must be before the expiration date/time 5",
        "Token expired: current date/time 7 must be before the expiration date/time 5",
    ),
    "a provider is not named to the caller": (
        ProviderUnreachable(provider="workforce", cause="connection refused"),
        "The identity provider could not be reached to verify who asks; try again in a moment",
        "connection refused",
    ),
    "a denied role": (
        RoleAssumptionDenied(action="sts:AssumeRoleWithWebIdentity", cause="no mapping grants"),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
        "no mapping grants",
    ),
    "a denied action": (
        ActionDenied(principal="P", action="A", resource="R", cause="nothing allows it"),
        "User: P is not authorized to perform: A on resource: R",
        "nothing allows it",
    ),
    "a policy's fault with its place": (
        MalformedPolicyDocument("Statement[1].Effect", "must be Allow or Deny"),
        "Syntax errors in policy: Statement[1].Effect: must be Allow or Deny",
        "Syntax errors in policy: Statement[1].Effect: must be Allow or Deny",
    ),
    "a policy's fault as a whole": (
        MalformedPolicyDocument("", "not JSON"), "Syntax errors in policy: not JSON", "Syntax errors in policy: not JSON"
    ),
    "a packed policy": (
        PackedPolicyTooLarge(percent=120),
        "Packed policies and session tags consume 120% of allotted space, please use smaller ones",
        "Packed policies and session tags consume 120% of allotted space, please use smaller ones",
    ),
    "an action of no version": (
        UnknownAction(action="X", version=None),
        "Could not find operation X for version NO_VERSION_SPECIFIED",
        "Could not find operation X for version NO_VERSION_SPECIFIED",
    ),
    "a signature": (SignatureMismatch(), str(SignatureMismatch(cause="x")), "the signature differs from the computed one"),
    "our own fault is neutral": (
        InternalFault(cause="KeyError in issuer"),
        "An internal error occurred; give the request id to whoever operates the gateway",
        "KeyError in issuer",
    ),
    "the keyring is not the caller's business": (
        KeyringUnavailable(cause="no key"),
        "The service is temporarily unable to answer; try again in a moment",
        "no key",
    ),
    "nor is the store of shared facts": (
        StateUnavailable(cause="Redis gave no answer"),
        "The service is temporarily unable to answer; try again in a moment",
        "Redis gave no answer",
    ),
    "nor is the audit log": (
        AuditUnavailable(cause="disk full"),
        "The service is temporarily unable to answer; try again in a moment",
        "disk full",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("error", "message", "cause"), TOLD.values(), ids=TOLD)
def test_what_the_caller_and_the_log_are_told(error: GatewayError, message: str, cause: str) -> None:
    assert (str(error), error.cause) == (message, cause)


VIOLATIONS: dict[str, tuple[list[Violation], str]] = {
    "one": (
        [Violation("durationSeconds", "5", "Member must have value greater than or equal to 900")],
        ("1 validation error detected: Value '5' at 'durationSeconds' failed to satisfy constraint: "
        "Member must have value greater than or equal to 900"),
    ),
    "two, one of them absent": (
        [Violation("roleArn", None, "Member must not be null"), Violation("a", "", "c")],
        ("2 validation errors detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null; "
        "Value '' at 'a' failed to satisfy constraint: c"),
    ),
    "a secret is not told": (
        [Violation("webIdentityToken", None, "Member must have length less than or equal to 20000", redacted=True)],
        ("1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: "
        "Member must have length less than or equal to 20000"),
    ),
    "a secret is not told even where it was given": (
        [Violation("webIdentityToken", "canary", "c", redacted=True)],
        "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: c",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("violations", "message"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_wrong_parameters_are_told_all_at_once_in_awss_words(violations: list[Violation], message: str) -> None:
    assert str(ValidationFailed(violations)) == message
