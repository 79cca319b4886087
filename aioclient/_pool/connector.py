"""Connections made, lent and kept: what every connector does, whatever it connects to."""

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from math import inf
from time import monotonic
from types import TracebackType
from typing import ClassVar, Final, Self

from aioclient._caller import warn_deprecated
from aioclient._connection.interface import Connection
from aioclient._net.deadline import Deadlines
from aioclient._net.route import Route
from aioclient._observer import Observer
from aioclient._pool import reasons
from aioclient._pool.idle import IdleConnections
from aioclient._pool.lease import Lease
from aioclient._pool.ledger import Ledger
from aioclient._pool.making import ConnectionsInMaking
from aioclient._pool.open_connections import OpenConnections
from aioclient._pool.stats import ConnectorStats, Counts, stats_of
from aioclient._pool.waiter import LeaseWaiter
from aioclient._timeout import UNSET, ClientTimeout, Unset
from aioclient.errors import ClientConnectionError

#: A connection that has been idle for longer may have been closed, and the loop, kept busy, may not
#: have heard of it: then its socket is asked. For shorter times that is not worth a system call.
_UNSEEN_S: Final = 0.002
#: What an aborted link may take to be gone; in fact that is one turn of the loop.
_ABORT_S: Final = 1.0


def check_not_negative(name: str, value: object) -> None:
    """Raise TypeError for what is no number, ValueError for a negative one, or for NaN."""
    if not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not value >= 0:
        raise ValueError(f"{name} must not be negative, got {value}")


class BaseConnector(ABC):
    """A pool of connections.

    Arguments:
        keepalive_timeout: for how many seconds an unused connection is kept (15); less if the
            server says that it keeps it shorter (``Keep-Alive: timeout``). 0 or None: not at all.
        force_close: close every connection after its one response; excludes `keepalive_timeout`.
        limit: how many connections may be in use at once (100); 0 or None is no limit. Who finds
            none free waits, first come first served.
        limit_per_host: the same for each host, port and whether it is TLS (0). Requests to a host
            that is full do not hold up those to others.
        max_connection_age: a connection that is older (seconds) gets no further request; None is no
            limit. For servers behind a name whose addresses change.
        shutdown_timeout: for how many seconds closing waits for the goodbyes of TLS (0.5).
        enable_cleanup_closed, loop: deprecated, have no effect. timeout_ceil_threshold: has none,
            either: that of `ClientTimeout` counts.

    A connector belongs to the event loop that it is first used in. Several sessions may share it
    (`connector_owner=False`). Close it with `close()` or ``async with``, or let the session that
    owns it do so.
    """

    #: Schemes of URLs that it connects to.
    allowed_protocol_schema_set: ClassVar[frozenset[str]] = frozenset({"http", "https"})
    #: Does it connect through proxies? One for sockets of this machine does not.
    allows_proxies: ClassVar[bool] = False

    def __init__(
        self,
        *,
        keepalive_timeout: float | Unset | None = UNSET,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int | None = 0,
        enable_cleanup_closed: bool = False,
        loop: asyncio.AbstractEventLoop | None = None,
        timeout_ceil_threshold: float = 5,
        max_connection_age: float | None = None,
        shutdown_timeout: float = 0.5,
    ) -> None:
        if enable_cleanup_closed:
            warn_deprecated("enable_cleanup_closed is deprecated and has no effect")
        if loop is not None:
            warn_deprecated("loop is deprecated and has no effect")
        if force_close and isinstance(keepalive_timeout, int | float) and keepalive_timeout:
            raise ValueError("keepalive_timeout has no meaning if force_close is set")
        if isinstance(keepalive_timeout, Unset):
            keepalive_timeout = 15.0
        for name, value in (
            ("limit", limit or 0),
            ("limit_per_host", limit_per_host or 0),
            ("keepalive_timeout", keepalive_timeout or 0),
            ("max_connection_age", max_connection_age or 0),
            ("shutdown_timeout", shutdown_timeout),
        ):
            check_not_negative(name, value)
        self._force_close = force_close
        self._shutdown_s = shutdown_timeout
        self._ledger: Ledger[Connection, LeaseWaiter] = Ledger(limit or 0, limit_per_host or 0)
        self._counts = Counts()
        self._discard = _discarding(self._counts)
        self._idle = IdleConnections(
            self._ledger,
            self._discard,
            keepalive_timeout or 0.0,
            inf if max_connection_age is None else max_connection_age,
        )
        self._making = ConnectionsInMaking()
        self._open_connections = OpenConnections()
        self._drop_idle = _dropping(self._ledger, self._discard)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._deadlines: Deadlines
        self._closed = False
        self._drains = 0  # how many calls of `close` wait for requests
        self._drained: asyncio.Future[None] | None = None  # only while one does

    @abstractmethod
    async def _open(
        self, route: Route, timeout: ClientTimeout, opened: Callable[[Connection], None]
    ) -> None:
        """Make a new connection for a route; `opened` hears of it as soon as it can be used.

        The `sock_connect` limit ends it by cancelling; nothing may stay open then.
        """

    async def _close_rest(self) -> None:  # noqa: B027 - most have nothing
        """Close what a connector has beside its connections; the last step of `close`."""

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
        """The same for one host and port."""
        return self._ledger.limit_per_host

    def stats(self) -> ConnectorStats:
        """Gauges and counters of this moment, for metrics; see `ConnectorStats`.

        Looks at every connection: for a scrape every few seconds, not for each request.
        """
        return stats_of(self._ledger, self._open_connections, self._making.routes(), self._counts)

    def close_idle(self) -> int:
        """Close the connections that no request uses now, and say how many those were.

        They close in the background; requests go on, and make new ones.
        """
        return self._idle.close_all(reasons.CLOSE_IDLE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __enter__(self) -> Self:
        """Deprecated: closing has to be waited for, so use ``async with``."""
        warn_deprecated("a connector is for async with, not for with")
        return self

    def __exit__(self, *error: object) -> None:
        """Cut every connection without waiting."""
        self.abort()

    async def close(self, *, drain: float = 0.0, abort_ssl: bool = False) -> None:
        """Close every connection and return when all are closed.

        New requests are refused at once. Those under way, and those that wait for a connection,
        have `drain` seconds to end (0); then they get a ClientConnectionError. TLS says goodbye,
        which takes no longer than `shutdown_timeout`, or with `abort_ssl` not at all.

        Closing twice does no harm. Cancelling cuts all connections at once. After the end of its
        event loop there is nothing left to close; while that runs in another thread, RuntimeError.
        """
        loop = self._loop
        if loop is not None and loop.is_closed():
            self._closed = True
            self._open_connections.forget_all()  # they ended with their loop
            return
        if loop is not None and loop is not asyncio.get_running_loop():
            raise RuntimeError("a connector must be closed in the event loop that it was used in")
        self._keep_no_more()
        try:
            if drain > 0:
                await self._drain(drain)
            tasks = self._refuse_waiting()
            for connection in self._open_connections:
                # An exchange on it fails and gives its lease back.
                self._discard(connection, reasons.CONNECTOR_CLOSED)
                if abort_ssl or not self._shutdown_s:
                    connection.abort()
            if tasks:
                await asyncio.wait(tasks)
            if not await self._open_connections.all_gone(self._shutdown_s):
                self._abort_all()
                await self._open_connections.all_gone(_ABORT_S)
        except BaseException:
            self._refuse_waiting()
            self._abort_all()
            raise
        finally:
            await self._close_rest()

    async def retire(self) -> None:
        """Give no more connections; those in use close with their responses."""
        self._keep_no_more()
        await self._close_rest()

    def __del__(self) -> None:
        if self.__dict__.get("_closed", True) or not self._open_connections:
            return
        warnings.warn(f"Unclosed connector {self!r}", ResourceWarning, stacklevel=1, source=self)
        self.abort()

    def abort(self) -> None:
        """Cut every connection, and refuse whoever waits for one: for one that was never closed."""
        if self._loop is not None and self._loop.is_closed():
            self._closed = True
            self._open_connections.forget_all()  # they ended with their loop
            return
        self._keep_no_more()
        self._refuse_waiting()
        self._abort_all()

    # --- what a request asks for -----------------------------------------------------------------

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Belong to this event loop; RuntimeError if it belongs to another already."""
        if self._loop is None:
            self._loop = loop
            self._deadlines = Deadlines(loop)
        elif self._loop is not loop:
            raise RuntimeError(
                "a connector cannot be used in two event loops (of two threads, or of two calls of "
                "asyncio.run): make one for each"
            )

    def lease_idle(self, route: Route, now: float) -> Lease | None:
        """A kept connection, if there is one that may be used: without waiting."""
        while True:
            connection = self._ledger.take_idle(route, now)
            if connection is None:
                return None
            if now - connection.idle_since < _UNSEEN_S or not connection.has_unseen_input:
                self._counts.reused += 1
                return Lease(connection, self._give_back, True)
            self._ledger.free_slot(route)
            self._discard(connection, reasons.CLOSED_BY_SERVER)

    async def lease(
        self,
        route: Route,
        timeout: ClientTimeout,
        on_waiter: Callable[[LeaseWaiter], None],
        is_under_way: bool = False,
        needs_new: bool = False,
        observer: Observer | None = None,
    ) -> Lease:
        """A connection: kept, new, or handed on by another request; waits until there is one.

        `on_waiter` is told who waits, so that a time limit can fail it. `is_under_way` if it is not
        for a new request, which closing refuses; `needs_new` if a kept one will not do. `observer`
        hears of the queue, and how the connection comes about. Raises what it does, or what went
        wrong with connecting. Cancelling gives up the place; a connection that was being made
        for it is made for the next who waits for the route, else dropped.
        """
        if self._closed and not (is_under_way and self._drained is not None):
            raise ClientConnectionError("connector is closed")
        loop = asyncio.get_running_loop()
        self.bind(loop)
        waiter = LeaseWaiter(loop, route, timeout, needs_new, observer)
        on_waiter(waiter)
        if self._ledger.has_room(route):
            self._ledger.take_slot(route)
            self._make(waiter)
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

    # --- what programs look at that know aiohttp from inside: see docs/compatibility.md ----------

    @property
    def _acquired(self) -> frozenset[Connection]:
        """Those that requests have now."""
        idle = set(self._ledger.idle())
        return frozenset(
            each
            for each in self._open_connections
            if each not in idle and each.closed_because is None
        )

    @property
    def _conns(self) -> dict[Route, list[tuple[Connection, float]]]:
        """Those that are kept for the next request, each with the time since when."""
        kept: dict[Route, list[tuple[Connection, float]]] = {}
        for connection in self._ledger.idle():
            kept.setdefault(connection.route, []).append((connection, connection.idle_since))
        return kept

    def _available_connections(self, key: Route) -> int:
        """How many more requests to a route can have a connection; 1 if there is no limit."""
        host = self.stats().per_host.get(key[:3])
        in_use = self._ledger.in_use
        free = [self.limit - in_use] if self.limit else []
        if self.limit_per_host:
            taken = 0 if host is None else host.active + host.connecting
            free.append(self.limit_per_host - taken)
        return max(min(free), 0) if free else 1

    def _close(self, *, abort_ssl: bool = False) -> list[asyncio.Future[None]]:
        """Cut every connection without waiting."""
        self.abort()
        return []

    # --- connecting --------------------------------------------------------------------------

    def _make(self, waiter: LeaseWaiter) -> None:
        """Begin to make a connection; the waiter's slot is taken already."""
        waiter.leave_pool()
        self._making.begin(waiter, self, self._open, self._deadlines)

    def connection_opened(self, connection: Connection) -> None:
        """A connection that was begun for a waiter can be used."""
        self._counts.created += 1
        connection.opened_at = monotonic()
        # One that was not used in time is not used again.
        connection.may_be_kept = not (self._force_close or self._closed) and self._idle.keep_s > 0
        # It does not keep the connector alive.
        connection.on_lost = self._drop_idle
        connection.on_gone = self._open_connections.gone
        self._open_connections.add(connection)

    def connection_made(self, waiter: LeaseWaiter, connection: Connection) -> None:
        """A connection that was opened is there for its waiter."""
        lease = Lease(connection, self._give_back, False)
        if not waiter.future.done():
            waiter.future.settle_now(lease)  # at last: who waited may do anything
        else:  # given up in the meantime
            lease.give_back(True)

    def connection_unwanted(
        self, waiter: LeaseWaiter, connection: Connection, error: BaseException
    ) -> None:
        """A connection that was opened is not handed over: its observer failed, or was cut."""
        waiter.fail(error)
        connection.abort()
        Lease(connection, self._give_back, False).give_back(False)

    def connection_failed(self, waiter: LeaseWaiter, error: BaseException) -> None:
        """A connection that was begun for a waiter could not be made."""
        self._counts.failed += 1
        waiter.fail(error)
        self._ledger.free_slot(waiter.route)
        self._slot_came_free()

    def _withdraw(self, waiter: LeaseWaiter) -> None:
        """The waiter will not take what it waited for."""
        lease = waiter.granted
        if lease is not None:
            lease.give_back(True)
            return
        self._ledger.withdraw(waiter)
        self._making.give_up(waiter)
        self._make_no_more_than_wanted(waiter.route)

    def _make_no_more_than_wanted(self, route: Route) -> None:
        """One fewer waits for the route.

        A connection that is being made for one who gave up serves the next who waits; those that
        nobody waits for are not made.
        """
        self._making.drop_superfluous(route, self._ledger.count_waiting(route))

    # --- giving back -------------------------------------------------------------------------

    def _give_back(self, lease: Lease, reusable: bool) -> None:
        connection, ledger = lease.connection, self._ledger
        ledger.free_slot(connection.route)
        if reusable and connection.may_be_kept and connection.is_usable:
            self._idle.keep(connection)
        else:
            self._discard(connection, self._why_not_kept(connection, reusable))
        if ledger.waiting_count or self._drained is not None:
            self._slot_came_free()

    def _slot_came_free(self) -> None:
        """Hand free slots to those who wait; if nobody does and none is taken, all is drained."""
        ledger = self._ledger
        while ledger.waiting_count:
            now = monotonic()
            grant = ledger.grant(now)
            if grant is None:
                break
            waiter, connection = grant
            if connection is None:
                self._make(waiter)
            elif waiter.needs_new:
                ledger.keep(connection)
                self._make(waiter)
            elif now - connection.idle_since > _UNSEEN_S and connection.has_unseen_input:
                self._discard(connection, reasons.CLOSED_BY_SERVER)
                self._make(waiter)
            else:
                self._counts.reused += 1
                lease = Lease(connection, self._give_back, True)
                if waiter.queueing is None:
                    waiter.future.set_result(lease)
                else:
                    waiter.queueing.end_with(lease)
            self._make_no_more_than_wanted(waiter.route)
        if self._drained is not None and not self._drained.done() and self._is_drained:
            self._drained.set_result(None)

    # --- closing -----------------------------------------------------------------------------

    def _why_not_kept(self, connection: Connection, reusable: bool) -> str:
        if not connection.is_usable:
            # A request that has no more to say of it was not on it when it was lost.
            return reasons.CLOSED_BY_SERVER if reusable else reasons.BROKEN_OFF
        if self._force_close:
            return reasons.FORCE_CLOSE
        if not reusable:
            return reasons.NOT_PERSISTENT
        return reasons.CONNECTOR_CLOSED if self._closed else reasons.IDLE_TOO_LONG

    def _keep_no_more(self) -> None:
        self._closed = True
        for connection in self._open_connections:
            connection.may_be_kept = False
        self._idle.close_all(reasons.CONNECTOR_CLOSED)
        if self._loop is not None:
            self._deadlines.finish()

    @property
    def _is_drained(self) -> bool:
        return not self._ledger.in_use and not self._ledger.waiting_count

    async def _drain(self, seconds: float) -> None:
        """Wait until no request is under way any more, for so many seconds at most."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + seconds
        self._drains += 1
        try:
            # Looked at anew each time: a request that is redirected has no slot for a moment.
            while not self._is_drained and (left_s := ends_at - loop.time()) > 0:
                if self._drained is None or self._drained.done():
                    self._drained = loop.create_future()
                await asyncio.wait([self._drained], timeout=left_s)
        finally:
            self._drains -= 1
            if not self._drains:
                self._drained = None

    def _refuse_waiting(self) -> set[asyncio.Task[None]]:
        """Make no more connections; the tasks that were at it."""
        for waiter in list(self._ledger.waiting()):
            self._ledger.withdraw(waiter)
            waiter.fail(ClientConnectionError("connector is closed"))
        return self._making.cancel_all(lambda: ClientConnectionError("connector is closed"))

    def _abort_all(self) -> None:
        for connection in self._open_connections:
            connection.abort()


# Neither keeps the connector alive: connections refer to them, and outlive it if it is dropped.


def _discarding(counts: Counts) -> Callable[[Connection, str], None]:
    """What closes a connection for a reason, and counts it."""

    def discard(connection: Connection, reason: str) -> None:
        if connection.closed_because is None:
            connection.closed_because = reason
            counts.closed[reason] += 1
        if reason == reasons.CONNECTOR_CLOSED:
            connection.close("the session or its connector was closed")
        else:
            connection.close()

    return discard


def _dropping(
    ledger: Ledger[Connection, LeaseWaiter], discard: Callable[[Connection, str], None]
) -> Callable[[Connection], None]:
    """What is done when a connection on which no request is can carry none any more."""

    def drop_idle(connection: Connection) -> None:
        if ledger.forget(connection):
            discard(connection, reasons.CLOSED_BY_SERVER)

    return drop_idle
