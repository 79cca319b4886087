"""A clock that tests move, and a loop that only knows timers."""

from collections.abc import Callable


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
