"""The bodies of the gateway's own API: what one side writes, the other reads."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import errors
from gateway.domain.authentication import (
    Authenticated,
    AuthenticatedPrincipal,
    RevocationPage,
    RevocationRequest,
    ShownRequest,
)
from gateway.domain.errors import GatewayError, InvalidParameter, UnreadableQuery
from gateway.domain.revocation import Revocation, RevocationKind
from gateway.wire import authenticate as wire
from gateway.wire.authenticate_faults import FAULTS, answer_of
from tests.unit.wire.every_error import ERRORS, leaves

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
TIMES = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
REVOCATIONS = st.builds(Revocation, kind=st.sampled_from(RevocationKind), value=TEXTS, issued_before=TIMES, until=TIMES)
ANSWER = Authenticated(
    principal=AuthenticatedPrincipal(
        arn="arn:aws:sts::111122223333:assumed-role/Analyst/alice",
        account="111122223333",
        access_key_id="ASIA1",
        session_name="alice",
        source_identity="alice@example.com",
        tags={"team": "blue"},
        condition_keys={"aws:userid": "AROA:alice", "jwt:groups": ["a", "b"]},
        session_id="S1",
        role_name="Analyst",
        provider="workforce",
        subject="ä",
        issued_at=NOW,
    ),
    policies=(('{"Version": "2012-10-17", "Statement": []}',), ()),
    expiration=NOW + timedelta(hours=1),
    policies_expire=NOW + timedelta(minutes=1),
    signing_key=b"\x00\xff" * 16,
)


@given(
    st.builds(
        ShownRequest,
        service=TEXTS,
        access_key_id=TEXTS,
        session_token=st.none() | TEXTS,
        string_to_sign=TEXTS,
        signature=TEXTS,
        expires=st.none() | st.integers(1, 604_800),
    )
)
def test_a_shown_request_is_read_as_it_was_written(shown: ShownRequest) -> None:
    assert wire.read_shown_request(wire.shown_request(shown)) == shown


@given(st.builds(RevocationRequest, kind=st.sampled_from(RevocationKind), value=TEXTS))
def test_a_revocations_request_is_read_as_it_was_written(request: RevocationRequest) -> None:
    assert wire.read_revocation_request(wire.revocation_request(request)) == request


@given(
    st.builds(
        RevocationPage,
        cursor=TEXTS,
        reset=st.booleans(),
        revocations=st.lists(REVOCATIONS, max_size=3).map(tuple),
    )
)
def test_a_page_is_read_as_it_was_written(page: RevocationPage) -> None:
    assert wire.read_revocation_page(wire.revocation_page(page)) == page


@pytest.mark.parametrize("key", [b"\x01" * 32, None], ids=["with a key", "without"])
def test_an_answer_is_read_as_it_was_written(key: bytes | None) -> None:
    answer = Authenticated(
        principal=ANSWER.principal,
        policies=ANSWER.policies,
        expiration=ANSWER.expiration,
        policies_expire=ANSWER.policies_expire,
        signing_key=key,
    )

    assert wire.read_authenticated(wire.authenticated(answer)) == answer


def test_an_empty_set_of_policies_stays_one() -> None:
    assert [len(one) for one in wire.read_authenticated(wire.authenticated(ANSWER)).policies] == [1, 0]


def test_a_kind_of_a_newer_gateway_is_passed_over() -> None:
    page = b'{"cursor":"c","reset":false,"revocations":[{"kind":"galaxy","value":"x"}]}'

    assert wire.read_revocation_page(page).revocations == ()


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    for reading in (wire.read_shown_request, wire.read_revocation_request):
        with pytest.raises((UnreadableQuery, InvalidParameter)):
            reading(body)
    for answer in (wire.read_authenticated, wire.read_revocation_page, wire.read_revoked):
        with pytest.raises(wire.UnreadableAnswer):
            answer(body)


def test_an_answer_of_brackets_alone_is_refused() -> None:
    with pytest.raises(wire.UnreadableAnswer):
        wire.read_revocation_page(b"[" * 100_000)


@pytest.mark.parametrize("expires", [0, -1, 604_801, True, "60", 1.5])
def test_a_life_that_no_presigned_url_has_is_refused(expires: object) -> None:
    body = {"service": "s", "accessKeyId": "a", "stringToSign": "t", "signature": "s", "expires": expires}

    with pytest.raises(InvalidParameter):
        wire.read_shown_request(json.dumps(body).encode())


@pytest.mark.parametrize(
    ("query", "cursor"), [(b"", None), (b"since=a.1-2", "a.1-2"), (b"since=a%2E1", "a.1"), (b"x=1", None)]
)
def test_a_cursor_is_read(query: bytes, cursor: str | None) -> None:
    assert wire.read_cursor(query) == cursor


@pytest.mark.parametrize("query", [b"since=a&since=b", b"since=" + b"a" * 200], ids=["twice", "too long"])
def test_what_is_no_cursor_is_refused(query: bytes) -> None:
    with pytest.raises(UnreadableQuery):
        wire.read_cursor(query)


def test_the_table_has_a_row_for_everything_that_can_go_wrong() -> None:
    assert set(leaves()) <= set(FAULTS)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_tells_its_code_and_no_cause(error: GatewayError) -> None:
    answer = answer_of(error, "req-1")

    told = json.loads(answer.body)
    assert told["requestId"] == "req-1"
    assert told["message"]
    assert "secret" not in answer.body.decode()
    assert (told["of"] == "request") is isinstance(error, errors.ShownRequestRefused)


def test_a_shown_requests_fault_is_told_by_its_own_code() -> None:
    told = json.loads(answer_of(errors.ShownRequestRefused(errors.RevokedSession(kind="role", value="x")), "r").body)

    assert (told["of"], told["fault"], told["code"]) == ("request", "revoked_session", "InvalidClientTokenId")
