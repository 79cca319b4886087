"""A WebSocket that is opened again whenever it has ended."""

import contextlib
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
from running import asynchronous, closed_port
from websockets.asyncio.server import Request, Response, ServerConnection, serve

import aioclient
from aioclient import ClientConnectorError, ClientSession, WSMsgType, WSServerHandshakeError


class Clock:
    """Time that passes while somebody sleeps, and by `move`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


async def greet(connection: ServerConnection) -> None:
    """Say one thing and close."""
    await connection.send("hello")


@contextlib.asynccontextmanager
async def site(*statuses: int) -> AsyncIterator[str]:
    """The URL of a server of somebody else's, which answers so at first, and greets afterwards."""
    refusals = list(statuses)

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        if refusals:
            return connection.respond(HTTPStatus(refusals.pop(0)), "no")
        return None

    async with serve(greet, "127.0.0.1", 0, process_request=answer) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"ws://127.0.0.1:{port}/"


@asynchronous
async def test_it_is_opened_again_when_it_was_closed() -> None:
    clock = Clock()
    texts = []
    async with site() as url, ClientSession() as session:
        async for ws in aioclient.reconnect(
            session, url, clock=clock, sleep=clock.sleep, random=lambda: 1.0
        ):
            async for message in ws:
                assert message.type is WSMsgType.TEXT
                texts.append(message.data)
            if len(texts) == 4:
                break
        assert texts == ["hello"] * 4
        assert clock.slept == [0.5, 1.0, 2.0]


@asynchronous
async def test_waiting_is_short_again_when_one_has_lasted() -> None:
    clock = Clock()
    count = 0
    async with site() as url, ClientSession() as session:
        async for _ in aioclient.reconnect(
            session, url, clock=clock, sleep=clock.sleep, random=lambda: 1.0
        ):
            count += 1
            if count == 3:
                clock.now += 10
            if count == 4:
                break
    assert clock.slept == [0.5, 1.0, 0.5]


@asynchronous
async def test_waiting_is_a_random_part_of_a_time_that_has_a_limit() -> None:
    clock = Clock()
    count = 0
    async with site() as url, ClientSession() as session:
        async for _ in aioclient.reconnect(
            session,
            url,
            backoff=1,
            max_backoff=3,
            clock=clock,
            sleep=clock.sleep,
            random=lambda: 0.5,
        ):
            count += 1
            if count == 5:
                break
    assert clock.slept == [0.5, 1.0, 1.5, 1.5]


@asynchronous
async def test_a_server_that_is_not_there_is_tried_again() -> None:
    class Enough(Exception):
        pass

    clock = Clock()

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 3:
            raise Enough

    async with ClientSession() as session:
        url = f"ws://127.0.0.1:{closed_port()}/"
        connections = aioclient.reconnect(session, url, clock=clock, sleep=sleep)
        with pytest.raises(Enough):
            await anext(connections)


@pytest.mark.parametrize("status", [408, 429, 503])
@asynchronous
async def test_an_answer_that_may_pass_is_tried_again(status: int) -> None:
    clock = Clock()
    async with site(status) as url, ClientSession() as session:
        connections = aioclient.reconnect(session, url, clock=clock, sleep=clock.sleep)
        ws = await anext(connections)
        assert await ws.receive_str() == "hello"
        await connections.aclose()
    assert len(clock.slept) == 1


@asynchronous
async def test_an_answer_that_will_stay_is_raised() -> None:
    clock = Clock()
    async with site(403) as url, ClientSession() as session:
        connections = aioclient.reconnect(session, url, clock=clock, sleep=clock.sleep)
        with pytest.raises(WSServerHandshakeError, match="403"):
            await anext(connections)
    assert clock.slept == []


@asynchronous
async def test_what_the_loop_raises_is_raised_and_closes() -> None:
    kept = []
    async with site() as url, ClientSession() as session:
        connections = aioclient.reconnect(session, url)

        async def fail_within() -> None:
            async for ws in connections:
                kept.append(ws)
                await session.get(f"http://127.0.0.1:{closed_port()}/")

        with pytest.raises(ClientConnectorError):
            await fail_within()
        await connections.aclose()
        assert kept[0].closed
