"""Clocks that tests move, and a loop that only knows timers."""

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush

from running import settled


class Clock:
    """Gives the seconds that it was set to."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Timer:
    """What `TimerLoop.call_later` gives."""

    def __init__(self, loop: "TimerLoop", at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self._loop = loop

    def cancel(self) -> None:
        self._loop.timers.discard(self)


class TimerLoop:
    """The one method of an event loop that deadlines need, on a clock that tests move."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.timers: set[Timer] = set()
        #: How many timers were ever made.
        self.made = 0

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        assert delay >= 0, "a timer in the past"
        timer = Timer(self, self.clock.now + delay, callback)
        self.timers.add(timer)
        self.made += 1
        return timer

    def move_to(self, now: float) -> None:
        """Let time pass; each timer fires when it is due."""
        while due := [timer for timer in self.timers if timer.at <= now]:
            timer = min(due, key=lambda timer: timer.at)
            self.timers.discard(timer)
            self.clock.now = max(self.clock.now, timer.at)
            timer.callback()
        self.clock.now = max(self.clock.now, now)


class SleepClock(Clock):
    """A clock by which one can also sleep: who does wakes when a test moves it there."""

    def __init__(self, now: float = 1000.0) -> None:
        super().__init__(now)
        #: How long each was to sleep, in the order in which they began.
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0, "sleep until the past"
        self.slept.append(seconds)
        wakes = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + seconds, len(self.slept), wakes))
        await wakes

    async def move(self, seconds: float) -> None:
        """Let time pass; each sleeper wakes when its time has come, and does what it can."""
        until = self.now + seconds
        while self._sleepers and self._sleepers[0][0] <= until:
            at, _, wakes = heappop(self._sleepers)
            if not wakes.done():
                self.now = max(self.now, at)
                wakes.set_result(None)
                await settled()
        self.now = max(self.now, until)
        await settled()


class HastyClock(SleepClock):
    """A clock that moves by itself to where anybody sleeps to, so that nobody has to wait."""

    async def sleep(self, seconds: float) -> None:
        assert seconds >= 0, "sleep until the past"
        self.slept.append(seconds)
        wakes_at = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, wakes_at)
