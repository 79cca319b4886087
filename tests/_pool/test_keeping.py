"""For how long idle connections are kept, and what that costs."""

import asyncio
from typing import Any

import pytest
from fake_connector import FakeConnector
from fake_link import FakeTransport, new_exchange, request_head
from running import settled, started, until
from skipping import running_loop, skip, skipping

from aioclient import ClientSession, ClientTimeout
from aioclient._connection.http1 import Http1Connection
from aioclient._net.route import Route
from aioclient._pool.lease import Lease

A = Route("a.example", 80, False, True)
B = Route("b.example", 80, False, True)
NO_LIMIT = ClientTimeout()
#: How much later than it might an idle connection is closed.
GRAIN_S = 0.25


async def used(connector: FakeConnector, *fields: str, route: Route = A) -> Http1Connection:
    """A connection that has carried an exchange: the response had these fields besides."""
    now = running_loop().time()
    lease = connector.lease_idle(route, now) or await connector.lease(
        route, NO_LIMIT, lambda _: None
    )
    return await exchanged(connector, lease, *fields)


async def exchanged(connector: FakeConnector, lease: Lease, *fields: str) -> Http1Connection:
    """The connection of a lease, after an exchange on it."""
    connection = lease.connection
    assert isinstance(connection, Http1Connection)
    exchange = new_exchange(lease.give_back)  # type: ignore[arg-type]
    connection.begin(request_head(), None, exchange)
    answer = "\r\n".join(["HTTP/1.1 200 OK", "Content-Length: 2", *fields, "", "ok"])
    transport_of(connector, connection).receive(answer.encode())
    await exchange.waiter
    return connection


def transport_of(connector: FakeConnector, connection: Http1Connection) -> FakeTransport:
    return connector.opened[connector.connections.index(connection)]


def lent(connector: FakeConnector, route: Route = A) -> Any:
    """The kept connection that a request would get now, or None."""
    lease = connector.lease_idle(route, running_loop().time())
    if lease is None:
        return None
    lease.give_back(True)
    return lease.connection


# --- for how long --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "fields", "kept_s"),
    [
        ({}, (), 15),
        ({"keepalive_timeout": 3}, (), 3),
        ({"keepalive_timeout": 100}, (), 100),
        ({"keepalive_timeout": 0.1}, (), 0.1),
        # The server's time, less a second, but not less than half of it.
        ({}, ("Keep-Alive: timeout=5",), 4),
        ({}, ("Keep-Alive: timeout=2, max=100",), 1),
        ({}, ("Keep-Alive: timeout=1",), 0.5),
        ({}, ("Keep-Alive: timeout=100",), 15),
        ({"keepalive_timeout": 2}, ("Keep-Alive: timeout=5",), 2),
        ({}, ("Keep-Alive: max=1",), 15),
        ({}, ("Keep-Alive: nonsense",), 15),
        ({"max_connection_age": 4}, (), 4),
        ({"max_connection_age": 4}, ("Keep-Alive: timeout=3",), 2),
        ({"max_connection_age": 60}, (), 15),
    ],
)
@skipping
async def test_a_connection_is_lent_until_its_time_is_up_and_closed_soon_after(
    options: dict[str, Any], fields: tuple[str, ...], kept_s: float
) -> None:
    async with FakeConnector(**options) as connector:
        first = await used(connector, *fields)
        skip(kept_s - 0.02)
        # Giving it back would begin its time anew.
        lease = connector.lease_idle(A, running_loop().time())
        assert lease is not None
        assert lease.connection is first
        lease.give_back(False)

        second = await used(connector, *fields)
        skip(kept_s + 0.001)
        assert lent(connector) is None
        await settled()
        skip(GRAIN_S)
        await settled()
        assert transport_of(connector, second).is_closing()
        assert connector.stats().idle == 0


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({}, ("Keep-Alive: timeout=5, max=0",)),
        ({}, ("Keep-Alive: timeout=0",)),
        ({}, ("Connection: close",)),
        ({"keepalive_timeout": 0}, ()),
        ({"keepalive_timeout": None}, ()),
        ({"force_close": True}, ()),
        ({"max_connection_age": 0}, ()),
    ],
)
@skipping
async def test_a_connection_that_may_not_be_kept_is_closed_at_once(
    options: dict[str, Any], fields: tuple[str, ...]
) -> None:
    async with FakeConnector(**options) as connector:
        connection = await used(connector, *fields)
        assert transport_of(connector, connection).is_closing()
        assert lent(connector) is None


@skipping
async def test_each_use_begins_the_time_anew_but_not_the_age() -> None:
    async with FakeConnector(keepalive_timeout=10, max_connection_age=35) as connector:
        first = await used(connector)
        for _ in range(3):
            skip(9)
            assert await used(connector) is first
        skip(7)  # 34 s old
        assert await used(connector) is first
        skip(2)
        assert await used(connector) is not first


@skipping
async def test_a_connection_that_grew_too_old_in_use_is_not_kept() -> None:
    async with FakeConnector(max_connection_age=5, limit=1) as connector:
        lease = await connector.lease(A, NO_LIMIT, lambda _: None)
        waiter = await started(connector.lease(A, NO_LIMIT, lambda _: None))
        skip(6)
        lease.give_back(True)
        after = await waiter
        assert after.connection is not lease.connection
        after.give_back(True)
        assert connector.stats().closed["too_old"] == 1


@skipping
async def test_the_last_hint_of_a_server_counts() -> None:
    async with FakeConnector() as connector:
        connection = await used(connector, "Keep-Alive: timeout=2")
        assert await used(connector, "Keep-Alive: timeout=10") is connection
        skip(8)
        assert await used(connector) is connection  # says nothing new
        skip(8)
        assert lent(connector) is connection
        skip(9.1)
        assert lent(connector) is None


@skipping
async def test_one_that_expired_does_not_hide_another_that_did_not() -> None:
    async with FakeConnector() as connector:
        long, short = [await connector.lease(A, NO_LIMIT, lambda _: None) for _ in range(2)]
        long.give_back(True)
        await exchanged(connector, short, "Keep-Alive: timeout=1")
        assert lent(connector) is short.connection
        skip(0.6)
        assert lent(connector) is long.connection


# --- what it costs -------------------------------------------------------------------------------


@skipping
async def test_many_idle_connections_have_one_timer() -> None:
    loop = running_loop()
    async with FakeConnector(limit=0) as connector:
        leases = [
            await connector.lease(Route(f"{n}.example", 80, False, True), NO_LIMIT, lambda _: None)
            for n in range(500)
        ]
        loop.timers.clear()
        for lease in leases:
            lease.give_back(True)
            skip(0.01)
        assert len(loop.waiting_timers()) == 1
        assert connector.stats().idle == 500
        skip(15)
        for _ in range(30):
            skip(GRAIN_S)
            await settled(3)
            assert len(loop.waiting_timers()) <= 1
        assert connector.stats().closed["idle_too_long"] == 500
        assert len(loop.timers) <= 30
        assert loop.waiting_timers() == []


@skipping
async def test_a_busy_pool_does_not_arm_its_timer_again_and_again() -> None:
    loop = running_loop()
    async with FakeConnector() as connector:
        await used(connector)
        loop.timers.clear()
        for _ in range(1000):
            await used(connector)
            skip(0.001)
        assert loop.timers == []


@skipping
async def test_nothing_wakes_a_session_up_that_has_no_idle_connection() -> None:
    loop = running_loop()
    connector = FakeConnector(keepalive_timeout=5)
    async with ClientSession(connector=connector):
        await used(connector)
        skip(5.1)
        await until(lambda: not connector.stats().idle)
        await settled()
        assert loop.waiting_timers() == []
        turns, wait_s = loop.turns, 0.1
        await asyncio.sleep(wait_s)
        assert loop.turns - turns <= 3  # those of the sleep


@skipping
async def test_an_idle_connection_wakes_nobody_up_before_its_time() -> None:
    loop = running_loop()
    async with FakeConnector() as connector:
        for _ in range(10):
            await used(connector)
        await settled()
        ((timer, _),) = loop.waiting_timers()
        assert timer.when() - loop.time() > 14
        turns = loop.turns
        await asyncio.sleep(0.1)
        assert loop.turns - turns <= 3


@skipping
async def test_closing_the_idle_connections_stops_the_timer() -> None:
    async with FakeConnector() as connector:
        await used(connector)
        assert running_loop().waiting_timers()
        assert connector.close_idle() == 1
        assert running_loop().waiting_timers() == []


# --- close_idle ----------------------------------------------------------------------------------


@skipping
async def test_close_idle_closes_those_that_no_request_uses() -> None:
    async with FakeConnector() as connector:
        held = await connector.lease(A, NO_LIMIT, lambda _: None)
        idle = [await used(connector), await used(connector, route=B)]
        assert connector.close_idle() == 2
        assert connector.close_idle() == 0
        assert all(transport_of(connector, each).is_closing() for each in idle)
        assert not connector.opened[0].is_closing()
        held.give_back(True)
        assert lent(connector) is held.connection
        assert connector.stats().closed["close_idle"] == 2


@skipping
async def test_close_idle_counts_what_expired_and_was_not_closed_yet() -> None:
    async with FakeConnector() as connector:
        first = await used(connector)
        skip(20)
        assert lent(connector) is None
        assert connector.close_idle() == 1
        assert transport_of(connector, first).is_closing()
