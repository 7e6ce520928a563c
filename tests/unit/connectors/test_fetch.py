"""Looking names up: one look-up for each host under way, however many ask and give up."""

import asyncio
import gc
import socket
import threading
from typing import Any

import pytest

from gateway.connectors.fetch import resolve

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 443))]


class Dns:
    """Answers nothing about `slow` hosts until it is let go."""

    def __init__(self, *slow: str) -> None:
        self.slow = slow
        self.asked: list[str] = []
        self.go = threading.Event()

    def __call__(self, host: str, _port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        if host in self.slow:
            self.go.wait(10)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return FOUND


async def test_a_name_without_an_answer_holds_one_thread_and_no_other_names(monkeypatch: pytest.MonkeyPatch) -> None:
    dns = Dns("slow.example")
    monkeypatch.setattr(socket, "getaddrinfo", dns)
    stray: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: stray.append(context))
    try:
        for _ in range(40):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(resolve("slow.example", 443), 0.001)

        assert await asyncio.wait_for(resolve("login.example", 443), 5) == ("192.0.2.7",)
        assert dns.asked == ["slow.example", "login.example"]
        waiting = asyncio.ensure_future(resolve("slow.example", 443))
        await asyncio.sleep(0)
    finally:
        dns.go.set()
    with pytest.raises(socket.gaierror):
        await waiting
    del waiting
    await asyncio.sleep(0.01)
    gc.collect()
    assert stray == []


async def test_a_name_is_looked_up_anew_once_it_was_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    dns = Dns()
    monkeypatch.setattr(socket, "getaddrinfo", dns)

    for _ in range(2):
        assert await resolve("login.example", 443) == ("192.0.2.7",)

    assert dns.asked == ["login.example"] * 2
