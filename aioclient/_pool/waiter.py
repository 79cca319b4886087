"""A request that waits for a connection."""

import asyncio

from aioclient._net.route import Route
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
        "phase",
        "route",
        "timeout",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        route: Route,
        timeout: ClientTimeout,
        needs_new: bool = False,
    ) -> None:
        self._loop = loop
        self._started_at = loop.time()
        self._pool_timer: asyncio.TimerHandle | None = None
        self.future: asyncio.Future[Lease] = loop.create_future()
        self.route = route
        self.timeout = timeout
        #: No kept connection will do: it met a closed one.
        self.needs_new = needs_new
        #: What it is waiting for: "pool" or "connect".
        self.phase = "connect"

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
