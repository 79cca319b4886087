"""Queues of objects, and the body of what has none."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from running import asynchronous, started

import aioclient
from aioclient import EMPTY_PAYLOAD, DataQueue, EofStream, FlowControlDataQueue, StreamReader
from aioclient.streams import EmptyStreamReader


def new_queue() -> DataQueue[Any]:
    return DataQueue(asyncio.get_running_loop())


@asynchronous
async def test_a_queue_gives_what_it_was_fed_and_then_ends() -> None:
    queue = new_queue()
    queue.feed_data("a")
    queue.feed_data("b")
    assert (len(queue), queue.is_eof(), queue.at_eof()) == (2, False, False)
    queue.feed_eof()
    assert (queue.is_eof(), queue.at_eof()) == (True, False)
    assert [item async for item in queue] == ["a", "b"]
    assert queue.at_eof()
    with pytest.raises(EofStream):
        await queue.read()


@asynchronous
async def test_a_reader_of_a_queue_waits_for_what_comes() -> None:
    queue = new_queue()
    reading = await started(queue.read())
    with pytest.raises(RuntimeError, match="already reading"):
        await queue.read()
    queue.feed_data("a")
    assert await reading == "a"
    reading = await started(queue.read())
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    queue.feed_data("b")
    assert await queue.read() == "b"


@asynchronous
async def test_an_error_of_a_queue_comes_after_what_was_fed() -> None:
    queue = new_queue()
    queue.feed_data("a")
    queue.set_exception(ValueError("no"), KeyError("why"))
    assert isinstance(queue.exception(), ValueError)
    assert await queue.read() == "a"
    with pytest.raises(ValueError, match="no") as raised:
        await queue.read()
    assert isinstance(raised.value.__cause__, KeyError)
    waiting = new_queue()
    reading = await started(waiting.read())
    waiting.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        await reading


@asynchronous
async def test_a_queue_with_flow_control_pauses_its_protocol() -> None:
    said: list[str] = []
    protocol = SimpleNamespace(
        pause_reading=lambda: said.append("pause"), resume_reading=lambda: said.append("resume")
    )
    with pytest.warns(DeprecationWarning, match="FlowControlDataQueue"):
        queue: FlowControlDataQueue[str] = FlowControlDataQueue(
            protocol, 5, loop=asyncio.get_running_loop()
        )
    queue.feed_data("a", 6)
    assert said == []
    queue.feed_data("b", 6)
    queue.feed_data("c", 6)
    assert said == ["pause"]
    assert await queue.read() == "a"
    assert said == ["pause"]
    assert await queue.read() == "b"
    assert said == ["pause", "resume"]


@asynchronous
async def test_the_empty_body_is_empty_for_everybody() -> None:
    assert isinstance(EMPTY_PAYLOAD, EmptyStreamReader)
    assert isinstance(EMPTY_PAYLOAD, StreamReader)
    assert aioclient.streams.EMPTY_PAYLOAD is EMPTY_PAYLOAD
    for _ in range(2):
        assert await EMPTY_PAYLOAD.read() == b""
        assert await EMPTY_PAYLOAD.readline() == b""
        assert [piece async for piece in EMPTY_PAYLOAD.iter_any()] == []
        assert EMPTY_PAYLOAD.at_eof()
