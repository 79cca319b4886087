"""Cancelling at each thing that a request waits for leaves nothing behind."""

import asyncio
import socket

import pytest
from origin import Origin
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, answers, silent

from aioclient import ClientSession, TCPConnector


@asynchronous
async def test_while_waiting_for_a_slot() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        first = await started(session.get(origin.url("/delay/0.1")))
        second = await started(session.get(origin.url("/json")))
        third = await started(session.get(origin.url("/json")))
        await cancelled(second)
        assert (await first).status == 200
        assert (await third).status == 200
        assert origin.accepted == 1


@asynchronous
async def test_while_resolving() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        await cancelled(await started(session.get(origin.url("/json", host="localhost"))))
        assert (await session.get(origin.url("/json"))).status == 200


@asynchronous
async def test_while_connecting() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        address = listening.getsockname()
        with socket.create_connection(address), socket.socket() as second:
            second.setblocking(False)
            second.connect_ex(address)
            async with (
                Origin() as origin,
                ClientSession(connector=TCPConnector(limit=1)) as session,
            ):
                task = await started(session.get(f"http://127.0.0.1:{address[1]}/"))
                await asyncio.sleep(0.02)
                await cancelled(task)
                response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
                assert response.status == 200


@asynchronous
async def test_while_in_the_handshake_of_tls() -> None:
    async with (
        ScriptedServer(silent) as server,
        Origin() as origin,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        url = server.url().replace("http:", "https:")
        task = await started(session.get(url, ssl=False))
        await until(lambda: server.open == 1)
        await cancelled(task)
        await until(lambda: server.open == 0)
        response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert response.status == 200


@asynchronous
async def test_while_waiting_for_the_head() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        task = await started(session.get(origin.url("/delay/30")))
        await until(lambda: origin.open == 1)
        await asyncio.sleep(0.02)
        await cancelled(task)
        response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert response.status == 200
        assert origin.accepted == 2


@asynchronous
async def test_while_reading_the_body() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"
    async with (
        ScriptedServer(answers(half, stays_open=True)) as server,
        Origin() as origin,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        async with session.get(server.url()) as response:
            await cancelled(await started(response.read()))
        await until(lambda: server.open == 0)
        response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert response.status == 200


@asynchronous
async def test_while_uploading() -> None:
    async def endless():  # type: ignore[no-untyped-def]
        while True:
            await asyncio.sleep(0.001)
            yield b"x" * 100

    async with (
        ScriptedServer(silent) as server,
        Origin() as origin,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        task = await started(session.post(server.url(), data=endless()))
        await until(lambda: server.open == 1)
        await asyncio.sleep(0.02)
        await cancelled(task)
        await until(lambda: server.open == 0)
        response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert response.status == 200


@pytest.mark.parametrize("delay_ms", range(0, 12, 2))
@asynchronous
async def test_at_any_time_many_at_once(delay_ms: int) -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=3)) as session:

        async def one(number: int) -> None:
            async with session.get(origin.url(f"/chunked/{number * 1000}")) as response:
                assert len(await response.read()) == number * 1000

        tasks = [asyncio.ensure_future(one(number)) for number in range(40)]
        await asyncio.sleep(delay_ms / 1000)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert all(result is None for result in results[1::2])
        response = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert response.status == 200


@asynchronous
async def test_closing_the_session_can_be_cancelled_and_done_again() -> None:
    async with ScriptedServer(silent) as server:
        session = ClientSession()
        request = await started(session.get(server.url()))
        await until(lambda: server.open == 1)
        closing = await started(session.close(), 1)
        closing.cancel()
        await asyncio.wait([closing])
        await session.close()
        await asyncio.wait([request])
        assert request.exception() is not None
        await until(lambda: server.open == 0)


@asynchronous
async def test_closing_the_session_closes_its_connections_although_it_is_cancelled() -> None:
    async with Origin() as origin:
        session = ClientSession()
        await asyncio.gather(*(session.get(origin.url("/json")) for _ in range(3)))
        closing = await started(session.close(), 1)
        closing.cancel()
        await asyncio.wait([closing])
        await until(lambda: origin.open == 0)
