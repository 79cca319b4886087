"""What a connector tells of itself, and why its connections were closed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fake_connector import FakeConnector
from running import asynchronous, cancelled, closed_port, settled, started, until
from scripted import ScriptedServer, answers, head_of, silent

from aioclient import (
    ClientConnectorError,
    ClientSession,
    ClientTimeout,
    ConnectorStats,
    HostStats,
    TCPConnector,
)
from aioclient._net.route import Route
from aioclient._pool import reasons

A = Route("a.example", 80, False, True)
B = Route("b.example", 443, True, True)
NO_LIMIT = ClientTimeout()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def lease(connector: FakeConnector, route: Route = A) -> Any:
    return await connector.lease(route, NO_LIMIT, lambda _: None)


# --- gauges --------------------------------------------------------------------------------------


@asynchronous
async def test_an_unused_connector_has_nothing_and_did_nothing() -> None:
    async with FakeConnector() as connector:
        nothing = dict.fromkeys(reasons.ALL, 0)
        assert connector.stats() == ConnectorStats(0, 0, 0, 0, 0, 0, 0, nothing, {})


@asynchronous
async def test_gauges_show_each_connection_once() -> None:
    async with FakeConnector(limit=4) as connector:
        kept, lent = await lease(connector), await lease(connector, B)
        kept.give_back(True)
        connector.gate.clear()
        made = [await started(lease(connector, route)) for route in (B, B, B)]
        waiting = [await started(lease(connector, A)) for _ in range(2)]
        stats = connector.stats()
        assert stats[:4] == (1, 3, 1, 2)  # active, connecting, idle, waiting
        assert stats.per_host == {
            ("a.example", 80, False): HostStats(idle=1, waiting=2),
            ("b.example", 443, True): HostStats(active=1, connecting=3),
        }
        for task in (*waiting, *made):
            await cancelled(task)
        lent.give_back(True)
        await settled()
        assert connector.stats()[:4] == (0, 0, 2, 0)


@asynchronous
async def test_stats_of_the_past_do_not_change() -> None:
    async with FakeConnector() as connector:
        before = connector.stats()
        (await lease(connector)).give_back(False)
        assert before.created == 0
        assert before.closed == dict.fromkeys(reasons.ALL, 0)
        assert connector.stats().created == 1


# --- counters ------------------------------------------------------------------------------------


@asynchronous
async def test_made_and_reused_connections_are_counted() -> None:
    async with ScriptedServer(talks) as server:
        connector = TCPConnector()
        async with ClientSession(connector=connector) as session:
            for _ in range(3):
                await session.get(server.url())
            stats = connector.stats()
            assert (stats.created, stats.reused, stats.failed) == (1, 2, 0)


@asynchronous
async def test_connections_that_could_not_be_made_are_counted() -> None:
    connector = TCPConnector()
    async with ClientSession(connector=connector) as session, ScriptedServer(silent) as server:
        with pytest.raises(ClientConnectorError):
            await session.get(f"http://127.0.0.1:{closed_port()}/")
        tls = server.url().replace("http:", "https:")
        handshake = await started(session.get(tls, ssl=False))
        await until(lambda: server.open == 1)
        await cancelled(handshake)
        await settled()
        stats = connector.stats()
        assert (stats.created, stats.failed) == (0, 2)


# --- why connections were closed -----------------------------------------------------------------


async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers, and says of connections what the target of the request says after "?"."""
    while True:
        target = (await head_of(reader)).split(b" ")[1]
        field = target.partition(b"?")[2].replace(b"%20", b" ") or b"X: 1"
        length = 2 if b"half" not in target else 1_000_000
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n\r\nok" % (length, field))


async def asks(session: ClientSession, url: str) -> None:
    await (await session.get(url)).read()


async def asks_for_the_last(session: ClientSession, url: str) -> None:
    await (await session.get(url, headers={"Connection": "close"})).read()


async def hears_of_the_last(session: ClientSession, url: str) -> None:
    await (await session.get(f"{url}?Connection:%20close")).read()


async def hears_that_it_is_not_kept(session: ClientSession, url: str) -> None:
    await (await session.get(f"{url}?Keep-Alive:%20timeout=0")).read()


async def breaks_off(session: ClientSession, url: str) -> None:
    (await session.get(f"{url}half")).close()


async def closes_idle(session: ClientSession, url: str) -> None:
    await asks(session, url)
    assert session.connector is not None
    assert session.connector.close_idle() == 1


async def closes(session: ClientSession, url: str) -> None:
    await asks(session, url)
    await session.close()


@pytest.mark.parametrize(
    ("options", "does", "reason"),
    [
        ({"keepalive_timeout": 0.05}, asks, reasons.IDLE_TOO_LONG),
        ({"keepalive_timeout": 0}, asks, reasons.NOT_PERSISTENT),
        ({"max_connection_age": 0.05}, asks, reasons.TOO_OLD),
        ({"max_connection_age": 0}, asks, reasons.TOO_OLD),
        ({}, asks_for_the_last, reasons.NOT_PERSISTENT),
        ({}, hears_of_the_last, reasons.NOT_PERSISTENT),
        ({}, hears_that_it_is_not_kept, reasons.NOT_PERSISTENT),
        ({"force_close": True}, asks, reasons.FORCE_CLOSE),
        ({}, breaks_off, reasons.BROKEN_OFF),
        ({}, closes_idle, reasons.CLOSE_IDLE),
        ({}, closes, reasons.CONNECTOR_CLOSED),
    ],
)
@asynchronous
async def test_a_closed_connection_is_counted_once_with_its_reason(
    options: dict[str, Any],
    does: Callable[[ClientSession, str], Awaitable[None]],
    reason: str,
) -> None:
    async with ScriptedServer(talks) as server:
        connector = TCPConnector(**options)
        async with ClientSession(connector=connector) as session:
            await does(session, server.url())
            await until(lambda: server.open == 0)
        stats = connector.stats()
        assert {why: count for why, count in stats.closed.items() if count} == {reason: 1}
        assert (stats.created, stats.active, stats.idle) == (1, 0, 0)


@asynchronous
async def test_a_connection_that_the_server_closed_is_counted_with_that_reason() -> None:
    async with ScriptedServer(answers(OK)) as server:
        connector = TCPConnector()
        async with ClientSession(connector=connector) as session:
            await asks(session, server.url())
            await until(lambda: connector.stats().closed[reasons.CLOSED_BY_SERVER] == 1)


# --- close_idle and max_connection_age -----------------------------------------------------------


@asynchronous
async def test_close_idle_leaves_connections_in_use_and_the_connector_open() -> None:
    async with FakeConnector() as connector:
        used, idle = await lease(connector), await lease(connector)
        idle.give_back(True)
        assert connector.close_idle() == 1
        assert connector.close_idle() == 0
        assert [transport.is_closing() for transport in connector.opened] == [False, True]
        used.give_back(True)
        again = connector.lease_idle(A, asyncio.get_running_loop().time())
        assert again is not None
        assert again.connection is used.connection
        again.give_back(True)


@asynchronous
async def test_a_connection_that_became_too_old_in_use_is_not_kept() -> None:
    is_old = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await is_old.wait()
        writer.write(OK)
        await reader.read()

    async with ScriptedServer(slow) as server:
        connector = TCPConnector(max_connection_age=0.05)
        async with ClientSession(connector=connector) as session:
            request = await started(session.get(server.url()))
            await until(lambda: server.open == 1)
            await asyncio.sleep(0.06)
            is_old.set()
            assert (await request).status == 200
            await until(lambda: server.open == 0)
            assert connector.stats().closed[reasons.TOO_OLD] == 1
