"""What a connector tells of itself: gauges of this moment, and counters."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from fake_connector import OK, FakeConnector
from fake_link import new_exchange, request_head
from running import asynchronous, cancelled, settled, started
from skipping import running_loop, skip, skipping

from aioclient import ClientConnectionError, ClientTimeout, ConnectorStats, HostStats
from aioclient._connection.exchange import Exchange
from aioclient._net.route import Route
from aioclient._pool import reasons
from aioclient._pool.lease import Lease

A = Route("a.example", 80, False, True)
B = Route("b.example", 443, True, True)
B_UNVERIFIED = B._replace(ssl=False)
NO_LIMIT = ClientTimeout()


async def lease(connector: FakeConnector, route: Route = A) -> Lease:
    idle = connector.lease_idle(route, asyncio.get_running_loop().time())
    return idle or await connector.lease(route, NO_LIMIT, lambda _: None)


def begun(lease: Lease, connection: str | None = None) -> Exchange:
    """A request on a leased connection."""
    exchange = new_exchange(lease.give_back)  # type: ignore[arg-type]
    lease.connection.begin(request_head(connection=connection), None, exchange)
    return exchange


def closed(connector: FakeConnector) -> dict[str, int]:
    """How many connections were closed, by reason, where any was."""
    stats = connector.stats()
    assert stats.created - sum(stats.closed.values()) == stats.active + stats.idle
    return {reason: count for reason, count in stats.closed.items() if count}


# --- gauges --------------------------------------------------------------------------------------


@asynchronous
async def test_an_unused_connector_has_nothing() -> None:
    async with FakeConnector() as connector:
        nothing = dict.fromkeys(reasons.ALL, 0)
        assert connector.stats() == ConnectorStats(0, 0, 0, 0, 0, 0, 0, nothing, {})


@asynchronous
async def test_gauges_follow_a_connection_and_those_who_wait_for_it() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        first = await started(lease(connector))
        second = await started(lease(connector))
        assert connector.stats()[:4] == (0, 1, 0, 1)
        connector.gate.set()
        held = await first
        assert connector.stats()[:4] == (1, 0, 0, 1)
        held.give_back(True)
        assert connector.stats()[:4] == (1, 0, 0, 0)
        (await second).give_back(True)
        assert connector.stats()[:4] == (0, 0, 1, 0)
        assert connector.stats()[4:7] == (1, 0, 1)


@asynchronous
async def test_gauges_are_told_by_host() -> None:
    async with FakeConnector(limit_per_host=2) as connector:
        held = [await lease(connector, B), await lease(connector, B_UNVERIFIED)]
        waiters = [await started(lease(connector, B)) for _ in range(3)]
        kept = [await lease(connector) for _ in range(2)]
        for each in kept:
            each.give_back(True)
        connector.gate.clear()
        connecting = await started(lease(connector, Route("c.example", 80, False, True)))
        stats = connector.stats()
        assert stats.per_host == {
            ("a.example", 80, False): HostStats(active=0, connecting=0, idle=2, waiting=0),
            ("b.example", 443, True): HostStats(active=2, connecting=0, idle=0, waiting=3),
            ("c.example", 80, False): HostStats(active=0, connecting=1, idle=0, waiting=0),
        }
        assert stats[:4] == (2, 1, 2, 3)
        await cancelled(connecting)
        for waiter in waiters:
            await cancelled(waiter)
        for each in held:
            each.give_back(False)
        await settled()
        assert list(connector.stats().per_host) == [("a.example", 80, False)]


@skipping
async def test_what_expired_and_was_not_closed_yet_is_not_in_use() -> None:
    async with FakeConnector(keepalive_timeout=5) as connector:
        (await lease(connector)).give_back(True)
        skip(6)
        assert connector.lease_idle(A, running_loop().time()) is None
        stats = connector.stats()
        assert (stats.active, stats.idle) == (0, 1)
        assert stats.per_host[A[:3]] == HostStats(idle=1)
        await settled()
        assert connector.stats()[:4] == (0, 0, 0, 0)
        assert closed(connector) == {"idle_too_long": 1}


@skipping
async def test_what_expired_and_then_was_closed_by_the_server_is_counted_once() -> None:
    async with FakeConnector(keepalive_timeout=5) as connector:
        (await lease(connector)).give_back(True)
        skip(6)
        assert connector.lease_idle(A, running_loop().time()) is None
        connector.opened[0].receive_eof()
        assert closed(connector) == {"closed_by_server": 1}
        await settled()
        assert closed(connector) == {"closed_by_server": 1}


@asynchronous
async def test_stats_are_a_copy() -> None:
    async with FakeConnector() as connector:
        before = connector.stats()
        (await lease(connector)).give_back(False)
        assert before.created == 0
        assert not any(before.closed.values())


# --- counters ------------------------------------------------------------------------------------


@asynchronous
async def test_each_use_of_a_kept_connection_is_counted() -> None:
    async with FakeConnector(limit=1) as connector:
        for _ in range(3):
            (await lease(connector)).give_back(True)
        held = await lease(connector)
        waiter = await started(lease(connector))
        held.give_back(True)
        (await waiter).give_back(True)
        assert (connector.stats().created, connector.stats().reused) == (1, 4)


@asynchronous
async def test_connections_that_could_not_be_made_are_counted() -> None:
    async with FakeConnector(gated=True) as connector:
        connector.failures = 1
        failing = await started(lease(connector))
        given_up = await started(lease(connector))
        await cancelled(given_up)
        connector.gate.set()
        with pytest.raises(ClientConnectionError):
            await failing
        await settled()
        assert connector.stats().failed == 2
        assert connector.stats().created == 0


# --- why connections are closed ------------------------------------------------------------------

Ending = Callable[[FakeConnector, Lease], Awaitable[None]]


async def unused_for_too_long(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    skip(15.1)
    await settled()


async def unused_for_as_long_as_the_server_keeps_it(connector: FakeConnector, lease: Lease) -> None:
    begun(lease)
    connector.opened[0].receive(OK.replace(b"OK\r\n", b"OK\r\nKeep-Alive: timeout=3\r\n"))
    skip(2.1)
    await settled()


async def closed_while_idle(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    connector.opened[0].receive_eof()


async def reset_while_idle(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    connector.opened[0].lose(ConnectionResetError())


async def spoken_on_unasked(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    connector.opened[0].receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n")


async def closed_by_its_owner(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    connector.close_idle()


async def said_to_be_closed(connector: FakeConnector, lease: Lease) -> None:
    begun(lease)
    connector.opened[0].receive(OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))


async def said_to_be_closed_by_the_request(connector: FakeConnector, lease: Lease) -> None:
    begun(lease, "close")
    connector.opened[0].receive(OK)


async def used_for_the_last_time(connector: FakeConnector, lease: Lease) -> None:
    begun(lease)
    connector.opened[0].receive(OK.replace(b"OK\r\n", b"OK\r\nKeep-Alive: max=0\r\n"))


async def ended_with_its_body(connector: FakeConnector, lease: Lease) -> None:
    begun(lease)
    connector.opened[0].receive(b"HTTP/1.1 200 OK\r\n\r\nbody")
    connector.opened[0].receive_eof()


async def lost_in_the_response(connector: FakeConnector, lease: Lease) -> None:
    exchange = begun(lease)
    connector.opened[0].receive(OK[:10])
    connector.opened[0].receive_eof()
    with pytest.raises(ClientConnectionError):
        await exchange.waiter


async def given_up(connector: FakeConnector, lease: Lease) -> None:
    exchange = begun(lease)
    exchange.abandon(ClientConnectionError("given up"))
    assert exchange.waiter.exception() is not None


async def lost_before_the_request(connector: FakeConnector, lease: Lease) -> None:
    connector.opened[0].receive_eof()
    lease.give_back(True)


async def used_by_a_closed_connector(connector: FakeConnector, lease: Lease) -> None:
    exchange = begun(lease)
    await connector.close()
    assert exchange.waiter.exception() is not None


async def idle_in_a_closed_connector(connector: FakeConnector, lease: Lease) -> None:
    lease.give_back(True)
    await connector.close()


async def used_by_a_retired_connector(connector: FakeConnector, lease: Lease) -> None:
    begun(lease)
    await connector.retire()
    connector.opened[0].receive(OK)


ENDINGS: Final = [
    (unused_for_too_long, "idle_too_long"),
    (unused_for_as_long_as_the_server_keeps_it, "idle_too_long"),
    (closed_while_idle, "closed_by_server"),
    (reset_while_idle, "closed_by_server"),
    (spoken_on_unasked, "closed_by_server"),
    (closed_by_its_owner, "close_idle"),
    (said_to_be_closed, "not_persistent"),
    (said_to_be_closed_by_the_request, "not_persistent"),
    (used_for_the_last_time, "not_persistent"),
    (ended_with_its_body, "not_persistent"),
    (lost_in_the_response, "broken_off"),
    (given_up, "broken_off"),
    (lost_before_the_request, "closed_by_server"),
    (used_by_a_closed_connector, "connector_closed"),
    (idle_in_a_closed_connector, "connector_closed"),
    (used_by_a_retired_connector, "connector_closed"),
]


@pytest.mark.parametrize(("ending", "reason"), ENDINGS)
@skipping
async def test_the_reason_of_each_close_is_counted(ending: Ending, reason: str) -> None:
    async with FakeConnector() as connector:
        await ending(connector, await lease(connector))
        assert closed(connector) == {reason: 1}
        assert connector.stats()[:4] == (0, 0, 0, 0)
        assert connector.opened[0].is_closing()
        await connector.close()
        assert closed(connector) == {reason: 1}


@asynchronous
async def test_a_connector_that_closes_after_each_response_says_so() -> None:
    async with FakeConnector(force_close=True) as connector:
        begun(await lease(connector))
        connector.opened[0].receive(OK)
        assert closed(connector) == {"force_close": 1}


@pytest.mark.parametrize("keepalive_timeout", [0, None])
@asynchronous
async def test_a_connector_that_keeps_nothing_says_so(keepalive_timeout: float | None) -> None:
    async with FakeConnector(keepalive_timeout=keepalive_timeout) as connector:
        begun(await lease(connector))
        connector.opened[0].receive(OK)
        (await lease(connector)).give_back(True)  # without a request
        assert closed(connector) == {"idle_too_long": 1, "not_persistent": 1}


@skipping
async def test_connections_that_are_too_old_are_counted() -> None:
    async with FakeConnector(max_connection_age=5) as connector:
        first, second = await lease(connector), await lease(connector)
        first.give_back(True)
        skip(6)
        await settled()
        assert closed(connector) == {"too_old": 1}
        second.give_back(True)
        assert closed(connector) == {"too_old": 2}


def test_every_reason_is_tested_here() -> None:
    tested = {reason for _, reason in ENDINGS} | {"force_close", "too_old"}
    assert tested == set(reasons.ALL)
