"""The refusals of a moment ago: a bounded number of them, as short as a page needs."""

from typing import Any

import pytest

from gateway.exchange import recent_refusals
from gateway.exchange.recent_refusals import RecentRefusal, RecentRefusals


def record(request_id: str, **more: Any) -> dict[str, Any]:
    return {"requestID": request_id, "errorCode": "AccessDenied", "additionalEventData": {"cause": "why"}, **more}


def test_the_latest_come_first() -> None:
    refusals = RecentRefusals()
    for name in "abc":
        refusals.keep(record(name))
    assert [one.request_id for one in refusals.latest(2)] == ["c", "b"]
    assert refusals.latest(0) == []


def test_no_more_are_kept_than_a_process_can_afford(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_refusals, "_KEPT", 10)
    refusals = RecentRefusals()
    for at in range(25):
        refusals.keep(record(str(at)))
    assert len(refusals.latest(100)) == 10
    assert refusals.by_request("14") is None
    assert refusals.by_request("15") is not None


def test_a_long_text_is_cut() -> None:
    refusals = RecentRefusals()
    refusals.keep(record("a", userAgent="x" * 10_000, errorMessage="y" * 10_000))
    found = refusals.by_request("a")
    assert found is not None
    assert len(found.message) == 512


def test_who_was_refused_is_told_by_the_name_that_was_proven() -> None:
    refusals = RecentRefusals()
    refusals.keep(record("a", userIdentity={"type": "WebIdentityUser"}))
    refusals.keep(record("b", userIdentity={"arn": "arn:aws:sts::1:assumed-role/A/b"}))
    refusals.keep(record("c", additionalEventData={"userName": "alice"}, userIdentity=None))
    assert [one.who for one in refusals.latest(3)] == ["alice", "arn:aws:sts::1:assumed-role/A/b", ""]


def flooded(refusals: RecentRefusals, request_id: str) -> None:
    refusals.keep_of_flood(request_id, lambda: RecentRefusal.of(record(request_id)))


def test_a_flood_pushes_out_its_own_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_refusals, "_KEPT_OF_FLOODS", 10)
    refusals = RecentRefusals()
    refusals.keep(record("honest"))
    for at in range(2_000):
        flooded(refusals, str(at))

    assert [one.request_id for one in refusals.latest(100)] == [*(str(at) for at in range(1_999, 1_989, -1)), "honest"]
    assert refusals.by_request("1989") is None
    assert refusals.by_request("1990") is not None


def test_those_of_a_flood_stand_among_the_others_in_the_order_of_time() -> None:
    refusals = RecentRefusals()
    for at in range(0, 6, 2):
        refusals.keep(record(str(at)))
        flooded(refusals, str(at + 1))

    assert [one.request_id for one in refusals.latest(4)] == ["5", "4", "3", "2"]


def test_a_refusal_of_a_flood_is_made_where_it_is_asked_for() -> None:
    refusals, made = RecentRefusals(), list[str]()
    for name in "abc":
        refusals.keep_of_flood(name, lambda name=name: made.append(name) or RecentRefusal.of(record(name)))  # type: ignore[misc]

    assert refusals.by_request("b") is not None
    assert made == ["b"]
