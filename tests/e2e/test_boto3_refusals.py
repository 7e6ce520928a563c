"""boto3, unmodified, is told each refusal by the code and status by which AWS tells it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e.aws import Assume, refusal, sts_client
from tests.e2e.openid_provider import OpenIdProvider, StartProvider
from tests.e2e.server import ENGINEER

STATEMENT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def _tampered(token: str) -> str:
    head, payload, signature = token.split(".")
    return ".".join((head, payload, signature[:20] + ("A" if signature[20] != "A" else "B") + signature[21:]))


REFUSALS: dict[str, tuple[dict[str, Any], tuple[int, str], str]] = {
    "a role that alice is not granted": (
        {"RoleArn": ENGINEER},
        (403, "AccessDenied"),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ),
    "a role that does not exist": (
        {"RoleArn": "arn:aws:iam::111122223333:role/Nowhere"},
        (403, "AccessDenied"),
        "Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ),
    "a duration beyond what roles may last": (
        {"DurationSeconds": 43_201},
        (400, "ValidationError"),
        "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to",
    ),
    "a duration beyond the role's": (
        {"DurationSeconds": 14_401},
        (400, "ValidationError"),
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
    "a session name outside AWS's grammar": (
        {"RoleSessionName": "alice:1"},
        (400, "ValidationError"),
        r"'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*",
    ),
    "no ARN": ({"RoleArn": "nothing-valid-in-here"}, (400, "ValidationError"), "nothing-valid-in-here is invalid"),
    "a policy that is no JSON": ({"Policy": "{"}, (400, "MalformedPolicyDocument"), "Syntax errors in policy"),
    "an empty policy": ({"Policy": "{}"}, (400, "MalformedPolicyDocument"), "Syntax errors in policy"),
    "a policy with a principal": (
        {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Principal": "*"}]})},
        (400, "MalformedPolicyDocument"),
        "Principal",
    ),
    "a managed policy that does not exist": (
        {"PolicyArns": [{"arn": "arn:aws:iam::111122223333:policy/nowhere"}]},
        (400, "ValidationError"),
        "policy/nowhere",
    ),
}


@pytest.mark.parametrize(("asked", "told", "message"), REFUSALS.values(), ids=REFUSALS)
def test_a_request_that_cannot_be_granted_is_refused(
    token: str, assume: Assume, asked: dict[str, Any], told: tuple[int, str], message: str
) -> None:
    with pytest.raises(ClientError) as caught:
        assume(token, **asked)

    assert refusal(caught.value) == told
    assert message in caught.value.response["Error"]["Message"]


TOKENS: dict[str, tuple[Callable[[OpenIdProvider, OpenIdProvider], str], tuple[int, str], str]] = {
    "no token": (lambda *_: "nonsense", (400, "InvalidIdentityToken"), "not a valid JWT"),
    "a changed signature": (
        lambda real, _: _tampered(real.id_token()),
        (400, "InvalidIdentityToken"),
        "",
    ),
    "a token for another application": (
        lambda real, _: real.id_token("alice", "another-app"),
        (400, "InvalidIdentityToken"),
        "Incorrect token audience",
    ),
    "a token of two hours ago": (
        lambda _, past: past.id_token(),
        (400, "ExpiredTokenException"),
        "Token expired: current date/time",
    ),
    "an access token": (lambda real, _: real.access_token(), (400, "InvalidIdentityToken"), "Access Token"),
    "a token of somebody without groups": (lambda real, _: real.id_token("carol"), (403, "AccessDenied"), ""),
}


@pytest.mark.parametrize(("make", "told", "message"), TOKENS.values(), ids=TOKENS)
def test_a_token_that_proves_nothing_is_refused(
    provider: OpenIdProvider,
    past_provider: OpenIdProvider,
    assume: Assume,
    make: Callable[[OpenIdProvider, OpenIdProvider], str],
    told: tuple[int, str],
    message: str,
) -> None:
    with pytest.raises(ClientError) as caught:
        assume(make(provider, past_provider))

    assert refusal(caught.value) == told
    assert message in caught.value.response["Error"]["Message"]


def test_a_token_of_an_issuer_that_nobody_configured_is_refused(start_provider: StartProvider, assume: Assume) -> None:
    stranger = start_provider()

    with pytest.raises(ClientError) as caught:
        assume(stranger.id_token())

    assert refusal(caught.value) == (400, "InvalidIdentityToken")
    assert caught.value.response["Error"]["Message"].endswith(
        f"No OpenIDConnect provider found in your account for {stranger.issuer}"
    )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"aws_secret_access_key": "A" * 40}, (403, "SignatureDoesNotMatch")),
        ({"aws_access_key_id": "ASIAAAAAAAAAAAAAAAAA"}, (403, "InvalidClientTokenId")),
        ({"aws_access_key_id": "AKIAAAAAAAAAAAAAAAAA", "aws_session_token": ""}, (403, "InvalidClientTokenId")),
        ({"aws_session_token": ""}, (403, "InvalidClientTokenId")),
        ({"aws_session_token": "nonsense"}, (403, "InvalidClientTokenId")),
    ],
    ids=["another secret", "another key id", "an unknown user's key", "no session token", "another session token"],
)
def test_credentials_that_are_not_the_sessions_are_refused(
    token: str, assume: Assume, changes: dict[str, str], told: tuple[int, str]
) -> None:
    credentials = assume(token)["Credentials"]

    with sts_client(credentials, **changes) as sts, pytest.raises(ClientError) as caught:
        sts.get_caller_identity()

    assert refusal(caught.value) == told


def test_the_token_of_one_session_with_the_keys_of_another_is_refused(token: str, assume: Assume) -> None:
    one, other = assume(token)["Credentials"], assume(token)["Credentials"]

    with sts_client(one, aws_session_token=other["SessionToken"]) as sts, pytest.raises(ClientError) as caught:
        sts.get_caller_identity()

    assert refusal(caught.value) == (403, "InvalidClientTokenId")


def test_an_action_that_the_gateway_has_not_is_refused_by_name(token: str, assume: Assume) -> None:
    with sts_client(assume(token)["Credentials"]) as sts, pytest.raises(ClientError) as caught:
        sts.assume_root(TargetPrincipal="111122223333", TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/root-task/X"})

    assert refusal(caught.value) == (400, "InvalidAction")
    assert "AssumeRoot" in caught.value.response["Error"]["Message"]
