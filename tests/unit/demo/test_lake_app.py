"""The lake's HTTP apart from any gateway: it does what was judged, where it was judged."""

from datetime import UTC, datetime
from typing import Any, cast

import httpx
import pytest

from gateway.actions.action import ServiceAction
from gateway.demo.clock import DemoClock
from gateway.demo.lake.app import lake_app
from gateway.demo.lake.bucket import StoredObject
from gateway.domain.principal import Principal, PrincipalType
from gateway.domain.service import Service, ServiceType
from gateway.exchange.authorization import Authorization
from gateway.exchange.exchange import Exchange

URL = "http://127.0.0.1:9998"
ANA = Principal(
    type=PrincipalType.ASSUMED_ROLE,
    arn="arn:aws:sts::111122223333:assumed-role/Analyst/ana",
    identity_arn="arn:aws:iam::111122223333:role/Analyst",
    account="111122223333",
    unique_id="AROA:ana",
    access_key_id="ASIA",
)
STORED = StoredObject(content=b"judged", content_type="text/plain", modified_at=datetime(2026, 1, 31, tzinfo=UTC))


class Judging:
    """An exchange that finds one meaning in every request, and allows it; None is a bug."""

    def __init__(self, *resources: str) -> None:
        self._resources = resources

    def authorize(self, *_: Any) -> Authorization:
        if not self._resources:
            raise RuntimeError("sealed secret")
        actions = tuple(ServiceAction(name="s3:GetObject", resource=resource) for resource in self._resources)
        return Authorization(principal=ANA, actions=actions, decisions=())


async def answer_to(exchange: Judging, path: str) -> httpx.Response:
    app = lake_app(
        exchange=cast("Exchange", exchange),
        service=Service(name="lake", type=ServiceType.S3, hosts=("127.0.0.1:9998",), signing_name="s3"),
        clock=DemoClock(),
        url=URL,
        bucket="lake",
        objects={"judged/key": STORED},
    )
    transport = httpx.ASGITransport(app=cast("Any", app))
    async with httpx.AsyncClient(transport=transport, base_url=URL, trust_env=False) as http:
        return await http.get(path)


async def test_the_object_is_that_of_the_decision_not_of_the_path() -> None:
    answer = await answer_to(Judging("arn:aws:s3:::lake/judged/key"), "/lake/another/key")

    assert (answer.status_code, answer.content) == (200, b"judged")


@pytest.mark.parametrize(
    ("resources", "status", "code"),
    [
        (("arn:aws:s3:::pond/judged/key",), 404, "NoSuchBucket"),
        (("arn:aws:s3:::lake/nowhere",), 404, "NoSuchKey"),
        (("arn:aws:s3:::lake/judged/key", "arn:aws:s3:::lake/nowhere"), 501, "NotImplemented"),
        ((), 500, "InternalError"),
    ],
    ids=["another bucket", "no such key", "two things at once", "a bug"],
)
async def test_what_cannot_be_done_is_told_as_s3_tells_it(resources: tuple[str, ...], status: int, code: str) -> None:
    answer = await answer_to(Judging(*resources), "/lake/judged/key")

    assert answer.status_code == status
    assert f"<Code>{code}</Code>" in answer.text
    assert "sealed secret" not in answer.text
    assert answer.headers["x-amzn-requestid"] in answer.text
