"""A request that waits for a connection."""

import asyncio

from aioclient._connection.prompt_future import PromptFuture
from aioclient._net.route import Route
from aioclient._observer import Observer
from aioclient._pool.lease import Lease
from aioclient._timeout import ClientTimeout
from aioclient.errors import ConnectionTimeoutError


class LeaseWaiter:
    """A request that waits for a connection, first in the pool, then while one is made for it."""

    __slots__ = (
        "_loop",
        "_pool_timer",
        "_started_at",
        "future",
        "needs_new",
        "observer",
        "phase",
        "queueing",
        "route",
        "timeout",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        route: Route,
        timeout: ClientTimeout,
        needs_new: bool = False,
        observer: Observer | None = None,
    ) -> None:
        self._loop = loop
        self._started_at = loop.time()
        self._pool_timer: asyncio.TimerHandle | None = None
        self.future: PromptFuture[Lease] = PromptFuture(loop)
        self.route: Route = route
        self.timeout: ClientTimeout = timeout
        #: No kept connection will do: it met a closed one.
        self.needs_new: bool = needs_new
        #: Hears what becomes of it.
        self.observer: Observer | None = observer
        #: Tells the observer that it queues; None if there is nothing to tell.
        self.queueing: QueueingTold | None = None
        #: What it is waiting for: "pool" or "connect".
        self.phase: str = "connect"

    @property
    def is_waiting(self) -> bool:
        """Has it neither got what it waits for nor given up?"""
        return not self.future.done()

    @property
    def granted(self) -> Lease | None:
        """What it got, if it got something."""
        future = self.future
        if not future.done() or future.cancelled() or future.exception() is not None:
            return None
        return future.result()

    def fail(self, error: BaseException) -> None:
        """End the waiting with an error."""
        if not self.future.done():
            self.future.set_exception(error)

    def give_up(self) -> None:
        """Nobody waits any more, even if the coroutine that did was closed and not cancelled."""
        self.future.cancel()
        if self.queueing is not None:
            self.queueing.give_up()

    def enter_pool(self) -> None:
        """There is no room for another connection: wait for one that others use."""
        self.phase = "pool"
        limit_s = self.timeout.pool
        if limit_s:
            self._pool_timer = self._loop.call_later(limit_s, self.pass_limit, "pool", limit_s)
        if self.observer is not None:
            self.queueing = QueueingTold(self, self.observer, self._loop)

    def leave_pool(self) -> None:
        """It need not wait for others any more."""
        self.phase = "connect"
        if self._pool_timer is not None:
            self._pool_timer.cancel()
            self._pool_timer = None
        if self.queueing is not None:
            self.queueing.end()

    def pass_limit(self, limit: str, limit_s: float) -> None:
        """A limit passed: end the waiting with the error that says so."""
        elapsed_s = self._loop.time() - self._started_at
        self.fail(ConnectionTimeoutError.passed(limit, limit_s, elapsed_s, self.phase, self.route))


class QueueingTold:
    """Tells an observer that a waiter queues, and then that it does not any more.

    That is done in a task of its own: the request waits for the waiter's future only, so that its
    limits hold, however long the observer takes. An error of the observer fails the waiter.
    """

    __slots__ = ("_ended", "_lease", "_task", "_waiter")

    def __init__(
        self, waiter: LeaseWaiter, observer: Observer, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._waiter = waiter
        self._lease: Lease | None = None
        self._ended: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._tell(observer))
        self._task.add_done_callback(self._told)

    def end(self) -> None:
        """The waiter need not queue any more."""
        if not self._ended.done():
            self._ended.set_result(None)

    def end_with(self, lease: Lease) -> None:
        """It need not, because there is a kept connection; it gets that when all is told."""
        self._lease = lease
        self._waiter.leave_pool()

    def give_up(self) -> None:
        """The waiter does not want to hear of it any more."""
        self._task.cancel()

    async def wait_told(self) -> None:
        """Wait until there is nothing more to tell, whatever the observer made of it."""
        await asyncio.wait((self._task,))

    async def _tell(self, observer: Observer) -> None:
        await observer.queued_start()
        await self._ended
        await observer.queued_end()

    def _told(self, task: asyncio.Task[None]) -> None:
        waiter, lease = self._waiter, self._lease
        error = None if task.cancelled() else task.exception()
        if error is not None:
            waiter.fail(error)
        if lease is None:
            return
        if waiter.is_waiting:
            waiter.future.set_result(lease)
        else:
            lease.give_back(True)
