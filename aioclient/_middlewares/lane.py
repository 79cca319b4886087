"""Where requests of one origin queue up, until they may be sent.

The first of the queue waits for what all of them need, room and time; the others wait to be the
first. So they go in the order in which they came, and one that is cancelled, wherever it stands,
costs nobody anything.

How time is kept is called GCRA (the generic cell rate algorithm): one number, the time at which
sending would be even again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Pace(NamedTuple):
    """How fast, and how many at once."""

    #: Seconds from one request to the next; 0 is no limit.
    interval_s: float
    #: How many may come together after a pause.
    burst: int
    #: How many at a time; 0 is no limit.
    max_concurrent: int


class Lane:
    """The queue of one origin, and what of its pace is in use."""

    __slots__ = (
        "_even_at",
        "_first_is_set",
        "_freed",
        "_paused_until",
        "_running",
        "_waiting",
        "users",
    )

    def __init__(self) -> None:
        #: Requests that wait or run: while there are any, this is in use.
        self.users = 0
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._first_is_set = False
        self._running = 0
        self._freed: asyncio.Future[None] | None = None
        self._even_at = float("-inf")
        self._paused_until = float("-inf")

    def is_idle(self, now: float) -> bool:
        """Is it like a new one?"""
        return not self.users and self._even_at <= now and self._paused_until <= now

    async def enter(
        self, pace: Pace, clock: Callable[[], float], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        """Wait until it is one's turn; `leave` has to be called afterwards.

        If that is cancelled, the place is given up, and nothing has to be called.
        """
        if self._first_is_set:
            await self._become_first()
        self._first_is_set = True
        try:
            while True:
                if pace.max_concurrent and self._running >= pace.max_concurrent:
                    self._freed = asyncio.get_running_loop().create_future()
                    await self._freed
                    continue
                now = clock()
                wait_s = self._wait_s(pace, now)
                if wait_s <= 0:
                    break
                await sleep(wait_s)
            self._running += 1
            self._even_at = max(self._even_at, now) + pace.interval_s
        finally:
            self._let_the_next_be_first()

    def leave(self) -> None:
        """Make room for the next."""
        self._running -= 1
        if self._freed is not None and not self._freed.done():
            self._freed.set_result(None)

    def pause(self, until: float) -> None:
        """Let nobody in before this time."""
        self._paused_until = max(self._paused_until, until)

    def _wait_s(self, pace: Pace, now: float) -> float:
        return max(self._even_at - (pace.burst - 1) * pace.interval_s, self._paused_until) - now

    async def _become_first(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # at the moment at which its turn had come
                self._let_the_next_be_first()
            else:
                self._waiting.pop(turn, None)
            raise

    def _let_the_next_be_first(self) -> None:
        while self._waiting:
            turn, _ = self._waiting.popitem(last=False)
            if not turn.done():  # else it was cancelled, and does not know it yet
                turn.set_result(None)
                return
        self._first_is_set = False
