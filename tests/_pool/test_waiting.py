"""Who waits for a connection, who gets it, and what is left of those who give up."""

import asyncio
import time
from collections import Counter

import pytest
from fake_connector import FakeConnector
from fake_link import FakeTransport, new_exchange, request_head
from running import asynchronous, cancelled, settled, started

from aioclient import ClientConnectionError, ClientTimeout, ConnectionTimeoutError
from aioclient._net.route import Fingerprint, Route
from aioclient._pool.lease import Lease

A = Route("a.example", 443, True, True)
B = Route("b.example", 443, True, True)
C = Route("c.example", 443, True, True)
#: The same host as A, connected to in other ways.
VARIANTS = [
    A,
    A._replace(ssl=False),
    A._replace(ssl=Fingerprint(bytes(32))),
    A._replace(server_hostname="other.example"),
]
NO_LIMIT = ClientTimeout()


async def lease(
    connector: FakeConnector, route: Route = A, timeout: ClientTimeout = NO_LIMIT
) -> Lease:
    idle = connector.lease_idle(route, asyncio.get_running_loop().time())
    return idle or await connector.lease(route, timeout, lambda _: None)


def is_quiet(connector: FakeConnector) -> bool:
    """Nobody has a connection, makes one or waits for one."""
    return connector.stats()[:2] == (0, 0) and not connector.stats().waiting


# --- limit_per_host -------------------------------------------------------------------------------


@asynchronous
async def test_limit_per_host_counts_the_variants_of_tls_together() -> None:
    async with FakeConnector(limit_per_host=2) as connector:
        held = [await lease(connector, VARIANTS[0]), await lease(connector, VARIANTS[1])]
        waiters = [await started(lease(connector, variant)) for variant in VARIANTS]
        plain = await lease(connector, A._replace(is_ssl=False))
        other_port = await lease(connector, A._replace(port=8443))
        assert not any(waiter.done() for waiter in waiters)
        for each in (plain, other_port):
            each.give_back(True)
        for waiter, variant in zip(waiters, VARIANTS, strict=True):
            held.pop(0).give_back(True)
            held.append(await waiter)
            assert held[-1].connection.route == variant
            assert connector.stats().per_host[A[:3]].active == 2
        for each in held:
            each.give_back(True)


@asynchronous
async def test_a_slow_host_does_not_hold_up_the_others() -> None:
    async with FakeConnector(limit=10, limit_per_host=2) as connector:
        slow = [await lease(connector) for _ in range(2)]
        waiting = [await started(lease(connector)) for _ in range(1000)]
        for _ in range(50):
            others = [await lease(connector, B), await lease(connector, C)]
            for each in others:
                each.give_back(True)
        assert not any(waiter.done() for waiter in waiting)
        for each in slow:
            each.give_back(True)
        for waiter in waiting:
            (await waiter).give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_a_host_at_its_limit_lets_others_pass_in_the_common_queue() -> None:
    async with FakeConnector(limit=3, limit_per_host=2) as connector:
        slow = [await lease(connector) for _ in range(2)]
        other = await lease(connector, B)
        first, second, third = [await started(lease(connector, route)) for route in (A, B, C)]
        other.give_back(True)
        passed = await second
        assert not first.done()
        passed.give_back(True)
        (await third).give_back(True)
        slow[0].give_back(True)
        (await first).give_back(True)
        slow[1].give_back(True)


@asynchronous
async def test_hosts_are_served_in_the_order_in_which_their_requests_came() -> None:
    async with FakeConnector(limit=1) as connector:
        served = []
        held = await lease(connector, C)

        async def one(number: int, route: Route) -> None:
            each = await lease(connector, route)
            served.append(number)
            await asyncio.sleep(0)
            each.give_back(True)

        routes = [A, B, A, A, C, B, B, A, C]
        tasks = [await started(one(number, route)) for number, route in enumerate(routes)]
        held.give_back(True)
        await asyncio.gather(*tasks)
        assert served == list(range(len(routes)))


# --- connections that those who gave up had begun -------------------------------------------------


@asynchronous
async def test_a_connection_begun_for_one_who_gave_up_serves_the_first_who_waits() -> None:
    async with FakeConnector(gated=True, limit=2) as connector:
        gone = [await started(lease(connector)) for _ in range(2)]
        waiters = [await started(lease(connector)) for _ in range(3)]
        for task in gone:
            await cancelled(task)
        connector.gate.set()
        for waiter in waiters:
            (await waiter).give_back(True)
        assert connector.begun == 2
        assert connector.stats().created == 2


@asynchronous
async def test_a_connection_is_not_made_when_who_would_have_it_got_another() -> None:
    async with FakeConnector(gated=True, limit=2) as connector:
        connector.gate.set()
        held = await lease(connector)
        connector.gate.clear()
        gone = await started(lease(connector))
        waiter = await started(lease(connector))
        await cancelled(gone)
        assert connector.opening == 1  # for the waiter
        held.give_back(True)
        got = await waiter
        assert got.connection is held.connection
        await settled()
        assert connector.opening == 0
        got.give_back(True)
        assert is_quiet(connector)


@asynchronous
async def test_a_connection_of_another_route_does_not_serve() -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        gone = await started(lease(connector, VARIANTS[0]))
        waiter = await started(lease(connector, VARIANTS[1]))
        await cancelled(gone)
        await settled()
        connector.gate.set()
        got = await waiter
        assert got.connection.route == VARIANTS[1]
        got.give_back(True)
        assert connector.stats().created == 1


@asynchronous
async def test_one_who_needs_a_new_connection_gets_no_kept_one() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        waiter = await started(
            connector.lease(A, NO_LIMIT, lambda _: None, is_under_way=True, needs_new=True)
        )
        held.give_back(True)
        got = await waiter
        assert got.connection is not held.connection
        assert not got.was_kept
        got.give_back(True)
        assert connector.stats().idle == 2


# --- storms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options", [{"limit": 0}, {"limit": 50}, {"limit": 100, "limit_per_host": 10}]
)
@pytest.mark.parametrize("order", ["first first", "last first", "every other"])
@asynchronous
async def test_two_thousand_who_give_up_leave_nothing(options: dict[str, int], order: str) -> None:
    async with FakeConnector(gated=True, **options) as connector:
        routes = [Route(f"{n % 20}.example", 80, False, True) for n in range(2000)]
        tasks = [asyncio.ensure_future(lease(connector, route)) for route in routes]
        await settled()
        match order:
            case "last first":
                tasks.reverse()
            case "every other":
                tasks = tasks[::2] + tasks[1::2]
        for number, task in enumerate(tasks):
            task.cancel()
            if number % 100 == 0:
                await settled(2)
        await asyncio.wait(tasks)
        assert all(task.cancelled() for task in tasks)
        await settled()
        assert connector.opening == 0
        assert is_quiet(connector)
        connector.gate.set()
        after = [await lease(connector, route) for route in routes[:50]]
        for each in after:
            each.give_back(True)


@asynchronous
async def test_giving_up_takes_no_longer_the_more_there_are() -> None:
    async def seconds_for(count: int) -> float:
        async with FakeConnector(gated=True, limit=count // 4) as connector:
            tasks = [asyncio.ensure_future(lease(connector)) for _ in range(count)]
            await settled()
            begin = time.process_time()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await settled()
            assert is_quiet(connector)
            return time.process_time() - begin

    await seconds_for(500)
    few = min([await seconds_for(500) for _ in range(3)])
    many = min([await seconds_for(4000) for _ in range(3)])
    assert many < 3 * 8 * max(few, 0.01)  # 8 times as many; some clocks are coarse


# --- cancelling, whatever the state --------------------------------------------------------------


@pytest.mark.parametrize("turns", range(12))
@pytest.mark.parametrize("event", ["given back", "closed", "failed", "made"])
@asynchronous
async def test_cancelling_in_any_turn_around_an_event_loses_no_slot(event: str, turns: int) -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        if event in ("given back", "closed"):
            connector.gate.set()
            held = await lease(connector)
        connector.failures = connector.begun + (event == "failed")
        gone, next_one = await started(lease(connector)), await started(lease(connector))
        timer = {
            "given back": lambda: held.give_back(True),
            "closed": lambda: held.give_back(False),
        }
        asyncio.get_running_loop().call_soon(timer.get(event, connector.gate.set))
        await settled(turns)
        gone.cancel()
        await asyncio.wait([gone, next_one], timeout=0.02)
        if gone.done() and not gone.cancelled() and not gone.exception():
            gone.result().give_back(True)
        if event == "failed" and not gone.cancelled():
            assert isinstance(gone.exception(), ClientConnectionError)
        (await asyncio.wait_for(next_one, 1)).give_back(True)
        await settled()
        assert is_quiet(connector)
        (await asyncio.wait_for(lease(connector), 1)).give_back(True)


@asynchronous
async def test_cancelling_while_the_response_comes_closes_the_connection() -> None:
    async with FakeConnector(limit=1) as connector:
        held = await lease(connector)
        exchange = new_exchange(held.give_back)  # type: ignore[arg-type]
        held.connection.begin(request_head(), None, exchange)
        connector.opened[0].receive(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        waiter = await started(lease(connector))
        exchange.abandon(ClientConnectionError("given up"))
        (await waiter).give_back(True)
        assert connector.opened[0].was_aborted
        assert is_quiet(connector)


@pytest.mark.parametrize("limit", ["connect", "pool", "sock_connect"])
@asynchronous
async def test_a_limit_that_passes_leaves_no_slot_taken(limit: str) -> None:
    async with FakeConnector(gated=True, limit=1) as connector:
        if limit != "sock_connect":
            connector.gate.set()
            held = await lease(connector)
        timeout = ClientTimeout(**{limit: 0.01})
        tasks = [asyncio.ensure_future(lease(connector, A, timeout)) for _ in range(5)]
        await asyncio.wait(tasks)
        assert all(isinstance(task.exception(), ConnectionTimeoutError) for task in tasks)
        if limit != "sock_connect":
            held.give_back(True)
        connector.gate.set()
        await settled()
        assert is_quiet(connector)
        (await lease(connector)).give_back(True)


@asynchronous
async def test_nobody_is_left_behind_when_connections_end_at_random() -> None:
    async with FakeConnector(limit=4, limit_per_host=2) as connector:
        ended: Counter[str] = Counter()

        def lose_some(transport: FakeTransport) -> None:
            if len(connector.opened) % 3 == 0:
                asyncio.get_running_loop().call_soon(transport.lose, ConnectionResetError())

        connector.on_open = lose_some

        async def one(number: int) -> None:
            route = (A, B, C)[number % 3]
            try:
                held = await lease(connector, route)
            except asyncio.CancelledError:
                ended["cancelled"] += 1
                raise
            await settled(number % 4)
            ended["usable" if held.connection.is_usable else "lost"] += 1
            held.give_back(number % 5 != 0)

        tasks = [asyncio.ensure_future(one(number)) for number in range(600)]
        for number, task in enumerate(tasks):
            if number % 7 == 0:
                await settled(1)
                task.cancel()
        await asyncio.wait(tasks)
        await settled()
        assert sum(ended.values()) == 600
        assert min(ended["cancelled"], ended["usable"], ended["lost"]) > 10
        assert is_quiet(connector)
        stats = connector.stats()
        assert stats.created - sum(stats.closed.values()) == stats.idle
