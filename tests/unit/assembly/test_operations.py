"""Where a gateway answers `/metrics`, and that its parts count in the meters that it was given."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.assembly.build import Gateway
from gateway.web.asgi import Message
from gateway.web.listeners import mark_internal
from tests.fakes.gateway_world import GatewayWorld
from tests.fakes.prometheus import Scrape
from tests.unit.web.serving import scope_of

INTERNAL = "public_url: https://sts.example.com\nkeyring: ./keyring.json\ninternal_listen: 127.0.0.1:9090"


@pytest.fixture
def world(tmp_path: Path) -> GatewayWorld:
    return GatewayWorld(tmp_path)


def gateway_of(world: GatewayWorld, **more: Any) -> Gateway:
    return Gateway(world.configuration, clock=world.clock, audit=world.audit, meters=world.meters, **more)


async def asked(gateway: Gateway, path: str, *, inside: bool = False) -> tuple[int, bytes]:
    sent: list[Message] = []
    state: dict[str, Any] = {}
    if inside:
        mark_internal(state)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = scope_of(path=path, raw_path=path.encode(), query_string=b"Action=GetCallerIdentity", state=state)
    await gateway.app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


async def statuses(gateway: Gateway, *, inside: bool) -> Mapping[str, int]:
    paths = ("/", "/metrics", "/healthz", "/readyz")
    return {path: (await asked(gateway, path, inside=inside))[0] for path in paths}


async def test_without_an_internal_listener_the_public_one_has_metrics(world: GatewayWorld) -> None:
    found = await statuses(gateway_of(world), inside=False)

    assert found.pop("/") in {400, 403}
    assert found == {"/metrics": 200, "/healthz": 200, "/readyz": 200}


async def test_an_internal_listener_has_metrics_and_not_sts(world: GatewayWorld) -> None:
    world.configuration = world.load(gateway=INTERNAL)
    gateway = gateway_of(world)

    inside, public = await statuses(gateway, inside=True), await statuses(gateway, inside=False)

    assert inside == {"/": 404, "/metrics": 200, "/healthz": 200, "/readyz": 200}
    assert public.pop("/") in {400, 403}
    assert public == {"/metrics": 404, "/healthz": 200, "/readyz": 200}


async def test_exchange_edge_and_keyring_count_in_the_gateways_meters(world: GatewayWorld) -> None:
    gateway = gateway_of(world)
    await asked(gateway, "/")
    await asked(gateway, "/nowhere")
    (world.folder / "keyring.json").write_text("broken")
    gateway._keyring.follow()

    _, text = await asked(gateway, "/metrics")

    scrape = Scrape(text.decode())
    assert sum(scrape.families["sts_gateway_requests_total"].samples.values()) == 1
    assert scrape.value("sts_gateway_http_responses_total", status="4xx") == 2
    assert scrape.value("sts_gateway_keyring_faults_total") == 1


class Tracing:
    """Counts what is begun, and whether it was closed."""

    begun = 0
    closed = False

    def begin(self, *_: object) -> "Tracing":
        self.begun += 1
        return self

    trace_id = "0" * 32

    def tell(self, *_: object) -> None:
        """Nobody looks."""

    def end(self, status: int) -> None:
        """Nobody looks."""

    def close(self) -> None:
        self.closed = True


async def test_tracing_stands_around_each_request_and_ends_with_the_gateway(world: GatewayWorld) -> None:
    tracing = Tracing()
    gateway = gateway_of(world, tracing=tracing)
    await asked(gateway, "/")
    await asked(gateway, "/healthz")
    await gateway.aclose()

    assert (tracing.begun, tracing.closed) == (2, True)
    assert world.audit.last["additionalEventData"]["traceId"] == "0" * 32
