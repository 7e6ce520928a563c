import base64
import contextlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.compact_jws import MAXIMUM_CHARACTERS, SIGNATURE_ALGORITHMS, claims_of, read
from gateway.domain.errors import InvalidIdentityToken
from gateway.domain.identity import UnverifiedToken

HEADER = {"alg": "RS256", "kid": "rs-1", "typ": "JWT"}
PAYLOAD = {"iss": "https://login.example.com", "sub": "alice"}
NOT_A_JWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"


def encode(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header: Any = HEADER, payload: Any = PAYLOAD, signature: str = "AAAA") -> UnverifiedToken:
    return UnverifiedToken(f"{encode(header)}.{encode(payload)}.{signature}")


def header(**members: Any) -> UnverifiedToken:
    return token({name: value for name, value in (HEADER | members).items() if value is not ...})


def with_loose_bits(text: str) -> str:
    """The same bytes by another text: a bit set that decodes to nothing."""
    head, body, signature = text.split(".")
    return f"{head}.{body}.{signature[:-1]}B"


HONEST = token()
REFUSED = {
    "too long": (UnverifiedToken(HONEST + "A" * MAXIMUM_CHARACTERS), "longer than 20000 characters"),
    "ten megabytes of dots": (UnverifiedToken("." * 10_000_000), "longer than 20000 characters"),
    "20,000 dots": (UnverifiedToken("." * 20_000), "20001 parts"),
    "nothing": (UnverifiedToken(""), "1 parts"),
    "two parts": (UnverifiedToken(HONEST.rsplit(".", 1)[0]), "2 parts"),
    "an encrypted token": (UnverifiedToken("eyJhbGciOiJSU0EtT0FFUCJ9.QUFB.QUFB.QUFB.QUFB"), "5 parts"),
    "an empty signature": (token(signature=""), "signature is empty"),
    "an empty payload": (UnverifiedToken(f"{encode(HEADER)}..AAAA"), "payload is empty"),
    "an empty header": (UnverifiedToken(f".{encode(PAYLOAD)}.AAAA"), "header is empty"),
    "padding": (token(signature="AAA="), "outside unpadded base64url"),
    "a newline behind": (UnverifiedToken(HONEST + "\n"), "outside unpadded base64url"),
    "a blank in front": (UnverifiedToken(" " + HONEST), "outside unpadded base64url"),
    "standard base64": (token(signature="AA+/"), "outside unpadded base64url"),
    "percent encoding": (token(signature="AA%41"), "outside unpadded base64url"),
    "a NUL": (token(signature="AA\x00A"), "outside unpadded base64url"),
    "full-width letters": (token(signature="AA\uff21A"), "outside ASCII"),
    "a surrogate": (token(signature="AA\ud800A"), "outside ASCII"),
    "a single last character": (token(signature="AAAAA"), "signature is not canonical"),
    "loose bits in two": (token(signature="AB"), "signature is not canonical"),
    "loose bits in three": (token(signature="AAB"), "signature is not canonical"),
    "loose bits in the header": (UnverifiedToken(f"{encode(b'{}x')[:-1]}5.{encode(PAYLOAD)}.AAAA"), "header is not"),
    "a header that is no object": (token([HEADER]), "header is not a JSON object"),
    "a header with a name twice": (token(b'{"alg": "RS256", "alg": "none"}'), "header holds one name twice"),
    "a header in UTF-16": (token(json.dumps(HEADER).encode("utf-16")), "header is not UTF-8"),
    "a payload with a mark": (token(payload=b"\xef\xbb\xbf" + json.dumps(PAYLOAD).encode()), "payload is not JSON"),
    "a payload in UTF-16": (token(payload=json.dumps(PAYLOAD).encode("utf-16")), "payload is not UTF-8"),
    "a payload with NaN": (token(payload=b'{"iss": "a", "exp": NaN}'), "payload holds NaN"),
    "a lone surrogate": (token(payload=b'{"iss": "a", "sub": "\\ud800"}'), "payload holds a lone surrogate"),
    "a nested token": (token(payload=HONEST.encode()), "payload is not JSON"),
    "no algorithm": (header(alg=...), "names no algorithm"),
    "an algorithm that is no text": (header(alg=["RS256"]), "names no algorithm"),
    "a kid that is no text": (header(kid=7), "kid is not text"),
    "crit, unknown": (header(crit=["exp"]), "crit"),
    "crit, empty": (header(crit=[]), "crit"),
    "crit, no list": (header(crit="b64"), "crit"),
    "crit, null": (header(crit=None), "crit"),
    "crit, a standard member": (header(crit=["alg"]), "crit"),
    "b64": (header(b64=True), "b64"),
    "zip": (header(zip="DEF"), "zip"),
    "cty": (header(cty="JWT"), "cty"),
    "an access token": (header(typ="at+jwt"), "'at+jwt', not an identity token"),
    "an access token, spelt out": (header(typ="application/AT+JWT"), "not an identity token"),
    "a logout token": (header(typ="logout+jwt"), "'logout+jwt', not an identity token"),
    "a security event": (header(typ="secevent+jwt"), "not an identity token"),
    "an empty type": (header(typ=""), "not an identity token"),
    "a type that is no text": (header(typ=["JWT"]), "not an identity token"),
    "a type with a newline": (header(typ="JWT\n"), "of type of unreadable name"),
    "iss that is a list": (token(payload={"iss": ["https://login.example.com"]}), "iss is not text"),
    "iss that is null": (token(payload={"iss": None}), "iss is not text"),
    "an empty iss": (token(payload={"iss": ""}), "iss is not text"),
}


@pytest.mark.parametrize(("text", "cause"), REFUSED.values(), ids=REFUSED)
def test_other_than_the_one_form_is_refused(text: UnverifiedToken, cause: str) -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        read(text)
    assert cause in refused.value.cause
    assert str(refused.value) == NOT_A_JWT
    assert len(refused.value.cause) < 200


DOUBTFUL = {
    "a name twice": (b'{"iss": "a", "sub": "a", "sub": "b"}', "holds one name twice"),
    "two issuers": (b'{"iss": "a", "iss": "b"}', "holds one name twice"),
    "a name twice below": (b'{"iss": "a", "groups": [{"a": 1, "a": 2}]}', "holds one name twice"),
    "bytes that are not UTF-8": (b'{"iss": "a", "sub": "\xff"}', "is not UTF-8"),
    "a number of many digits": (b'{"iss": "a", "exp": ' + b"9" * 400 + b"}", "digits"),
    "a number that is infinite": (b'{"iss": "a", "exp": 1e999}', "number"),
    "forty levels": (b'{"iss": "a", "x": ' + b"[" * 40 + b"]" * 40 + b"}", "nested deeper than 32 levels"),
}


@pytest.mark.parametrize(("payload", "cause"), DOUBTFUL.values(), ids=DOUBTFUL)
def test_claims_that_two_readers_could_take_differently_are_refused(payload: bytes, cause: str) -> None:
    unverified = read(token(payload=payload))

    with pytest.raises(InvalidIdentityToken) as refused:
        claims_of(unverified)
    assert cause in refused.value.cause
    assert str(refused.value) == NOT_A_JWT


def test_ten_thousand_open_brackets_are_no_payload() -> None:
    with pytest.raises(InvalidIdentityToken, match="not a valid JWT"):
        read(token(payload=b'{"iss": "a", "x": ' + b"[" * 10_000))


SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(st.dictionaries(st.text(max_size=5) | st.just("iss"), VALUES, max_size=6), st.text(min_size=1, max_size=9))
def test_the_issuer_that_chooses_the_keys_is_the_one_that_the_claims_name(members: Any, issuer: str) -> None:
    try:
        unverified = read(token(payload={**members, "iss": issuer}))
    except InvalidIdentityToken:
        return
    with contextlib.suppress(InvalidIdentityToken):
        assert claims_of(unverified)["iss"] == unverified.unverified_issuer == issuer


@given(st.binary(max_size=60) | st.sampled_from([b'{"iss":"a"', b'"iss":', b'"a"', b"}", b","]).map(bytes))
def test_whatever_stands_behind_the_issuer_is_read_or_refused(rest: bytes) -> None:
    with contextlib.suppress(InvalidIdentityToken):
        unverified = read(token(payload=b'{"iss":"a"' + rest + b"}"))
        assert claims_of(unverified)["iss"] == unverified.unverified_issuer


@pytest.mark.parametrize("text", [case[0] for case in REFUSED.values()], ids=REFUSED)
def test_a_refusal_takes_under_five_milliseconds(text: UnverifiedToken) -> None:
    def once() -> float:
        begun = time.thread_time()
        with pytest.raises(InvalidIdentityToken):
            read(text)
        return time.thread_time() - begun

    assert min(once() for _ in range(5)) < 0.005


@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "hs256", "rs256", "RSA1_5", "ES256K", "Ed448"],
)
def test_an_algorithm_outside_the_list_is_refused_by_name(algorithm: str) -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        read(header(alg=algorithm))
    assert str(refused.value) == "The ID Token's signature algorithm is not accepted"
    assert "is never taken" in refused.value.cause


def test_a_token_without_issuer_lacks_a_required_claim() -> None:
    with pytest.raises(InvalidIdentityToken) as refused:
        read(token(payload={"sub": "alice"}))
    assert str(refused.value) == "Missing a required claim: iss"


@pytest.mark.parametrize("kind", ["JWT", "jwt", "Jwt", "application/jwt", "application/JWT", ...])
def test_a_jwt_is_known_by_its_type_in_any_case_or_by_none(kind: Any) -> None:
    assert claims_of(read(header(typ=kind))) == PAYLOAD


def test_a_token_of_the_longest_length_is_read() -> None:
    room = MAXIMUM_CHARACTERS - len(token())
    assert len(read(token(signature="A" * (4 + room // 4 * 4))).signature_segment) > 19_000


def test_the_parts_of_an_honest_token_are_kept_as_they_came() -> None:
    unverified = read(HONEST)
    assert (unverified.algorithm, unverified.key_id) == ("RS256", "rs-1")
    assert unverified.unverified_issuer == PAYLOAD["iss"]
    segments = (unverified.header_segment, unverified.payload_segment, unverified.signature_segment)
    assert b".".join(segments) == HONEST.encode()


def test_key_material_in_the_header_is_dropped() -> None:
    unverified = read(header(jwk={"kty": "oct", "k": "AAAA"}, jku="https://evil.example", x5u="x", x5c=["x"], x5t="x"))
    assert not hasattr(unverified, "header")
    assert unverified.key_id == "rs-1"


def test_a_token_is_not_shown_by_its_repr() -> None:
    assert "alice" not in repr(read(HONEST))
    assert HONEST.split(".")[1] not in repr(read(HONEST))


def test_every_algorithm_of_the_list_is_read() -> None:
    assert {read(header(alg=algorithm)).algorithm for algorithm in SIGNATURE_ALGORITHMS} == SIGNATURE_ALGORITHMS


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidIdentityToken):
        read(UnverifiedToken(text))


@given(st.text(alphabet="ABab01-_.=", max_size=60))
def test_no_two_texts_are_one_token(text: str) -> None:
    try:
        unverified = read(UnverifiedToken(f"{encode(HEADER)}.{encode(PAYLOAD)}.{text}"))
    except InvalidIdentityToken:
        return
    raw = base64.urlsafe_b64decode(unverified.signature_segment + b"==")
    assert encode(raw) == text
