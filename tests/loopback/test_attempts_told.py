"""Who traces a request hears of each time that it is sent, and when its responses end."""

import asyncio
import time
from typing import Any

import pytest
from pages import OK, Pages
from running import asynchronous, closed_port, until
from scripted import ScriptedServer, head_of

import aioclient
from aioclient import TraceConfig, TraceRequestAttemptEndParams, TraceResponseEndParams


def config(*, attempts: list[Any] | None = None, ends: list[Any] | None = None) -> TraceConfig[Any]:
    """One that notes in these lists what it is told."""
    made = TraceConfig()
    for signal, told in ((made.on_request_attempt_end, attempts), (made.on_response_end, ends)):
        if told is not None:

            async def handler(session: Any, context: Any, event: Any, told: Any = told) -> None:
                told.append(event)

            signal.append(handler)
    return made


@asynchronous
async def test_each_redirect_is_an_attempt() -> None:
    told: list[TraceRequestAttemptEndParams] = []
    begun_at = time.monotonic()
    async with (
        Pages().redirect("a", "/b") as server,
        aioclient.ClientSession(trace_configs=[config(attempts=told)]) as session,
        session.get(server.url("/a"), headers={"X-Asked": "1"}) as response,
    ):
        first, second = told
        assert second.response is response
        assert first.response is response.history[0]
    assert [event.url.path for event in told] == ["/a", "/b"]
    assert [event.method for event in told] == ["GET", "GET"]
    assert first.headers["X-Asked"] == "1"
    assert [event.exception for event in told] == [None, None]
    times = [at for event in told for at in (event.begun_at, event.sent_at)]
    assert times == sorted(times)
    assert begun_at <= times[0]
    assert times[-1] <= time.monotonic()


@asynchronous
async def test_a_kept_connection_that_was_closed_is_an_attempt_that_failed() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await head_of(reader)

    told: list[TraceRequestAttemptEndParams] = []
    async with (
        ScriptedServer(handler) as server,
        aioclient.ClientSession(trace_configs=[config(attempts=told)]) as session,
    ):
        for _ in range(2):
            async with session.get(server.url()) as response:
                await response.read()
    kinds = [type(event.exception).__name__ for event in told]
    assert kinds == ["NoneType", "ServerDisconnectedError", "NoneType"]
    assert [event.response is None for event in told] == [False, True, False]


@asynchronous
async def test_a_request_that_found_no_connection_was_never_sent() -> None:
    told: list[TraceRequestAttemptEndParams] = []
    async with aioclient.ClientSession(trace_configs=[config(attempts=told)]) as session:
        with pytest.raises(aioclient.ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{closed_port()}/")
    (event,) = told
    assert event.exception is caught.value
    assert (event.response, event.sent_at) == (None, None)


@pytest.mark.parametrize("path", ["/cut", "/whole"])
@asynchronous
async def test_the_error_of_who_is_told_fails_the_request_and_frees_its_connection(
    path: str,
) -> None:
    async def fails(*args: object) -> None:
        raise LookupError("of the handler")

    made = TraceConfig()
    made.on_request_attempt_end.append(fails)
    async with (
        Pages(cut=OK[:-1]) as server,
        aioclient.ClientSession(trace_configs=[made]) as session,
    ):
        with pytest.raises(LookupError, match="of the handler"):
            await session.get(server.url(path))
        connector = session.connector
        assert connector is not None
        await until(lambda: not connector.stats().active)


@asynchronous
async def test_the_end_of_a_response_is_told_with_its_time() -> None:
    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK[:-2])
        await head_of(reader)

    ends: list[TraceResponseEndParams] = []
    async with (
        ScriptedServer(handler) as server,
        Pages() as pages,
        aioclient.ClientSession(trace_configs=[config(ends=ends)]) as session,
    ):
        async with session.get(pages.url()) as response:
            await response.read()
        before = time.monotonic()
        async with session.get(server.url()) as response:
            response.close()
            await response.wait_for_close()
            await asyncio.sleep(0)
        assert before <= ends[1].ended_at <= time.monotonic()
    assert ends[0].ended_at <= before
    assert ends[1].exception is not None


@asynchronous
async def test_what_a_middleware_has_no_use_for_has_ended_before_the_call() -> None:
    first: list[aioclient.ClientResponse] = []

    async def first_again(
        request: aioclient.ClientRequest, handler: aioclient.ClientHandlerType
    ) -> aioclient.ClientResponse:
        first.append(await handler(request))
        return first[0]

    ends: list[TraceResponseEndParams] = []
    async with (
        Pages() as server,
        aioclient.ClientSession(
            trace_configs=[config(ends=ends)], middlewares=[first_again]
        ) as session,
    ):
        for _ in range(2):
            await session.get(server.url())
        assert [event.response for event in ends] == first
