"""One review: the service account is looked up each time, and no pod stays as it is without a word."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.client.kubernetes import KubernetesRefusal, KubernetesUnreachable
from gateway.webhook.admission import UnreadableReview
from gateway.webhook.meters import Outcome, WebhookMeters
from gateway.webhook.reviewer import Reviewer, Undecided
from tests.fakes.pods import container, pod
from tests.fakes.webhook_world import ANNOTATED, settings
from tests.servers.kubernetes_admission import review


class World:
    """A reviewer, and the service accounts that it finds."""

    def __init__(self, found: Mapping[str, str] | Exception | None) -> None:
        self.found = found
        self.asked: list[tuple[str, str]] = []
        self.reviewer = Reviewer(settings=settings(), look_up=self._look_up, meters=WebhookMeters())

    async def _look_up(self, namespace: str, name: str) -> Mapping[str, str] | None:
        self.asked.append((namespace, name))
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

    async def review(self, new: dict[str, Any], **request: Any) -> dict[str, Any]:
        question = review("data", new)
        question["request"] |= request
        answered = json.loads(await self.reviewer.answered(json.dumps(question).encode()))["response"]
        assert (answered["uid"], answered["allowed"]) == (question["request"]["uid"], True)
        return answered  # type: ignore[no-any-return]

    def counted(self) -> dict[str, int]:
        lines = self.reviewer.meters.page().decode().splitlines()
        name = 'sts_gateway_webhook_reviews_total{outcome="'
        found = [line.removeprefix(name).split('"} ') for line in lines if line.startswith(name)]
        return {outcome: int(count) for outcome, count in found if count != "0"}


async def test_a_pod_of_an_annotated_account_is_changed() -> None:
    world = World(ANNOTATED)

    answered = await world.review(pod())

    assert answered["patchType"] == "JSONPatch"
    assert world.asked == [("data", "etl")]
    assert world.counted() == {"mutated": 1}


async def test_a_changed_annotation_counts_for_the_very_next_pod() -> None:
    world = World({})
    assert "patch" not in await world.review(pod())

    world.found = ANNOTATED
    assert "patch" in await world.review(pod())


@pytest.mark.parametrize(
    ("new", "name"),
    [
        (pod(), "etl"),
        (pod(serviceAccountName=""), "default"),
        (pod(serviceAccountName="", serviceAccount="old"), "old"),
    ],
)
async def test_the_account_is_the_pods_own_or_default(new: dict[str, Any], name: str) -> None:
    world = World({})
    await world.review(new)

    assert world.asked == [("data", name)]


async def test_an_account_that_is_not_there_is_told_and_counted() -> None:
    world = World(None)

    answered = await world.review(pod())

    assert "patch" not in answered
    assert answered["warnings"] == ["sts-gateway: there is no service account etl in data: the pod stays as it is"]
    assert world.counted() == {"unknown_service_account": 1}


@pytest.mark.parametrize(
    "fault",
    [
        KubernetesUnreachable("down"),
        KubernetesRefusal(status=403, reason="Forbidden", message="may not get"),
        TimeoutError(),
    ],
    ids=["unreachable", "forbidden", "late"],
)
async def test_where_nobody_knows_the_account_nothing_is_allowed_here(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(fault)

    with pytest.raises(Undecided, match="service account etl in data could not be read: "):
        await world.review(pod())

    assert world.counted() == {"undecided": 1}
    assert "left undecided" in caplog.text


async def test_what_is_no_review_is_counted() -> None:
    world = World({})

    with pytest.raises(UnreadableReview):
        await world.reviewer.answered(b"{}")

    assert world.counted() == {"unreadable": 1}


@pytest.mark.parametrize(
    ("new", "request_"),
    [
        (pod(metadata={"labels": {"eks.amazonaws.com/skip-pod-identity-webhook": "true"}}), {}),
        (pod(metadata={"annotations": {"kubernetes.io/config.mirror": "x"}}), {}),
        (pod(), {"operation": "UPDATE"}),
    ],
    ids=["by its label", "a mirror pod", "an update"],
)
async def test_what_is_never_changed_asks_nobody(new: dict[str, Any], request_: dict[str, Any]) -> None:
    world = World(ANNOTATED)

    answered = await world.review(new, **request_)

    assert "patch" not in answered
    assert world.asked == []
    assert world.counted() == {"skipped": 1}


@pytest.mark.parametrize(
    ("found", "new", "outcome"),
    [
        ({}, pod(), Outcome.UNANNOTATED),
        (ANNOTATED, pod(container("app", env={"AWS_ROLE_ARN": "x"})), Outcome.LEFT_ALONE),
        (ANNOTATED, pod(metadata={"annotations": {"eks.amazonaws.com/skip-containers": "app"}}), Outcome.COMPLETE),
    ],
)
async def test_every_end_is_counted_by_its_name(found: dict[str, str], new: dict[str, Any], outcome: Outcome) -> None:
    world = World(found)
    await world.review(new)

    assert world.counted() == {outcome.value: 1}


async def test_warnings_are_shown_logged_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    world = World(ANNOTATED)

    answered = await world.review(pod(container("app", env={"AWS_ROLE_ARN": "x"})))

    (warning,) = answered["warnings"]
    assert warning.removeprefix("sts-gateway: ") in caplog.text
    assert "sts_gateway_webhook_warnings_total 1\n" in world.reviewer.meters.page().decode()


async def test_a_pod_of_a_great_many_faults_is_told_in_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    half = [container(f"c{number}" * 500, env={"AWS_ROLE_ARN": "x"}) for number in range(100)]
    await World(ANNOTATED).review(pod(*half))

    assert len(caplog.records) == 12
    assert max(len(record.getMessage()) for record in caplog.records) < 400


async def test_names_of_anybodys_are_not_logged_at_their_length(caplog: pytest.LogCaptureFixture) -> None:
    await World(None).review(pod(), namespace="n" * 1_000_000)

    assert len(caplog.text) < 1_000
