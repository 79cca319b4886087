"""Connections that are being made, each in a task, for a waiter who may give up meanwhile.

A connection is handed over at the moment when it can be used; the task that opens it ends two turns
of the loop later, for which nobody has to wait. If an observer hears how it comes about, the task
tells it first that it was made.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeAlias

from aioclient._connection.interface import Connection
from aioclient._net.deadline import Deadline, Deadlines
from aioclient._net.route import Route
from aioclient._observer import OBSERVING, Observer, Observing
from aioclient._pool.waiter import LeaseWaiter
from aioclient._timeout import ClientTimeout
from aioclient.errors import ClientConnectionError, ConnectionTimeoutError

#: Makes a connection for a route, and tells it to the function as soon as it can be used.
Open: TypeAlias = Callable[
    [Route, ClientTimeout, Callable[[Connection], None]], Coroutine[Any, Any, None]
]


class Maker(Protocol):
    """Who hears what became of a connection that was begun for a waiter."""

    def connection_opened(self, connection: Connection) -> None:
        """It can be used, and will be made or unwanted soon."""

    def connection_made(self, waiter: LeaseWaiter, connection: Connection) -> None:
        """It was opened, and is for the waiter."""

    def connection_unwanted(
        self, waiter: LeaseWaiter, connection: Connection, error: BaseException
    ) -> None:
        """It was opened, and given up then."""

    def connection_failed(self, waiter: LeaseWaiter, error: BaseException) -> None:
        """It could not be made, or was given up."""


class ConnectionsInMaking:
    """All that are being made for one maker, which they keep alive meanwhile, but not this."""

    __slots__ = ("_all", "_ending", "_unclaimed")

    def __init__(self) -> None:
        self._all: dict[LeaseWaiter, _Making] = {}
        # Those whose waiter gave up, in the order in which they did: they may serve another.
        self._unclaimed: dict[Route, OrderedDict[LeaseWaiter, None]] = {}
        # Tasks of those that were handed over: the loop alone would not keep them alive.
        self._ending: set[asyncio.Task[None]] = set()

    def routes(self) -> Iterator[Route]:
        """Where those lead that are not open yet, one by one."""
        return (each.waiter.route for each in self._all.values() if each.connection is None)

    def begin(
        self, waiter: LeaseWaiter, maker: Maker, open_connection: Open, deadlines: Deadlines
    ) -> None:
        """Make one for a waiter, within its `sock_connect` limit."""
        making = self._all[waiter] = _Making(waiter, maker, self)
        limit_s = waiter.timeout.sock_connect
        if limit_s:
            making.deadline = deadlines.start(limit_s, making.expired)
        if waiter.observer is None and OBSERVING.get() is None:
            opening = open_connection(waiter.route, waiter.timeout, making.opened)
        else:
            opening = making.observed(open_connection)
        making.task = asyncio.get_running_loop().create_task(opening)
        # A callback, because a task that is cancelled before its first step runs none of its code.
        making.task.add_done_callback(making.ended)

    def give_up(self, waiter: LeaseWaiter) -> None:
        """The waiter will not take what is made for it, if something is."""
        if waiter in self._all:
            self._unclaimed.setdefault(waiter.route, OrderedDict())[waiter] = None

    def drop_superfluous(self, route: Route, wanted: int) -> None:
        """So many wait for whichever connection to the route: make one less if none needs it."""
        unclaimed = self._unclaimed.get(route)
        if unclaimed is not None and len(unclaimed) > wanted:
            last = next(reversed(unclaimed))
            self._claim(last)
            self._all[last].task.cancel()

    def cancel_all(self, error_for: Callable[[], Exception]) -> "set[asyncio.Task[None]]":
        """Make none of them; who still waits gets an error. Gives all tasks, to be waited for."""
        tasks = set(self._ending)
        for waiter, making in self._all.items():
            waiter.fail(error_for())
            making.task.cancel()
            tasks.add(making.task)
        return tasks

    def _claim(self, waiter: LeaseWaiter) -> None:
        unclaimed = self._unclaimed.get(waiter.route)
        if unclaimed is not None:
            unclaimed.pop(waiter, None)
            if not unclaimed:
                del self._unclaimed[waiter.route]

    def remove(self, waiter: LeaseWaiter) -> None:
        """It is not being made any more."""
        del self._all[waiter]
        if self._unclaimed:
            self._claim(waiter)

    def opened(self, making: "_Making", connection: Connection) -> None:
        """It can be used; its task ends soon."""
        self.remove(making.waiter)
        self._ending.add(making.task)
        if making.connection is None:
            making.maker.connection_opened(connection)
        making.maker.connection_made(making.waiter, connection)

    def ended(self, making: "_Making", task: "asyncio.Task[None]") -> None:
        """Its task is done: if it had not been opened before, it never will be."""
        # By somebody else, if it is still waited for: some programs cancel all tasks but their own.
        error = _broken_off() if task.cancelled() else task.exception()
        if task in self._ending:
            self._ending.discard(task)
            return
        self.remove(making.waiter)
        if making.connection is None:
            making.maker.connection_failed(making.waiter, error or _broken_off())
        else:
            making.maker.connection_unwanted(
                making.waiter, making.connection, error or _broken_off()
            )


def _broken_off() -> ClientConnectionError:
    return ClientConnectionError("connecting was broken off")


class _Making:
    """One connection that is being made."""

    __slots__ = ("_owner", "connection", "deadline", "maker", "task", "waiter")

    def __init__(self, waiter: LeaseWaiter, maker: Maker, owner: ConnectionsInMaking) -> None:
        self.waiter = waiter
        self.maker = maker
        self._owner = owner
        self.deadline: Deadline | None = None
        #: It, from when it can be used until an observer was told of that.
        self.connection: Connection | None = None
        self.task: asyncio.Task[None]

    def opened(self, connection: Connection) -> None:
        """It can be used."""
        if self.task.cancelling():
            connection.abort()  # as the task is about to do
            return
        if self.deadline is not None:
            self.deadline.stop()
        self._owner.opened(self, connection)

    async def observed(self, open_connection: Open) -> None:
        """Make it, and tell the waiter's observer, if it has one, before and after.

        One who gave up is not told any more, though the connection may be made for another.
        """
        waiter = self.waiter
        if waiter.queueing is not None:
            await waiter.queueing.wait_told()
        observing = Observing(waiter.observer if waiter.is_waiting else None)
        # Even if that is None: this may have begun while a connection for another was being made.
        OBSERVING.set(observing)
        try:
            if observing.observer is None:
                await open_connection(waiter.route, waiter.timeout, self.opened)
            else:
                await self._tell(observing.observer, open_connection)
        finally:
            observing.observer = None

    async def _tell(self, observer: Observer, open_connection: Open) -> None:
        waiter = self.waiter
        await observer.connection_create_start()
        await open_connection(waiter.route, waiter.timeout, self.opened_for_observer)
        connection = self.connection
        if connection is None:
            return  # it says that it was broken off
        if waiter.is_waiting:
            await observer.connection_create_end(connection.id)
        self._owner.opened(self, connection)

    def opened_for_observer(self, connection: Connection) -> None:
        """It can be used, but who waits gets it only when its observer was told."""
        if self.task.cancelling():
            connection.abort()  # as the task is about to do
            return
        if self.deadline is not None:
            self.deadline.stop()
        self.connection = connection
        self.maker.connection_opened(connection)

    def ended(self, task: "asyncio.Task[None]") -> None:
        """Its task is done."""
        deadline, self.deadline = self.deadline, None  # they refer to each other
        if deadline is not None:
            deadline.stop()
        self._owner.ended(self, task)

    def expired(self, deadline: Deadline) -> None:
        """It took too long."""
        route = self.waiter.route
        self.waiter.fail(
            ConnectionTimeoutError.passed(
                "sock_connect", deadline.seconds, deadline.elapsed_s, "connect", route
            )
        )
        self.task.cancel()
