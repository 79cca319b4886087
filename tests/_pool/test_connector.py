"""The connector on connections without sockets, so that the tests decide what happens when."""

import asyncio
import gc
import warnings
from typing import Any
from weakref import ref

import pytest
from fake_connector import OK, FakeConnector
from fake_link import new_exchange, request_head
from running import asynchronous, cancelled, result_of, settled, started

from aioclient import (
    ClientConnectionError,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)
from aioclient._net.route import Route
from aioclient._pool.connector import LeaseWaiter
from aioclient._pool.lease import Lease

A = Route("a.example", 80, False, True)
B = Route("b.example", 80, False, True)
NO_LIMIT = ClientTimeout()


async def lease(
    connector: FakeConnector, route: Route = A, timeout: ClientTimeout = NO_LIMIT
) -> Lease:
    """A lease as a request gets it: kept, else new or waited for."""
    idle = connector.lease_idle(route, asyncio.get_running_loop().time())
    return idle or await connector.lease(route, timeout, lambda _: None)


# --- keeping -------------------------------------------------------------------------------------


@asynchronous
async def test_a_connection_given_back_is_lent_again() -> None:
    async with FakeConnector() as connector:
        first = await lease(connector)
        first.give_back(True)
        second = await lease(connector)
        assert second.connection is first.connection
        second.give_back(True)


@asynchronous
async def test_a_lease_is_given_back_once() -> None:
    async with FakeConnector(limit=1) as connector:
        first = await lease(connector)
        first.give_back(True)
        first.give_back(False)
        second = await lease(connector)
        assert second.connection is first.connection
        first.give_back(True)
        waiter = await started(lease(connector))
        assert not waiter.done()
        second.give_back(True)
        (await waiter).give_back(True)


@asynchronous
async def test_a_connection_that_may_not_be_used_again_is_closed() -> None:
    async with FakeConnector() as connector:
        first = await lease(connector)
        first.give_back(False)
        assert connector.opened[0].is_closing()
        second = await lease(connector)
        assert second.connection is not first.connection
        second.give_back(True)


@asynchronous
async def test_a_connection_of_another_route_is_not_lent() -> None:
    async with FakeConnector() as connector:
        first = await lease(connector, A)
        first.give_back(True)
        second = await lease(connector, B)
        assert second.connection is not first.connection
        second.give_back(True)


@asynchronous
async def test_the_connection_used_last_is_lent_first() -> None:
    async with FakeConnector() as connector:
        leases = [await lease(connector) for _ in range(3)]
        for each in leases:
            each.give_back(True)
        again = await lease(connector)
        assert again.connection is leases[2].connection
        again.give_back(True)


@asynchronous
async def test_a_connection_that_the_server_closed_is_not_lent() -> None:
    async with FakeConnector() as connector:
        (await lease(connector)).give_back(True)
        connector.opened[0].receive_eof()
        second = await lease(connector)
        assert len(connector.opened) == 2
        second.give_back(True)


@asynchronous
async def test_a_connection_on_which_bytes_came_unasked_is_not_lent() -> None:
    async with FakeConnector() as connector:
        (await lease(connector)).give_back(True)
        connector.opened[0].receive(b"HTTP/1.1 408 Request Timeout\r\n\r\n")
        second = await lease(connector)
        assert len(connector.opened) == 2
        second.give_back(True)


# --- limits --------------------------------------------------------------------------------------


@asynchronous
async def test_no_more_connections_are_in_use_than_the_limit() -> None:
    async with FakeConnector(limit=2) as connector:
        leases = [await lease(connector), await lease(connector, B)]
        waiter = await started(lease(connector))
        assert not waiter.done()
        leases[0].give_back(True)
        third = await waiter
        assert third.connection is leases[0].connection
        third.give_back(True)
        leases[1].give_back(True)


@asynchronous
async def test_a_slot_of_another_route_makes_room_for_a_new_connection() -> None:
    async with FakeConnector(limit=1) as connector:
        first = await lease(connector, A)
        waiter = await started(lease(connector, B))
        first.give_back(True)
        second = await waiter
        assert second.connection.route == B
        second.give_back(True)


@asynchronous
async def test_those_who_wait_are_served_in_their_order() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiters = [await started(lease(connector)) for _ in range(5)]
        for waiter in waiters:
            held.give_back(True)
            held = await waiter
        held.give_back(True)
        assert len(connector.opened) == 1


@asynchronous
async def test_limit_per_host_lets_other_hosts_pass() -> None:
    async with FakeConnector(limit_per_host=1) as connector:
        first = await lease(connector, A)
        waiter = await started(lease(connector, A))
        other = await lease(connector, B)
        assert not waiter.done()
        other.give_back(True)
        assert not waiter.done()
        first.give_back(True)
        (await waiter).give_back(True)


@asynchronous
async def test_a_failed_connection_frees_its_slot_for_the_next() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        connector.failures = 1
        first = await started(lease(connector))
        second = await started(lease(connector))
        connector.gate.set()
        with pytest.raises(ClientConnectionError, match="told to fail"):
            await first
        (await second).give_back(True)


# --- giving up -----------------------------------------------------------------------------------


@asynchronous
async def test_one_who_gives_up_waiting_leaves_the_queue() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        gone, stays = await started(lease(connector)), await started(lease(connector))
        await cancelled(gone)
        held.give_back(True)
        (await stays).give_back(True)


@asynchronous
async def test_one_who_gives_up_connecting_ends_the_connecting() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        await cancelled(await started(lease(connector)))
        await settled()
        assert connector.opening == 0
        connector.gate.set()
        (await lease(connector)).give_back(True)


@asynchronous
async def test_a_connection_that_is_being_made_goes_to_the_next_who_waits_for_it() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        first = await started(lease(connector))
        second = await started(lease(connector))
        await cancelled(first)
        connector.gate.set()
        (await second).give_back(True)
        assert connector.begun == 1


@asynchronous
async def test_a_connection_that_the_next_gave_up_too_is_no_longer_made() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        first = await started(lease(connector))
        second = await started(lease(connector))
        await cancelled(first)
        await cancelled(second)
        await settled()
        assert connector.opening == 0


@asynchronous
async def test_a_connection_that_the_next_gave_up_first_is_no_longer_made() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        first = await started(lease(connector))
        second = await started(lease(connector))
        await cancelled(second)
        await cancelled(first)
        await settled()
        assert connector.opening == 0


@asynchronous
async def test_a_connection_is_no_longer_made_when_the_next_gets_another() -> None:
    async with FakeConnector(limit=2) as connector:
        held = await lease(connector)
        connector.gate.clear()
        first = await started(lease(connector))
        second = await started(lease(connector))
        await cancelled(first)
        held.give_back(True)
        (await second).give_back(True)
        await settled()
        assert connector.opening == 0


@asynchronous
async def test_all_who_give_up_in_the_same_turn_leave_nothing() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        tasks = [await started(lease(connector)) for _ in range(3)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await settled()
        assert connector.opening == 0
        connector.gate.set()
        (await asyncio.wait_for(lease(connector), 1)).give_back(True)


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("gives_up_first", [True, False])
@asynchronous
async def test_a_slot_freed_in_the_turn_in_which_its_waiter_gives_up_is_not_lost(
    is_kept: bool, gives_up_first: bool
) -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector))
        if gives_up_first:
            waiter.cancel()
            held.give_back(is_kept)
        else:
            held.give_back(is_kept)
            waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        (await asyncio.wait_for(lease(connector), 1)).give_back(True)


@asynchronous
async def test_a_slot_freed_in_the_turn_in_which_its_waiters_time_is_up_is_not_lost() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiters: list[LeaseWaiter] = []
        task = await started(connector.lease(A, NO_LIMIT, waiters.append))
        waiters[0].fail(ConnectionTimeoutError("too late"))
        held.give_back(True)
        with pytest.raises(ConnectionTimeoutError, match="too late"):
            await task
        (await asyncio.wait_for(lease(connector), 1)).give_back(True)


@asynchronous
async def test_a_failed_connection_of_one_who_gave_up_lets_the_next_try() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        connector.failures = 1
        first, second = await started(lease(connector)), await started(lease(connector))
        await cancelled(first)
        connector.gate.set()
        (await asyncio.wait_for(second, 1)).give_back(True)


@asynchronous
async def test_whoever_cancels_the_connecting_alone_leaves_nobody_waiting() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        first = await started(lease(connector))
        second = await started(lease(connector))
        for task in asyncio.all_tasks() - {first, second, asyncio.current_task()}:
            task.cancel()
        with pytest.raises(ClientConnectionError, match="connecting was broken off"):
            await asyncio.wait_for(first, 2)
        connector.gate.set()
        (await second).give_back(True)


@asynchronous
async def test_the_connect_limit_counts_waiting_for_a_slot() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        with pytest.raises(ConnectionTimeoutError) as caught:
            await lease(connector, A, ClientTimeout(connect=0.01))
        error = caught.value
        assert (error.limit, error.limit_s, error.phase) == ("connect", 0.01, "pool")
        assert error.host == "a.example"
        assert "connect limit of 0.01 s passed" in str(error)
        assert "a.example:80" in str(error)
        held.give_back(True)


@asynchronous
async def test_the_connect_limit_counts_connecting() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        with pytest.raises(ConnectionTimeoutError):
            await lease(connector, A, ClientTimeout(connect=0.01))
        await settled()
        assert connector.opening == 0


# --- closing -------------------------------------------------------------------------------------


@asynchronous
async def test_close_ends_everything() -> None:
    connector = FakeConnector(limit=2)
    idle = await lease(connector, A)
    busy = await lease(connector, B)
    exchange = new_exchange(busy.give_back)  # type: ignore[arg-type]
    busy.connection.begin(request_head(), None, exchange)
    idle.give_back(True)
    third = await lease(connector, Route("c.example", 80, False, True))
    waiter = await started(lease(connector, Route("d.example", 80, False, True)))
    await connector.close()
    assert connector.closed
    assert all(transport.is_closing() for transport in connector.opened)
    for awaitable in (exchange.waiter, waiter):
        with pytest.raises(ClientConnectionError, match="closed"):
            await awaitable
    third.give_back(True)


@asynchronous
async def test_close_ends_connecting() -> None:
    connector = FakeConnector(gated=True)
    waiter = await started(lease(connector))
    await connector.close()
    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await waiter
    assert connector.opening == 0


@asynchronous
async def test_abort_refuses_those_who_wait() -> None:
    connector = FakeConnector(limit=2)
    held = await lease(connector)
    connector.gate.clear()
    connecting, queueing = await started(lease(connector)), await started(lease(connector))
    connector.abort()
    assert connector.opened[0].is_closing()
    for waiter in (connecting, queueing):
        with pytest.raises(ClientConnectionError, match="connector is closed"):
            await waiter
    held.give_back(True)
    await settled()
    assert connector.begun == 2
    assert connector.opening == 0


@asynchronous
async def test_a_closed_connector_lends_nothing() -> None:
    connector = FakeConnector()
    (await lease(connector)).give_back(True)
    await connector.close()
    await connector.close()
    with pytest.raises(ClientConnectionError, match="connector is closed"):
        await lease(connector)


@asynchronous
async def test_a_lease_given_back_after_close_is_harmless() -> None:
    connector = FakeConnector()
    held = await lease(connector)
    await connector.close()
    held.give_back(True)
    with pytest.raises(ClientConnectionError):
        await lease(connector)


@asynchronous
async def test_an_unclosed_connector_warns_and_cuts_its_connections() -> None:
    connector = FakeConnector()
    (await lease(connector)).give_back(True)
    transport = connector.opened[0]
    connector.connections.clear()
    await settled()  # the task that opened it ends
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del connector
        gc.collect()
    assert [str(each.message)[:18] for each in caught] == ["Unclosed connector"]
    assert issubclass(caught[0].category, ResourceWarning)
    assert transport.is_closing()
    await settled()


@asynchronous
async def test_a_connector_that_nobody_has_any_more_is_gone_at_once() -> None:
    connector = FakeConnector()
    (await lease(connector, timeout=ClientTimeout(sock_connect=30))).give_back(True)
    await settled()  # the task that opened it ends
    await connector.close()
    last = ref(connector)
    gc.collect()
    gc.disable()
    try:
        del connector
        assert last() is None  # it is in no cycle, which would have to be found first
    finally:
        gc.enable()


@asynchronous
async def test_an_unused_connector_needs_no_close() -> None:
    connector = FakeConnector()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del connector
        gc.collect()
    assert caught == []


def test_a_connector_belongs_to_one_event_loop() -> None:
    connectors: list[FakeConnector] = []

    async def first() -> None:
        connectors.append(FakeConnector())
        (await lease(connectors[0])).give_back(True)

    async def second() -> None:
        with pytest.raises(RuntimeError, match="two event loops"):
            connectors[0].bind(asyncio.get_running_loop())
        await connectors[0].close()

    result_of(first())
    result_of(second())


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": -1}, ValueError),
        ({"limit_per_host": -1}, ValueError),
        ({"force_close": True, "keepalive_timeout": 5}, ValueError),
        ({"ssl": "no"}, TypeError),
        ({"nonsense": 1}, TypeError),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        TCPConnector(**options)


def test_settings_can_be_read() -> None:
    connector = TCPConnector(limit=5, limit_per_host=2, force_close=True)
    assert (connector.limit, connector.limit_per_host, connector.force_close) == (5, 2, True)
    assert not connector.closed
    usual = TCPConnector()
    assert (usual.limit, usual.limit_per_host, usual.force_close) == (100, 0, False)


@asynchronous
async def test_many_requests_through_few_connections_lose_nothing() -> None:
    async with FakeConnector(limit=3, limit_per_host=2) as connector:
        most = 0
        in_use = 0

        async def one(number: int) -> None:
            nonlocal most, in_use
            held = await lease(connector, A if number % 3 else B)
            in_use += 1
            most = max(most, in_use)
            await asyncio.sleep(0)
            exchange = new_exchange()
            held.connection.begin(request_head(), None, exchange)
            index = connector.connections.index(held.connection)  # type: ignore[arg-type]
            connector.opened[index].receive(OK)
            in_use -= 1
            held.give_back(number % 7 != 0)

        await asyncio.gather(*(one(number) for number in range(300)))
        assert most == 3


# --- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [None, 0])
@asynchronous
async def test_no_limit_may_be_said_in_two_ways(limit: int | None) -> None:
    async with TCPConnector(limit=limit, limit_per_host=limit) as connector:
        assert (connector.limit, connector.limit_per_host) == (0, 0)


@pytest.mark.parametrize(
    "options",
    [
        {"limit": -1},
        {"limit_per_host": -1},
        {"keepalive_timeout": -1},
        {"max_connection_age": -0.5},
        {"shutdown_timeout": float("nan")},
        {"happy_eyeballs_delay": -0.1},
        {"interleave": -1},
    ],
)
def test_a_negative_number_is_refused(options: Any) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(options))} must not be negative"):
        TCPConnector(**options)


@pytest.mark.parametrize("options", [{"limit": "10"}, {"shutdown_timeout": None}])
def test_what_is_no_number_is_a_type_error(options: Any) -> None:
    with pytest.raises(TypeError, match=f"{next(iter(options))} must be a number"):
        TCPConnector(**options)
