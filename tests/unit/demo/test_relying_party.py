"""The client's side of a browser sign-in: what it sends, and every answer that it does not believe."""

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from gateway.demo.issuer.token_endpoint import challenge_of
from gateway.demo.relying_party import SignInFailed
from tests.unit.demo.signing_in import ISSUER, begun

# RFC 7636 appendix B.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def token(**claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("k" * 32))


def test_the_challenge_is_that_of_the_standards_example() -> None:
    assert challenge_of(VERIFIER) == CHALLENGE


def test_the_browser_never_sees_the_verifier() -> None:
    attempt = begun()

    url = attempt.authorization_url(f"{ISSUER}/authorize")

    assert attempt.code_verifier not in url
    assert challenge_of(attempt.code_verifier) in url
    assert attempt.code_verifier not in repr(attempt)


def test_two_attempts_share_nothing() -> None:
    one, other = begun(), begun()

    assert not {one.state, one.nonce, one.code_verifier} & {other.state, other.nonce, other.code_verifier}


def test_an_honest_answer_gives_its_code() -> None:
    attempt = begun()

    assert attempt.code_of({"code": "c", "state": attempt.state, "iss": ISSUER}) == "c"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": "foreign"}, "another sign-in"),
        ({"state": None}, "another sign-in"),
        ({"iss": "http://127.0.0.1:1"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"code": None}, "refused: no code"),
        ({"code": None, "error": "invalid_scope", "error_description": "scope has no openid"}, "invalid_scope (scope has"),
    ],
    ids=["foreign state", "no state", "foreign issuer", "no issuer", "no code", "an error"],
)  # fmt: skip
def test_an_answer_that_is_not_to_this_attempt_is_refused(changes: dict[str, str | None], told: str) -> None:
    attempt = begun()
    answer = {"code": "c", "state": attempt.state, "iss": ISSUER} | changes

    with pytest.raises(SignInFailed) as caught:
        attempt.code_of({name: value for name, value in answer.items() if value is not None})

    assert told in str(caught.value)


def test_an_honest_token_response_gives_token_and_claims() -> None:
    attempt = begun()
    given = token(sub="ana", nonce=attempt.nonce)

    result = attempt.signed_in({"id_token": given})

    assert (result.id_token, result.claims["sub"]) == (given, "ana")
    assert given not in repr(result)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"id_token": token(sub="ana", nonce="foreign")}, "its nonce is not"),
        ({"id_token": token(sub="ana")}, "its nonce is not"),
        ({"error": "invalid_grant", "error_description": "used"}, "invalid_grant (used)"),
        ({"access_token": "x"}, "no ID token"),
    ],
    ids=["foreign nonce", "no nonce", "an error", "no ID token"],
)
def test_a_token_response_that_is_not_to_this_attempt_is_refused(answer: dict[str, str], told: str) -> None:
    with pytest.raises(SignInFailed) as caught:
        begun().signed_in(answer)

    assert told in str(caught.value)
