"""Connections over real sockets: kept, counted, limited, dropped."""

import asyncio

import pytest
from origin import FIXED_JSON, Origin
from running import asynchronous, until
from scripted import ScriptedServer, answers, head_of

from aioclient import ClientSession, ServerDisconnectedError, TCPConnector

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("path", ["/json", "/bytes/300000", "/chunked/300000", "/status/204"])
@asynchronous
async def test_one_connection_serves_one_request_after_another(path: str) -> None:
    async with Origin() as origin, ClientSession() as session:
        for _ in range(20):
            async with session.get(origin.url(path)) as response:
                await response.read()
        assert (origin.accepted, origin.served) == (1, 20)


@asynchronous
async def test_a_connection_of_two_sessions_can_be_shared_through_their_connector() -> None:
    async with Origin() as origin, TCPConnector() as connector:
        for _ in range(3):
            async with ClientSession(connector=connector, connector_owner=False) as session:
                assert (await session.get(origin.url("/json"))).status == 200
        assert origin.accepted == 1


@asynchronous
async def test_host_names_do_not_share_connections() -> None:
    async with Origin() as origin, ClientSession() as session:
        await session.get(origin.url("/json"))
        await session.get(origin.url("/json", host="localhost"))
        assert origin.accepted == 2


@pytest.mark.parametrize(("limit", "limit_per_host", "most"), [(5, 0, 5), (0, 3, 3), (100, 7, 7)])
@asynchronous
async def test_no_more_connections_are_open_than_the_limit(
    limit: int, limit_per_host: int, most: int
) -> None:
    connector = TCPConnector(limit=limit, limit_per_host=limit_per_host)
    seen = 0
    async with Origin() as origin:
        async with ClientSession(connector=connector) as session:

            async def one(number: int) -> None:
                nonlocal seen
                response = await session.get(origin.url(f"/echo?id={number}"))
                seen = max(seen, origin.open)
                assert (await response.json())["query"] == f"id={number}"

            await asyncio.gather(*(one(number) for number in range(200)))
        assert origin.accepted == seen == most


@asynchronous
async def test_limit_per_host_counts_each_host_for_itself() -> None:
    async with (
        Origin() as origin,
        ClientSession(connector=TCPConnector(limit_per_host=2)) as session,
    ):
        slow = [asyncio.ensure_future(session.get(origin.url("/delay/0.2"))) for _ in range(6)]
        await until(lambda: origin.open == 2)
        response = await asyncio.wait_for(session.get(origin.url("/json", host="localhost")), 0.15)
        assert response.status == 200
        await asyncio.gather(*slow)


@asynchronous
async def test_no_limit_means_none() -> None:
    async with Origin() as origin:
        async with ClientSession(connector=TCPConnector(limit=0)) as session:
            tasks = [
                asyncio.ensure_future(session.get(origin.url("/delay/0.1"))) for _ in range(150)
            ]
            await asyncio.gather(*tasks)
        assert origin.accepted == 150


@asynchronous
async def test_force_close_closes_each_connection() -> None:
    async with Origin() as origin:
        async with ClientSession(connector=TCPConnector(force_close=True)) as session:
            for _ in range(3):
                assert await (await session.get(origin.url("/json"))).json() == FIXED_JSON
            await until(lambda: origin.open == 0)
            seen = await (await session.get(origin.url("/echo"))).json()
        assert ["Connection", "close"] in seen["headers"]  # RFC 9112 section 9.6
        assert origin.accepted == 4


@asynchronous
async def test_connection_close_of_the_caller_closes_the_connection() -> None:
    async with Origin() as origin, ClientSession(headers={"Connection": "close"}) as session:
        for _ in range(3):
            await session.get(origin.url("/json"))
        await until(lambda: origin.open == 0)
        assert origin.accepted == 3


@asynchronous
async def test_an_idle_connection_is_closed_when_its_time_is_up() -> None:
    async with (
        Origin() as origin,
        ClientSession(connector=TCPConnector(keepalive_timeout=0.05)) as session,
    ):
        await session.get(origin.url("/json"))
        assert origin.open == 1
        await until(lambda: origin.open == 0)
        await session.get(origin.url("/json"))
        assert origin.accepted == 2


@pytest.mark.parametrize("keepalive_timeout", [0, None])
@asynchronous
async def test_without_a_keepalive_timeout_nothing_is_kept(keepalive_timeout: int | None) -> None:
    connector = TCPConnector(keepalive_timeout=keepalive_timeout)
    async with Origin() as origin, ClientSession(connector=connector) as session:
        for _ in range(3):
            await session.get(origin.url("/json"))
        await until(lambda: origin.open == 0)
        assert origin.accepted == 3


@asynchronous
async def test_a_connection_that_the_server_closed_while_idle_is_not_used() -> None:
    async with ScriptedServer(answers(OK)) as server, ClientSession() as session:
        for number in range(1, 6):
            response = await session.get(server.url())
            assert await response.text() == "ok"
            await until(lambda: server.open == 0)
            await asyncio.sleep(0.005)
            assert server.accepted == number


@asynchronous
async def test_a_connection_on_which_the_server_spoke_unasked_is_not_used() -> None:
    async def speaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    async with ScriptedServer(speaks) as server, ClientSession() as session:
        await session.get(server.url())
        await until(lambda: server.open == 0)
        assert (await session.get(server.url())).status == 200
        assert server.accepted == 2


@asynchronous
async def test_surplus_bytes_are_not_the_next_response() -> None:
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    async with ScriptedServer(answers(OK + evil, stays_open=True)) as server:
        async with ClientSession() as session:
            for _ in range(3):
                assert await (await session.get(server.url())).text() == "ok"
        assert server.accepted == 3


@asynchronous
async def test_an_unread_response_that_is_dropped_gives_its_slot_back() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        response = await session.get(origin.url("/bytes/5000000"))
        assert response.status == 200
        del response
        again = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert again.status == 200


@asynchronous
async def test_a_released_response_gives_its_slot_back() -> None:
    async with Origin() as origin, ClientSession(connector=TCPConnector(limit=1)) as session:
        async with session.get(origin.url("/bytes/5000000")) as response:
            assert await response.content.read(10)
        again = await asyncio.wait_for(session.get(origin.url("/json")), 2)
        assert again.status == 200
        assert origin.accepted == 2


@asynchronous
async def test_a_small_response_that_is_not_read_keeps_its_connection() -> None:
    async with Origin() as origin, ClientSession() as session:
        for _ in range(5):
            async with session.get(origin.url("/json")):
                pass
        assert origin.accepted == 1


@asynchronous
async def test_a_failed_request_does_not_spoil_the_next() -> None:
    turns = 0

    async def every_second(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turns
        turns += 1
        await head_of(reader)
        if turns % 2 == 0:
            writer.write(OK)
            await writer.drain()

    async with (
        ScriptedServer(every_second) as server,
        ClientSession(connector=TCPConnector(limit=1)) as session,
    ):
        for _ in range(5):
            with pytest.raises(ServerDisconnectedError):
                await session.get(server.url())
            assert (await session.get(server.url())).status == 200
            await until(lambda: server.open == 0)
            await asyncio.sleep(0.005)


@asynchronous
async def test_close_ends_idle_connections() -> None:
    async with Origin() as origin:
        async with ClientSession() as session:
            await asyncio.gather(*(session.get(origin.url("/json")) for _ in range(10)))
            assert origin.open > 1
        await until(lambda: origin.open == 0)
