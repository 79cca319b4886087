"""Accidents: what may happen to a request, at a moment that a test chooses.

A moment is either a suspension of the coroutine that makes the request, or a turn of the loop: that
also reaches what the tasks behind the request wait for. All moments are tried, one after the other,
until the request is over before the next.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from running import WatchedAsyncioLoop

from aioclient import ClientError, ClientSession, ClientTimeout

#: A request of more moments than this is too long to try all of them.
MOST_MOMENTS: Final = 150
#: How long the loop stands still, so that every limit of `SHORT` passes: the package looks at its
#: limits on multiples of 1/64 s.
SHORT_S: Final = 0.006
STANDSTILL_S: Final = SHORT_S + 1.1 / 64

NO_LIMIT: Final = ClientTimeout(total=None)
SHORT_TOTAL: Final = ClientTimeout(total=SHORT_S)
SHORT_PHASES: Final = ClientTimeout(
    total=None,
    pool=SHORT_S,
    connect=SHORT_S,
    sock_connect=SHORT_S,
    tls=SHORT_S,
    sock_read=SHORT_S,
    write=SHORT_S,
)


#: A wait up to this long, in which nothing happens for the shorter time, is over then: the rest of
#: it is skipped. Longer ones are the patience of a test, which are for when something goes wrong.
SKIPPED_S: Final = 0.6
QUIET_S: Final = 0.02


class TurningLoop(WatchedAsyncioLoop):
    """A loop that calls `on_turn` in each of its turns, before it handles what has happened.

    With `skips_waits`, nobody has to wait for what only the clock brings: both ends of the
    connections are in this loop, and when all is quiet it sets its clock forward.
    """

    def __init__(self, *, skips_waits: bool = False) -> None:
        self.on_turn: Callable[[], None] | None = None
        self.skips_waits = skips_waits
        self._skipped_s = 0.0
        super().__init__(_Turns(self))

    def time(self) -> float:
        return super().time() + self._skipped_s

    def skip(self, seconds: float) -> None:
        """Set the clock forward."""
        self._skipped_s += seconds


_Selector = asyncio.IocpProactor if sys.platform == "win32" else selectors.DefaultSelector


class _Turns(_Selector):
    """A loop asks its selector once a turn."""

    def __init__(self, turning: TurningLoop) -> None:
        super().__init__()
        self._turning = turning

    def select(self, timeout: float | None = None) -> list[Any]:
        skips_waits = self._turning.skips_waits
        if skips_waits and timeout is not None and QUIET_S < timeout <= SKIPPED_S:
            ready = super().select(QUIET_S)
            if not ready:
                self._turning.skip(timeout - QUIET_S)
        else:
            ready = super().select(timeout)
        if self._turning.on_turn is not None:
            self._turning.on_turn()
        return ready


class Suspending(Coroutine[Any, Any, None]):
    """A coroutine that calls `on_suspension` when it suspends, with how often it did."""

    def __init__(self, inner: Coroutine[Any, Any, None]) -> None:
        self._inner = inner
        self._is_dropped = False
        self._count = 0
        self.on_suspension: Callable[[int], None] | None = None

    def __await__(self) -> Any:
        return self

    def send(self, value: Any) -> Any:
        return self._suspended(self._inner.send(value))

    def throw(self, *error: Any) -> Any:
        return self._suspended(self._inner.throw(*error))

    def close(self) -> None:
        self._inner.close()

    def drop(self) -> None:
        """Do not go on, but end as a coroutine that nobody wants to go on with."""
        self._is_dropped = True

    def _suspended(self, waits_for: Any) -> Any:
        self._count += 1
        if self.on_suspension is not None:
            self.on_suspension(self._count)
        if self._is_dropped:
            self._inner.close()
            raise StopIteration
        return waits_for


class Play:
    """A request, played once, and what happens to it. Make it when it shall begin."""

    def __init__(
        self,
        request: Callable[[], Awaitable[None]],
        session: ClientSession,
        errors: tuple[type[BaseException], ...] = (),
    ) -> None:
        self.session = session
        self.loop = asyncio.get_running_loop()
        self.limit: asyncio.Timeout | None = None
        self.coroutine = Suspending(self._limited(request))
        self.task = self.loop.create_task(self.coroutine)
        self.closing: asyncio.Task[None] | None = None
        #: How the request must end: with no error, or with one of these.
        self.may_succeed = True
        self.errors: tuple[type[BaseException], ...] = errors

    async def _limited(self, request: Callable[[], Awaitable[None]]) -> None:
        async with asyncio.timeout(None) as self.limit:
            await request()

    async def end(self) -> None:
        """Wait for the end, and look whether it is one of those that are allowed."""
        await asyncio.wait([self.task])
        if self.closing is not None:
            await self.closing
        was_cancelled = self.task.cancelled()
        error = asyncio.CancelledError() if was_cancelled else self.task.exception()
        if error is None:
            assert self.may_succeed, "the request went on as if nothing had happened"
        elif not isinstance(error, self.errors):
            raise error


# --- what happens ---------------------------------------------------------------------------------

Accident = Callable[[Play], None]


def cancel(play: Play) -> None:
    """Its task is cancelled."""
    if play.task.cancel():
        play.may_succeed = False
        play.errors = (asyncio.CancelledError,)


def pass_limit_of_the_caller(play: Play) -> None:
    """The `asyncio.timeout` around it passes."""
    if play.limit is not None and not play.task.done():
        play.limit.reschedule(play.loop.time())
        play.errors = (TimeoutError,)


def close_session(play: Play) -> None:
    """Somebody closes the session."""
    play.closing = play.loop.create_task(play.session.close())
    play.errors = (ClientError,)


def drop(play: Play) -> None:
    """Its coroutine is closed, as at the end of a generator."""
    play.coroutine.drop()


def stand_still(play: Play) -> None:
    """The short limits of the session pass, if they have not passed before."""
    time.sleep(STANDSTILL_S)


# --- when it happens ------------------------------------------------------------------------------


class Moment:
    """The moment of a number, and whether it came."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.has_come = False

    def watch(self, play: Play, accident: Accident) -> None:
        """Let the accident happen at the moment."""
        raise NotImplementedError


class Suspension(Moment):
    """When the coroutine suspends."""

    def watch(self, play: Play, accident: Accident) -> None:
        def suspended(count: int) -> None:
            if count == self.number:
                self.has_come = True
                accident(play)

        play.coroutine.on_suspension = suspended


class Turn(Moment):
    """Early in a turn of the loop, before it is known what has arrived."""

    def watch(self, play: Play, accident: Accident) -> None:
        loop = play.loop
        assert isinstance(loop, TurningLoop)
        count = 0

        def turned() -> None:
            nonlocal count
            count += 1
            if count == self.number or play.task.done():
                loop.on_turn = None
                self.has_come = not play.task.done()
                if self.has_come:
                    self._come(play, accident)

        loop.on_turn = turned

    def _come(self, play: Play, accident: Accident) -> None:
        accident(play)


class EndOfTurn(Turn):
    """Late in a turn: what has arrived was handled, and those who waited for it were not told."""

    def _come(self, play: Play, accident: Accident) -> None:
        # The loop calls what is due after what its selector found.
        play.loop.call_at(play.loop.time(), accident, play)
