"""What a revocation ends, and what lives on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.principal import Principal, PrincipalType
from gateway.domain.revocation import KEPT, Revocation, RevocationKind, RevocationList

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ALICE = Principal(
    type=PrincipalType.ASSUMED_ROLE,
    arn="arn:aws:sts::111122223333:assumed-role/Analyst/alice",
    identity_arn="arn:aws:iam::111122223333:role/Analyst",
    account="111122223333",
    unique_id="AROA:alice",
    access_key_id="ASIA1",
    session_name="alice",
    session_id="S1",
    role_name="Analyst",
    provider="workforce",
    subject="a/lice",
    issued_at=NOW,
    expires_at=NOW + timedelta(hours=1),
)


def revoked(kind: RevocationKind, value: str, issued_before: datetime = NOW) -> Revocation:
    return Revocation(kind=kind, value=value, issued_before=issued_before, until=issued_before + KEPT)


ENDING = {
    "its session": (RevocationKind.SESSION, "S1"),
    "its access key": (RevocationKind.ACCESS_KEY, "ASIA1"),
    "its subject": (RevocationKind.SUBJECT, "workforce/a/lice"),
    "its role": (RevocationKind.ROLE, "111122223333/Analyst"),
}


@pytest.mark.parametrize(("kind", "value"), ENDING.values(), ids=ENDING)
def test_a_session_ends_by_what_it_is(kind: RevocationKind, value: str) -> None:
    made = revoked(kind, value)

    assert RevocationList([made]).of(ALICE) == made


OTHERS = {
    "another session": (RevocationKind.SESSION, "S2"),
    "a session of the key's name": (RevocationKind.SESSION, "ASIA1"),
    "the subject at another provider": (RevocationKind.SUBJECT, "partners/a/lice"),
    "the role in another account": (RevocationKind.ROLE, "444455556666/Analyst"),
    "a role of the session's name": (RevocationKind.ROLE, "111122223333/alice"),
}


@pytest.mark.parametrize(("kind", "value"), OTHERS.values(), ids=OTHERS)
def test_what_is_named_otherwise_lives_on(kind: RevocationKind, value: str) -> None:
    assert RevocationList([revoked(kind, value)]).of(ALICE) is None


@pytest.mark.parametrize("kind", [RevocationKind.SUBJECT, RevocationKind.ROLE])
@pytest.mark.parametrize(("seconds", "ends"), [(-1, True), (0, True), (1, False)])
def test_of_a_subject_or_role_ends_what_was_issued_before(kind: RevocationKind, seconds: int, ends: bool) -> None:
    listed = RevocationList([revoked(kind, dict(ENDING.values())[kind])])

    later = replace(ALICE, issued_at=NOW + timedelta(seconds=seconds))

    assert (listed.of(later) is not None) is ends


@pytest.mark.parametrize("kind", [RevocationKind.SESSION, RevocationKind.ACCESS_KEY])
def test_a_session_and_a_key_end_for_good(kind: RevocationKind) -> None:
    listed = RevocationList([revoked(kind, dict(ENDING.values())[kind])])

    assert listed.of(replace(ALICE, issued_at=NOW + timedelta(minutes=5))) is not None


def test_a_long_lived_key_has_no_session_to_end() -> None:
    user = replace(ALICE, issued_at=None, session_id=None, role_name=None)

    assert RevocationList([revoked(RevocationKind.ACCESS_KEY, "ASIA1")]).of(user) is None


def test_of_two_the_later_counts_in_whatever_order() -> None:
    early = revoked(RevocationKind.ROLE, "111122223333/Analyst", NOW - timedelta(hours=1))
    late = revoked(RevocationKind.ROLE, "111122223333/Analyst")

    assert RevocationList([early, late]).of(ALICE) == RevocationList([late, early]).of(ALICE) == late


def test_a_list_forgets_what_nobody_needs() -> None:
    listed = RevocationList([revoked(RevocationKind.SESSION, "S1")])

    assert len(listed.with_more([], NOW + KEPT - timedelta(seconds=1))) == 1
    assert len(listed.with_more([], NOW + KEPT)) == 0


@pytest.mark.parametrize("kind", [RevocationKind.SUBJECT, RevocationKind.ROLE])
def test_a_session_opened_after_a_revocation_is_issued_after_it(kind: RevocationKind) -> None:
    covered = NOW + timedelta(seconds=2)
    listed = RevocationList([revoked(kind, dict(ENDING.values())[kind], covered)])

    born = listed.birth(
        NOW + timedelta(milliseconds=300), role="111122223333/Analyst", provider="workforce", subject="a/lice"
    )

    assert born == covered + timedelta(seconds=1)
    assert listed.of(replace(ALICE, issued_at=born)) is None


def test_a_session_of_nothing_revoked_is_issued_now() -> None:
    listed = RevocationList([revoked(RevocationKind.ROLE, "111122223333/Other", NOW + timedelta(seconds=2))])

    assert listed.birth(NOW, role="111122223333/Analyst", provider=None, subject=None) == NOW
