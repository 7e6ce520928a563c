"""The rest of `aws sts`, unmodified: long-lived keys, roles across accounts, chains, tags, refusals decoded."""

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.e2e.aws import aws, aws_answer, remember
from tests.e2e.canaries import Canaries
from tests.e2e.server import CI_KEY, CI_SECRET, IDLE_KEY, IDLE_SECRET, Gateway

HOME, AWAY = "111122223333", "444455556666"
ADMIN = f"arn:aws:iam::{HOME}:role/Admin"
GUEST = f"arn:aws:iam::{AWAY}:role/Guest"
EXTERNAL = ("--external-id", "quarterly")

Become = Callable[..., None]


@pytest.fixture
def become(aws_gateway: Gateway, monkeypatch: pytest.MonkeyPatch, canaries: Canaries) -> Become:
    """Give the next command somebody's credentials."""

    def become(key: str, secret: str, token: str | None = None) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
        if token is None:
            monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
        else:
            remember(canaries, secret, token)
            monkeypatch.setenv("AWS_SESSION_TOKEN", token)

    become(CI_KEY, CI_SECRET)
    return become


def taken(become: Become, answer: dict[str, Any]) -> None:
    given = answer["Credentials"]
    become(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def assume(role: str, *words: str) -> dict[str, Any]:
    return aws_answer("sts", "assume-role", "--role-arn", role, "--role-session-name", "nightly", *words)


def test_a_user_is_told_who_it_is(become: Become) -> None:
    assert aws_answer("sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{HOME}:user/ci"


def test_roles_are_assumed_across_accounts_and_in_chains(become: Become) -> None:
    taken(become, assume(ADMIN))
    answer = assume(GUEST, *EXTERNAL, "--tags", "Key=team,Value=blue", "--source-identity", "ci")
    taken(become, answer)

    caller = aws_answer("sts", "get-caller-identity")

    assert answer["SourceIdentity"] == "ci"
    assert answer["PackedPolicySize"] > 0
    assert caller["Arn"] == f"arn:aws:sts::{AWAY}:assumed-role/Guest/nightly"
    assert caller["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]


def test_a_missing_external_id_is_refused_and_the_refusal_is_decoded(become: Become) -> None:
    ended = aws("sts", "assume-role", "--role-arn", GUEST, "--role-session-name", "nightly")

    assert "(AccessDenied)" in ended.stderr
    assert f"not authorized to perform: sts:AssumeRole on resource: {GUEST}" in ended.stderr
    message = re.search(r"Encoded authorization failure message: ([\w-]+)", ended.stderr)
    assert message is not None
    decoded = json.loads(
        aws_answer("sts", "decode-authorization-message", "--encoded-message", message[1])["DecodedMessage"]
    )
    assert decoded["allowed"] is False
    assert decoded["context"]["action"] == "sts:AssumeRole"


def test_a_chained_session_of_more_than_an_hour_is_refused(become: Become) -> None:
    taken(become, assume(ADMIN))

    ended = aws(
        "sts",
        "assume-role",
        "--role-arn",
        GUEST,
        "--role-session-name",
        "nightly",
        "--duration-seconds",
        "3601",
        *EXTERNAL,
    )

    assert "(ValidationError)" in ended.stderr
    assert "role chaining" in ended.stderr


def test_a_user_who_may_nothing_is_refused(become: Become) -> None:
    become(IDLE_KEY, IDLE_SECRET)

    for words in (
        ["assume-role", "--role-arn", ADMIN, "--role-session-name", "nightly"],
        ["get-federation-token", "--name", "carol"],
        ["get-access-key-info", "--access-key-id", CI_KEY],
    ):
        assert "(AccessDenied)" in aws("sts", *words).stderr
    assert aws_answer("sts", "get-caller-identity")["Account"] == HOME


def test_a_wrong_secret_is_told_as_one(become: Become) -> None:
    become(CI_KEY, IDLE_SECRET)

    assert "(SignatureDoesNotMatch)" in aws("sts", "get-caller-identity").stderr


def test_temporary_keys_of_a_user_are_the_user(become: Become) -> None:
    taken(become, aws_answer("sts", "get-session-token", "--duration-seconds", "900"))

    assert aws_answer("sts", "get-caller-identity")["Arn"] == f"arn:aws:iam::{HOME}:user/ci"
    assert "session credentials" in aws("sts", "get-session-token").stderr


def test_a_federated_user_is_somebody_of_its_own(become: Become) -> None:
    answer = aws_answer("sts", "get-federation-token", "--name", "carol", "--tags", "Key=team,Value=blue")
    taken(become, answer)

    assert answer["FederatedUser"]["FederatedUserId"] == f"{HOME}:carol"
    assert aws_answer("sts", "get-caller-identity")["Arn"] == f"arn:aws:sts::{HOME}:federated-user/carol"


def test_the_account_of_a_key_is_told(become: Become) -> None:
    answer = assume(ADMIN)

    told = aws_answer("sts", "get-access-key-info", "--access-key-id", answer["Credentials"]["AccessKeyId"])

    assert told["Account"] == HOME


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_the_gateway_vouches_for_a_session_to_others(become: Become, aws_gateway: Gateway, algorithm: str) -> None:
    taken(become, assume(ADMIN))
    answer = aws_answer(
        "sts", "get-web-identity-token", "--audience", "urn:example:api", "--signing-algorithm", algorithm
    )

    document = httpx.get(f"{aws_gateway.url}/.well-known/openid-configuration").json()
    keys = KeySet.import_key_set(httpx.get(document["jwks_uri"]).json())
    claims = jwt.decode(answer["WebIdentityToken"], keys, algorithms=[algorithm]).claims

    assert claims["iss"] == document["issuer"] == aws_gateway.url
    assert (claims["sub"], claims["aud"]) == (ADMIN, "urn:example:api")
