"""The servers of the guide verify by themselves, over two gateways on Redis, one of which stands still for a minute."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.e2e.gateways import ACCOUNT, IN_FORCE, World, gateways, programs, signed, timed
from tests.e2e.installation import Installation
from tests.e2e.process import until
from tests.e2e.state.redis_server import RedisServer

STOPPED = 60
STALE = 12
ASGI = ("--port", "PORT")
SERVERS = {
    "orders_starlette": ("uvicorn", "orders_starlette:app", *ASGI),
    "orders_fastapi": ("uvicorn", "orders_fastapi:app", *ASGI),
    "orders_flask": ("gunicorn", "orders_flask:app", "--bind", "HOST", "--workers", "2", "--threads", "2"),
    "lake": ("uvicorn", "lake:app", *ASGI),
}


@pytest.fixture
def world(tmp_path: Path, installed: Installation) -> Iterator[World]:
    redis = RedisServer(tmp_path)
    redis.start()
    try:
        with gateways(tmp_path, installed, redis.url) as world:
            yield world
    finally:
        redis.kill()


def get_object(url: str, credentials: Any, key: str = "a b/ü") -> str:
    """What a store answers to boto3: the object, or the code of the refusal."""
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    try:
        return str(client.get_object(Bucket="lake", Key=key)["Body"].read().decode())
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def serves_orders(url: str, alice: Any) -> None:
    answer = signed(alice, "GET", f"{url}/orders/7?page=1")
    assert answer.json() == {"caller": f"arn:aws:sts::{ACCOUNT}:assumed-role/Analyst/alice"}
    assert signed(alice, "PUT", f"{url}/orders/7/approval", b'{"by": "alice"}').json() == {"approved": True}
    assert httpx.get(f"{url}/orders/7").status_code == 403
    tampered = signed(alice, "PUT", f"{url}/orders/7/approval", b'{"by": "alice"}', sent=b'{"by": "eve"}')
    assert tampered.json()["__type"] == "InvalidSignatureException"


def is_dead(credentials: Any, url: str) -> bool:
    """Whether a session opens nothing, whichever of several workers answers."""
    return all(signed(credentials, "GET", url).status_code == 403 for _ in range(6))


def test_each_program_of_the_guide_is_run_here() -> None:
    assert set(programs()) == set(SERVERS)


def test_servers_of_the_guide_and_a_gateway_that_stood_still_hear_of_a_revocation(world: World) -> None:
    asked, other = world.gateway(0), world.gateway(1)
    patience = {", service)": f", service, max_staleness=__import__('datetime').timedelta(seconds={STALE}))"}
    urls = {
        name: world.server(name, *command, **(patience if name == "orders_starlette" else {}))
        for name, command in SERVERS.items()
    }
    alice, bob = world.session(), world.session()
    for name in ("orders_starlette", "orders_fastapi", "orders_flask"):
        serves_orders(urls[name], alice)
    assert get_object(urls["lake"], alice) == "a b/ü for alice\n"
    assert get_object(urls["lake"], bob) == "a b/ü for alice\n"
    assert world.code(1, alice) == world.code(1, bob) == ""

    other.send(signal.SIGSTOP)
    stopped = time.monotonic()
    world.revoke("--access-key", alice["AccessKeyId"])
    for name in ("orders_starlette", "orders_fastapi", "orders_flask"):
        orders = f"{urls[name]}/orders/7"
        assert timed(lambda orders=orders: is_dead(alice, orders), f"{name} hears of it") < IN_FORCE
        assert signed(bob, "GET", orders).status_code == 200
    assert timed(lambda: get_object(urls["lake"], alice) == "InvalidAccessKeyId", "the store hears of it") < IN_FORCE
    assert time.monotonic() - stopped < 2 * IN_FORCE
    assert get_object(urls["lake"], bob) == "a b/ü for alice\n"

    # A gateway that is down: who is known goes on, until nobody knows what has been revoked.
    asked.send(signal.SIGSTOP)
    orders = f"{urls['orders_starlette']}/orders/7"
    assert signed(bob, "GET", orders).status_code == 200
    until(lambda: signed(bob, "GET", orders).status_code == 503, "the revocations are stale")
    asked.send(signal.SIGCONT)
    until(lambda: signed(bob, "GET", orders).status_code == 200, "the gateway is heard again")

    time.sleep(max(0.0, STOPPED - (time.monotonic() - stopped)))
    other.send(signal.SIGCONT)
    assert (
        timed(lambda: world.code(1, alice) == "InvalidClientTokenId", "the gateway that stood still hears") < IN_FORCE
    )
    assert world.code(1, bob) == ""
    assert (asked.alive, other.alive) == (True, True)
