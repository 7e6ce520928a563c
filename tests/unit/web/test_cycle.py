"""Answers on their way out: one write each, none split, none before another."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.web.cycle import Outbox, _lines, _rendered


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, answer: bytes) -> None:
        self.written.append(answer)


async def test_answers_of_one_turn_are_written_at_its_end_in_their_order() -> None:
    outbox, one, other = Outbox(()), Wire(), Wire()

    outbox.put(one, b"1")  # type: ignore[arg-type]
    outbox.put(other, b"2")  # type: ignore[arg-type]
    outbox.put(one, b"3")  # type: ignore[arg-type]

    assert (one.written, other.written) == ([], [])
    await asyncio.sleep(0)
    assert (one.written, other.written) == ([b"1", b"3"], [b"2"])


async def test_an_answer_that_is_still_to_be_asked_for_is_asked_for_as_the_turn_ends_in_its_order() -> None:
    outbox, wire, asked = Outbox(()), Wire(), list[bytes]()

    def answering(answer: bytes) -> Callable[[], bytes]:
        return lambda: asked.append(answer) or answer  # type: ignore[func-returns-value]

    outbox.put(wire, answering(b"1"))  # type: ignore[arg-type]
    outbox.put(wire, b"2")  # type: ignore[arg-type]
    outbox.put(wire, answering(b"3"))  # type: ignore[arg-type]

    assert asked == []
    await asyncio.sleep(0)
    assert asked == [b"1", b"3"]
    assert wire.written == [b"1", b"2", b"3"]


async def test_an_emptied_outbox_writes_nothing_twice() -> None:
    outbox, wire = Outbox(()), Wire()
    outbox.put(wire, b"1")  # type: ignore[arg-type]

    outbox.empty()
    await asyncio.sleep(0)

    assert wire.written == [b"1"]


async def test_after_a_turn_with_one_answer_the_next_is_written_as_it_comes() -> None:
    outbox, wire = Outbox(()), Wire()
    outbox.put(wire, b"1")  # type: ignore[arg-type]
    await asyncio.sleep(0)

    outbox.put(wire, b"2")  # type: ignore[arg-type]

    assert wire.written == [b"1", b"2"]


async def test_after_a_turn_with_several_answers_they_are_written_at_its_end_again() -> None:
    outbox, wire = Outbox(()), Wire()
    outbox.put(wire, b"1")  # type: ignore[arg-type]
    await asyncio.sleep(0)
    outbox.put(wire, b"2")  # type: ignore[arg-type]
    outbox.put(wire, b"3")  # type: ignore[arg-type]
    assert wire.written == [b"1", b"2", b"3"]
    await asyncio.sleep(0)

    outbox.put(wire, b"4")  # type: ignore[arg-type]

    assert wire.written == [b"1", b"2", b"3"]
    await asyncio.sleep(0)
    assert wire.written == [b"1", b"2", b"3", b"4"]


async def test_no_answer_overtakes_one_that_waits() -> None:
    outbox, wire = Outbox(()), Wire()
    outbox.put(wire, b"1")  # type: ignore[arg-type]
    outbox.empty()
    outbox.put(wire, b"2")  # type: ignore[arg-type]
    outbox.put(wire, b"3")  # type: ignore[arg-type]

    outbox.empty()
    await asyncio.sleep(0)

    assert wire.written == [b"1", b"2", b"3"]


class ClosedWire(Wire):
    """A transport as uvloop's are once the client has gone."""

    def write(self, _: bytes) -> None:
        raise RuntimeError("the handler is closed")


async def test_a_client_that_has_gone_takes_nobody_elses_answer_along() -> None:
    outbox, other = Outbox(()), Wire()
    outbox.put(ClosedWire(), b"1")  # type: ignore[arg-type]
    outbox.put(other, b"2")  # type: ignore[arg-type]

    await asyncio.sleep(0)

    assert other.written == [b"2"]


async def test_a_client_that_has_gone_before_its_answer_is_no_bug() -> None:
    outbox = Outbox(())
    for _ in range(2):
        outbox.put(ClosedWire(), b"1")  # type: ignore[arg-type]
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "header",
    [
        (b"location", b"/a\r\nset-cookie: b"),
        (b"x-a\r\nb", b"c"),
        (b"x a", b"b"),
        (b"content-type", b"a\nb"),
        (b"x-a", b"\0"),
    ],
)
def test_a_header_that_would_end_the_head_is_never_sent(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(RuntimeError):
        _rendered(*header)


def test_only_headers_that_repeat_are_remembered_and_not_without_end() -> None:
    _rendered(b"x-amzn-requestid", b"1")
    for number in range(2_000):
        _rendered(b"content-type", b"text/%d" % number)

    assert (b"x-amzn-requestid", b"1") not in _lines
    assert len(_lines) <= 512
