"""The refusals of a moment ago: a bounded number of them, as short as a page needs."""

from typing import Any

from gateway.exchange import recent_refusals
from gateway.exchange.recent_refusals import RecentRefusals


def record(request_id: str, **more: Any) -> dict[str, Any]:
    return {"requestID": request_id, "errorCode": "AccessDenied", "additionalEventData": {"cause": "why"}, **more}


def test_the_latest_come_first() -> None:
    refusals = RecentRefusals()
    for name in "abc":
        refusals.keep(record(name))
    assert [one.request_id for one in refusals.latest(2)] == ["c", "b"]
    assert refusals.latest(0) == []


def test_no_more_are_kept_than_a_process_can_afford(monkeypatch: Any) -> None:
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
