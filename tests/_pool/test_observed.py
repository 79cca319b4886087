"""What an observer hears of the queue and of a new connection, and what it can do to them."""

import asyncio
from collections.abc import Callable

import pytest
from fake_connector import FakeConnector
from fake_link import new_exchange, request_head
from recording_observer import RecordingObserver
from running import asynchronous, cancelled, settled, started

from aioclient import (
    ClientConnectionError,
    ClientTimeout,
    ConnectionTimeoutError,
)
from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._observer import Observer, current_observer
from aioclient._pool.lease import Lease

A = Route("a.example", 80, False, True)
B = Route("b.example", 80, False, True)
QUEUED = ["queued_start", "queued_end"]
CREATED = ["connection_create_start", "connection_create_end"]
EVENTS = [*QUEUED, *CREATED]
#: Who queues hears all of them if the slot that it gets is for a new connection.
EVENTS_OF_A_SLOT = pytest.mark.parametrize(
    ("event", "is_kept"),
    [*((event, False) for event in EVENTS), *((event, True) for event in QUEUED)],
)


async def lease(
    connector: FakeConnector,
    observer: Observer | None = None,
    route: Route = A,
    timeout: ClientTimeout = ClientTimeout(),  # noqa: B008 - it is not changed
) -> Lease:
    return await connector.lease(route, timeout, lambda _: None, observer=observer)


def is_quiet(connector: FakeConnector) -> bool:
    """Nobody has a connection, makes one or waits for one."""
    return connector.stats()[:2] == (0, 0) and not connector.stats().waiting


# --- what is told, and when ----------------------------------------------------------------------


@asynchronous
async def test_a_new_connection_is_told_of_before_and_after() -> None:
    observer = RecordingObserver(waits_at="connection_create_start")
    async with FakeConnector() as connector:
        waiter = await started(lease(connector, observer))
        assert observer.told == [("connection_create_start",)]
        assert connector.begun == 0
        observer.let_go()
        got = await waiter
        assert observer.told[1:] == [("connection_create_end", got.connection.id)]
        assert not got.was_kept
        got.give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_a_new_connection_is_handed_over_when_all_is_told() -> None:
    observer = RecordingObserver(waits_at="connection_create_end")
    async with FakeConnector(limit=1) as connector:
        waiter = await started(lease(connector, observer), 20)
        assert observer.names == CREATED
        assert not waiter.done()
        stats = connector.stats()
        assert (stats.active, stats.connecting, stats.created) == (1, 0, 1)
        observer.let_go()
        (await waiter).give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_who_queues_and_gets_a_kept_connection_hears_of_the_queue_only() -> None:
    observer = RecordingObserver()
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        assert observer.names == ["queued_start"]
        held.give_back(True)
        got = await waiter
        assert got.was_kept
        assert observer.names == QUEUED
        got.give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_who_queues_for_a_new_connection_hears_of_both() -> None:
    observer = RecordingObserver()
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(False)
        got = await waiter
        assert observer.names == [*QUEUED, *CREATED]
        got.give_back(True)


@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("waits_at", QUEUED)
@asynchronous
async def test_nothing_is_done_with_a_free_slot_before_the_queue_is_told_of(
    waits_at: str, is_kept: bool
) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(is_kept)
        await settled()
        assert observer.names == QUEUED[: QUEUED.index(waits_at) + 1]
        assert not waiter.done()
        assert connector.begun == 1
        observer.let_go()
        (await waiter).give_back(True)
        assert observer.names == QUEUED + ([] if is_kept else CREATED)
        assert is_quiet(connector)


@asynchronous
async def test_one_has_its_place_in_the_queue_when_it_hears_of_it() -> None:
    slow = RecordingObserver(waits_at="queued_start")
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        first = await started(lease(connector, slow))
        second = await started(lease(connector))
        assert connector.stats().waiting == 2
        held.give_back(True)
        await settled()
        assert not second.done()
        slow.let_go()
        (await first).give_back(True)
        (await second).give_back(True)


@asynchronous
async def test_connections_have_numbers_of_their_own() -> None:
    observer = RecordingObserver()
    async with FakeConnector() as connector:
        leases = [await lease(connector, observer) for _ in range(3)]
        numbers = [about for name, *about in observer.told if name == "connection_create_end"]
        assert numbers == [[each.connection.id] for each in leases]
        assert numbers == sorted(numbers)
        assert len({each.connection.id for each in leases}) == 3
        for each in leases:
            each.give_back(True)


# --- who observes ---------------------------------------------------------------------------------


class Looking(FakeConnector):
    """Notes who observes while it opens a connection."""

    def __init__(self) -> None:
        super().__init__(limit=1)
        self.seen: list[Observer | None] = []

    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        self.seen.append(current_observer())
        await super()._open(route, timeout, opened)


@asynchronous
async def test_the_observer_of_a_connection_is_found_while_it_is_made() -> None:
    observers = [RecordingObserver(), None, RecordingObserver()]
    async with Looking() as connector:
        for observer in observers:
            (await lease(connector, observer)).give_back(False)
        assert connector.seen == observers
        assert current_observer() is None


@asynchronous
async def test_what_an_observer_connects_to_is_not_told_to_it() -> None:
    async with Looking() as inner, FakeConnector() as outer:

        class Connecting(RecordingObserver):
            async def connection_create_start(self) -> None:
                await super().connection_create_start()
                (await lease(inner)).give_back(True)

            async def connection_create_end(self, connection_id: int) -> None:
                await super().connection_create_end(connection_id)
                (await lease(inner)).give_back(True)

        observer = Connecting()
        (await lease(outer, observer)).give_back(True)
        assert inner.seen == [None, None]
        assert observer.names == CREATED


# --- errors of an observer -----------------------------------------------------------------------


@EVENTS_OF_A_SLOT
@asynchronous
async def test_what_an_observer_raises_is_what_the_request_fails_with(
    event: str, is_kept: bool
) -> None:
    observer = RecordingObserver(fails_at=event)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(is_kept)
        with pytest.raises(LookupError, match=f"of the observer, at {event}"):
            await waiter
        await settled()
        assert observer.names == EVENTS[: EVENTS.index(event) + 1]
        assert is_quiet(connector)
        assert connector.stats().idle == int(is_kept)
        after = await lease(connector)
        assert after.connection.is_usable
        after.give_back(True)


@asynchronous
async def test_a_connection_whose_observer_fails_is_closed() -> None:
    observer = RecordingObserver(fails_at="connection_create_end")
    async with FakeConnector(limit=1) as connector:
        with pytest.raises(LookupError):
            await lease(connector, observer)
        await settled()
        assert connector.opened[0].was_aborted
        stats = connector.stats()
        assert (stats.created, stats.failed, stats.closed["broken_off"]) == (1, 0, 1)
        assert is_quiet(connector)


@pytest.mark.parametrize("fails_at", EVENTS)
@asynchronous
async def test_the_next_gets_the_slot_of_one_whose_observer_failed(fails_at: str) -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, RecordingObserver(fails_at=fails_at)))
        next_one = await started(lease(connector))
        held.give_back(False)
        (await asyncio.wait_for(next_one, 1)).give_back(True)
        assert isinstance(waiter.exception(), LookupError)
        await settled()
        assert is_quiet(connector)


@asynchronous
async def test_connecting_that_fails_has_no_end_to_tell_of() -> None:
    observer = RecordingObserver()
    async with FakeConnector() as connector:
        connector.failures = 1
        with pytest.raises(ClientConnectionError, match="told to fail"):
            await lease(connector, observer)
        assert observer.names == ["connection_create_start"]
        assert is_quiet(connector)


# --- giving up ---------------------------------------------------------------------------------


@EVENTS_OF_A_SLOT
@asynchronous
async def test_who_gives_up_is_told_nothing_more(event: str, is_kept: bool) -> None:
    observer = RecordingObserver(waits_at=event)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(is_kept)
        await settled()
        assert observer.names[-1] == event
        told = list(observer.told)
        await cancelled(waiter)
        await settled()
        assert observer.telling == 0
        observer.let_go()
        await settled()
        assert observer.told == told
        assert is_quiet(connector)
        assert connector.stats().idle == int(is_kept)
        (await lease(connector)).give_back(True)


@asynchronous
async def test_who_gives_up_while_the_connection_is_made_is_told_nothing_more() -> None:
    observer = RecordingObserver()
    async with FakeConnector(gated=True) as connector:
        waiter = await started(lease(connector, observer))
        assert connector.opening == 1
        await cancelled(waiter)
        await settled()
        assert connector.opening == 0
        connector.gate.set()
        await settled()
        assert observer.names == ["connection_create_start"]
        assert is_quiet(connector)


@pytest.mark.parametrize("waits_at", ["", *CREATED])
@asynchronous
async def test_a_connection_of_one_who_gave_up_serves_the_next_who_waits(waits_at: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(gated=not waits_at, limit=1) as connector:
        waiter = await started(lease(connector, observer))
        next_one = await started(lease(connector))
        told = list(observer.told)
        await cancelled(waiter)
        await settled()
        connector.gate.set()
        observer.let_go()
        got = await next_one
        assert observer.told == told
        assert connector.begun == 1
        assert connector.stats().created == 1
        got.give_back(True)
        assert is_quiet(connector)


@pytest.mark.parametrize("waits_at", QUEUED)
@asynchronous
async def test_one_who_gives_up_while_the_queue_is_told_of_leaves_its_slot_to_the_next(
    waits_at: str,
) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        next_one = await started(lease(connector))
        held.give_back(False)
        await settled()
        told = list(observer.told)
        await cancelled(waiter)
        (await next_one).give_back(True)
        assert observer.told == told
        assert is_quiet(connector)


@pytest.mark.parametrize("turns", range(14))
@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("has_next", [True, False])
@asynchronous
async def test_giving_up_in_any_turn_loses_nothing(
    turns: int, is_kept: bool, has_next: bool
) -> None:
    observer = RecordingObserver()
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = asyncio.ensure_future(lease(connector, observer))
        await settled(2)
        next_one = asyncio.ensure_future(lease(connector, RecordingObserver()))
        if not has_next:
            await cancelled(next_one)
        held.give_back(is_kept)
        await settled(turns)
        waiter.cancel()
        await asyncio.wait([waiter])
        if not waiter.cancelled():
            waiter.result().give_back(True)
        if has_next:
            (await asyncio.wait_for(next_one, 1)).give_back(True)
        await settled()
        assert is_quiet(connector)
        stats = connector.stats()
        assert stats.created - sum(stats.closed.values()) == stats.idle
        (await asyncio.wait_for(lease(connector), 1)).give_back(True)


@pytest.mark.parametrize(
    ("waits_at", "limit"),
    [
        *((event, "connect") for event in EVENTS),
        ("queued_start", "pool"),
        ("connection_create_start", "sock_connect"),
    ],
)
@asynchronous
async def test_limits_hold_however_long_an_observer_takes(waits_at: str, limit: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        timeout = ClientTimeout(**{limit: 0.02})
        waiter = await started(lease(connector, observer, timeout=timeout))
        if limit != "pool":
            held.give_back(False)
        with pytest.raises(ConnectionTimeoutError):
            await waiter
        await settled()
        assert observer.telling == 0
        if limit == "pool":
            held.give_back(False)
        assert is_quiet(connector)


# --- connections that are lost, connectors that are closed -------------------------------------


@asynchronous
async def test_a_connection_lost_while_it_is_told_of_is_the_ordinary_error() -> None:
    observer = RecordingObserver(waits_at="connection_create_end")
    async with FakeConnector(limit=1) as connector:
        waiter = await started(lease(connector, observer))
        connector.opened[0].lose(None)
        await settled()
        observer.let_go()
        got = await waiter
        with pytest.raises(ClientConnectionError, match="server closed"):
            got.connection.begin(request_head(), None, new_exchange())
        got.give_back(True)
        assert is_quiet(connector)
        stats = connector.stats()
        assert (stats.created, sum(stats.closed.values()), stats.idle) == (1, 1, 0)


@pytest.mark.parametrize("waits_at", EVENTS)
@asynchronous
async def test_closing_refuses_who_is_being_told(waits_at: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(False)
        await settled()
        assert observer.names[-1] == waits_at
        await connector.close()
        with pytest.raises(ClientConnectionError, match="connector is closed"):
            await waiter
        await settled()
        assert observer.telling == 0
        assert is_quiet(connector)
        assert all(transport.is_closing() for transport in connector.opened)


@pytest.mark.parametrize("waits_at", QUEUED)
@asynchronous
async def test_closing_closes_a_kept_connection_that_is_being_told_of(waits_at: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(lease(connector, observer))
        held.give_back(True)
        await settled()
        await connector.close()
        observer.let_go()
        got = await waiter
        with pytest.raises(ClientConnectionError, match="connector was closed"):
            got.connection.begin(request_head(), None, new_exchange())
        got.give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_the_task_of_a_connection_cut_by_somebody_else_is_an_error_of_the_request() -> None:
    observer = RecordingObserver(waits_at="connection_create_end")
    async with FakeConnector(limit=1) as connector:
        before = asyncio.all_tasks()
        waiter = await started(lease(connector, observer))
        for task in asyncio.all_tasks() - before - {waiter}:
            task.cancel()
        with pytest.raises(ClientConnectionError, match="broken off"):
            await waiter
        await settled()
        assert connector.opened[0].was_aborted
        assert is_quiet(connector)


@pytest.mark.parametrize(
    ("waits_at", "is_kept", "limit"),
    [("connection_create_end", False, "sock_connect"), ("queued_end", True, "pool")],
)
@asynchronous
async def test_a_limit_ends_with_what_it_is_about(waits_at: str, is_kept: bool, limit: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        timeout = ClientTimeout(**{limit: 0.02})
        waiter = await started(lease(connector, observer, timeout=timeout))
        held.give_back(is_kept)
        await asyncio.sleep(0.05)
        assert observer.names[-1] == waits_at
        observer.let_go()
        (await waiter).give_back(True)
        assert is_quiet(connector)
