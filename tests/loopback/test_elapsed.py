"""How long a response took, over real sockets."""

import asyncio
import time
from datetime import timedelta

from origin import Origin
from running import asynchronous, started, until
from scripted import ScriptedServer, head_of

from aioclient import ClientSession, TCPConnector

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PAUSE_S = 0.03


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


@asynchronous
async def test_it_is_the_time_until_the_head() -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await asyncio.sleep(PAUSE_S)
        writer.write(OK[:-2])
        await asyncio.sleep(PAUSE_S)
        writer.write(OK[-2:])

    async with ScriptedServer(talks) as server, ClientSession() as session:
        before = time.monotonic()
        response = await session.get(server.url())
        after = time.monotonic()
        assert seconds(PAUSE_S * 0.9) < response.elapsed <= seconds(after - before)
        told = response.elapsed
        await response.read()
        assert response.elapsed == told


@asynchronous
async def test_it_includes_the_waiting_for_a_connection() -> None:
    go_on = asyncio.Event()

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await go_on.wait()
        writer.write(OK)
        await head_of(reader)
        writer.write(OK)

    async with (
        ScriptedServer(talks) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        first = await started(session.get(server.url()))
        await until(lambda: server.open)
        second = await started(session.get(server.url()))
        await asyncio.sleep(PAUSE_S)
        go_on.set()
        await first
        assert (await second).elapsed > seconds(PAUSE_S * 0.9)


@asynchronous
async def test_each_response_of_a_redirect_has_its_own() -> None:
    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await asyncio.sleep(PAUSE_S)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n")
        await head_of(reader)
        writer.write(OK)

    async with ScriptedServer(talks) as server, ClientSession() as session:
        before = time.monotonic()
        response = await session.get(server.url())
        took = seconds(time.monotonic() - before)
        first = response.history[0].elapsed
        assert first > seconds(PAUSE_S * 0.9)
        assert timedelta(0) < response.elapsed < took - first + seconds(0.001)


@asynchronous
async def test_a_request_that_was_sent_again_counts_from_its_first_beginning() -> None:
    turns = 0

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turns
        turns += 1
        await head_of(reader)
        writer.write(OK)
        if turns == 1:
            await head_of(reader)
            await asyncio.sleep(PAUSE_S)

    async with ScriptedServer(talks) as server, ClientSession() as session:
        await session.get(server.url())
        response = await session.get(server.url())
        assert response.attempts == 2
        assert response.elapsed > seconds(PAUSE_S * 0.9)


@asynchronous
async def test_a_kept_connection_counts_from_the_request() -> None:
    async with Origin() as origin, ClientSession() as session:
        await session.get(origin.url("/json"))
        await asyncio.sleep(PAUSE_S)
        before = time.monotonic()
        response = await session.get(origin.url("/json"))
        assert response.elapsed <= seconds(time.monotonic() - before)
