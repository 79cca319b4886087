"""Connections made, lent and kept: what every connector does, whatever it connects to."""

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from time import monotonic
from types import TracebackType
from typing import Final, Self
from weakref import ref

from aioclient._connection.interface import Connection
from aioclient._net.route import Route
from aioclient._pool.lease import Lease
from aioclient._pool.ledger import Ledger
from aioclient._timeout import ClientTimeout
from aioclient.errors import ClientConnectionError, ConnectionTimeoutError

#: How long `close()` waits for the goodbyes of TLS before it cuts the links.
_CLOSE_WAIT_S: Final = 0.5


class Unset:
    """The type of "not given", where None means something else."""


UNSET: Final = Unset()


class LeaseWaiter:
    """A request that waits for a connection, first in the pool, then while one is made for it."""

    __slots__ = ("_loop", "_pool_timer", "_started_at", "future", "phase", "route", "timeout")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, route: Route, timeout: ClientTimeout
    ) -> None:
        self._loop = loop
        self._started_at = loop.time()
        self._pool_timer: asyncio.TimerHandle | None = None
        self.future: asyncio.Future[Lease] = loop.create_future()
        self.route = route
        self.timeout = timeout
        #: What it is waiting for: "pool" or "connect".
        self.phase = "connect"

    @property
    def is_waiting(self) -> bool:
        """Has it neither got what it waits for nor given up?"""
        return not self.future.done()

    def fail(self, error: BaseException) -> None:
        """End the waiting with an error."""
        if not self.future.done():
            self.future.set_exception(error)

    def give_up(self) -> None:
        """Nobody waits any more, even if the coroutine that did was closed and not cancelled."""
        future = self.future
        if not future.cancel() and not future.cancelled():
            future.exception()  # so that the loop does not say that nobody heard of it

    def enter_pool(self) -> None:
        """There is no room for another connection: wait for one that others use."""
        self.phase = "pool"
        limit_s = self.timeout.pool
        if limit_s:
            self._pool_timer = self._loop.call_later(limit_s, self.pass_limit, "pool", limit_s)

    def leave_pool(self) -> None:
        """It need not wait for others any more."""
        self.phase = "connect"
        if self._pool_timer is not None:
            self._pool_timer.cancel()
            self._pool_timer = None

    def pass_limit(self, limit: str, limit_s: float) -> None:
        """A limit passed: end the waiting with the error that says so."""
        elapsed_s = self._loop.time() - self._started_at
        self.fail(ConnectionTimeoutError.passed(limit, limit_s, elapsed_s, self.phase, self.route))


class BaseConnector(ABC):
    """A pool of connections.

    Arguments: `limit`, how many connections may be in use at once (100; 0 is no limit);
    `limit_per_host`, the same for each host, port and TLS setting (0); `keepalive_timeout`, for how
    many seconds an unused connection is kept (15); `force_close`, close every connection after its
    one response (False; excludes `keepalive_timeout`).

    A connector belongs to the event loop that it is first used in. `close()` it, or let the
    session that owns it do so.
    """

    def __init__(
        self,
        *,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int = 100,
        limit_per_host: int = 0,
    ) -> None:
        if force_close and isinstance(keepalive_timeout, int | float) and keepalive_timeout:
            raise ValueError("keepalive_timeout has no meaning if force_close is set")
        for name, value in (("limit", limit), ("limit_per_host", limit_per_host)):
            if value < 0:
                raise ValueError(f"{name} must not be negative, got {value}")
        if isinstance(keepalive_timeout, Unset):
            keepalive_timeout = 15.0
        self._keepalive_timeout = keepalive_timeout or 0.0
        self._force_close = force_close
        self._ledger: Ledger[Connection, LeaseWaiter] = Ledger(limit, limit_per_host)
        self._connecting: dict[LeaseWaiter, asyncio.Task[Connection]] = {}
        self._connections: set[Connection] = set()  # all whose link is not gone
        self._sweeper: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @abstractmethod
    async def _open(self, route: Route, timeout: ClientTimeout) -> Connection:
        """A new connection for a route."""

    # --- what the caller sees ------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Was it closed?"""
        return self._closed

    @property
    def force_close(self) -> bool:
        """Is every connection closed after its one response?"""
        return self._force_close

    @property
    def limit(self) -> int:
        """How many connections may be in use at once; 0 is no limit."""
        return self._ledger.limit

    @property
    def limit_per_host(self) -> int:
        """The same for one host, port and TLS setting."""
        return self._ledger.limit_per_route

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection and return when all are closed.

        Requests under way and those that wait for a connection get a ClientConnectionError.
        Closing twice does no harm.
        """
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._loop is not None and self._loop.is_closed():
            self._connections.clear()  # they ended with their loop
            return
        error = ClientConnectionError("connector is closed")
        for waiter in list(self._ledger.waiting):
            self._ledger.withdraw(waiter)
            waiter.fail(error)
        tasks = list(self._connecting.values())
        for waiter, task in self._connecting.items():
            waiter.fail(error)
            task.cancel()
        for connection in list(self._connections):
            connection.close()  # an exchange on it fails and gives its lease back
        if tasks:
            await asyncio.wait(tasks)
        if self._connections:
            await asyncio.gather(*map(_closed_in_time, self._connections))

    def retire(self) -> None:
        """Give no more connections; those in use close with their responses."""
        self._closed = True
        for connection in self._connections:
            connection.may_be_kept = False

    def __del__(self) -> None:
        if self.__dict__.get("_closed", True) or not self._connections:
            return
        warnings.warn(f"Unclosed connector {self!r}", ResourceWarning, stacklevel=1, source=self)
        self.abort()

    def abort(self) -> None:
        """Cut every connection without waiting: for one that was never closed."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._loop is not None and not self._loop.is_closed():
            for connection in list(self._connections):
                connection.abort()

    # --- what a request asks for -----------------------------------------------------------------

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this event loop; RuntimeError if it belongs to another already."""
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise RuntimeError("a connector cannot be used in two event loops")

    def lease_idle(self, route: Route, now: float) -> Lease | None:
        """A kept connection, if there is one that may be used: without waiting."""
        connection = self._ledger.take_idle(route, now - self._keepalive_timeout)
        return None if connection is None else Lease(connection, self._give_back)

    async def lease(
        self,
        route: Route,
        timeout: ClientTimeout,
        on_waiter: Callable[[LeaseWaiter], None],
    ) -> Lease:
        """A connection: kept, new, or handed on by another request; waits until there is one.

        `on_waiter` is told who waits, so that a time limit can fail it. Raises what went wrong with
        connecting. Cancelling gives up the place; a connection that was being made for it is made
        for the next who waits for the route, else dropped.
        """
        if self._closed:
            raise ClientConnectionError("connector is closed")
        loop = asyncio.get_running_loop()
        self.bind(loop)
        waiter = LeaseWaiter(loop, route, timeout)
        on_waiter(waiter)
        if self._ledger.has_room(route):
            self._ledger.take_slot(route)
            self._connect(waiter)
        else:
            self._ledger.wait(waiter)
            waiter.enter_pool()
        limiter = None
        limit_s = timeout.connect
        if limit_s:
            limiter = loop.call_later(limit_s, waiter.pass_limit, "connect", limit_s)
        try:
            return await waiter.future
        except BaseException:
            waiter.give_up()
            self._withdraw(waiter)
            raise
        finally:
            waiter.leave_pool()
            if limiter is not None:
                limiter.cancel()

    # --- connecting --------------------------------------------------------------------------

    def _connect(self, waiter: LeaseWaiter) -> None:
        """Begin to make a connection; the waiter's slot is taken already."""
        waiter.leave_pool()
        task = asyncio.get_running_loop().create_task(self._open(waiter.route, waiter.timeout))
        self._connecting[waiter] = task
        # A callback, because a task that is cancelled before its first step runs none of its code.
        task.add_done_callback(partial(self._connected, waiter))

    def _connected(self, waiter: LeaseWaiter, task: asyncio.Task[Connection]) -> None:
        """The connection is there, or could not be made."""
        del self._connecting[waiter]
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:
            if error is not None:
                waiter.fail(error)
            self._ledger.free_slot(waiter.route)
            self._serve()
            return
        connection = task.result()
        self._adopt(connection)
        lease = Lease(connection, self._give_back)
        if self._closed or not waiter.is_waiting:  # given up in the meantime
            lease.give_back(True)
        else:
            waiter.future.set_result(lease)

    def _withdraw(self, waiter: LeaseWaiter) -> None:
        """The waiter will not take what it waited for."""
        self._ledger.withdraw(waiter)
        future = waiter.future
        if future.done() and not future.cancelled() and future.exception() is None:
            future.result().give_back(True)
        # A connection that is being made for one who gave up serves the next who waits for the
        # route; those that nobody waits for are not made.
        route = waiter.route
        unclaimed = [
            task
            for other, task in self._connecting.items()
            if other.route == route and not other.is_waiting
        ]
        if unclaimed:
            for task in unclaimed[self._ledger.count_waiting(route) :]:
                task.cancel()

    # --- giving back -------------------------------------------------------------------------

    def _give_back(self, lease: Lease, reusable: bool) -> None:
        connection, ledger = lease.connection, self._ledger
        ledger.free_slot(connection.route)
        if reusable and connection.is_usable and not self._force_close and not self._closed:
            connection.idle_since = monotonic()
            ledger.keep(connection)
            if self._sweeper is None:
                self._sweep_later()
        else:
            connection.close()
        if ledger.waiting:
            self._serve()

    def _serve(self) -> None:
        """Hand free slots to those who wait."""
        while not self._closed:
            grant = self._ledger.grant(monotonic() - self._keepalive_timeout)
            if grant is None:
                return
            waiter, connection = grant
            if connection is None:
                self._connect(waiter)
                continue
            waiter.future.set_result(Lease(connection, self._give_back))

    def _adopt(self, connection: Connection) -> None:
        """Hear of a new connection's end, without being kept alive by it."""
        ledger = self._ledger

        def drop_idle(connection: Connection) -> None:
            if ledger.forget(connection):
                connection.close()

        # One that was not used in time is not used again.
        connection.may_be_kept = bool(self._keepalive_timeout) and not self._force_close
        connection.on_lost = drop_idle
        connection.on_gone = self._connections.discard
        self._connections.add(connection)

    def _sweep_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweeper = loop.call_later(max(self._keepalive_timeout, 0.01), _sweep, ref(self))

    def sweep(self) -> None:
        """Close what has been idle for too long; one timer for all, none when there is nothing."""
        self._sweeper = None
        for connection in self._ledger.take_expired(monotonic() - self._keepalive_timeout):
            connection.close()
        if self._ledger.idle_count and not self._closed:
            self._sweep_later()


async def _closed_in_time(connection: Connection) -> None:
    try:
        async with asyncio.timeout(_CLOSE_WAIT_S):
            await connection.wait_closed()
    except TimeoutError:
        connection.abort()
        await connection.wait_closed()


def _sweep(connector_ref: "ref[BaseConnector]") -> None:
    connector = connector_ref()
    if connector is not None:
        connector.sweep()
