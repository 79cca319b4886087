"""Time limits without a timer each.

All running deadlines of a session share one timer of the loop, armed for the earliest of them. A
request that ends in time, as nearly all do, costs one entry in a dict and its removal; the timer
stays where it is, and when it fires it looks what is overdue and arms itself anew. To keep such
looks rare, deadlines are rounded up: to whole seconds for long totals, to 1/64 s for the rest.
"""

import asyncio
from collections.abc import Callable
from math import ceil, inf
from time import monotonic

#: The timer is armed on multiples of this (seconds), so that many deadlines share a look.
_GRAIN_S = 1 / 64


class Deadline:
    """One running limit. `on_expiry` is called when it passes, with the deadline."""

    __slots__ = ("_deadlines", "expires_at", "on_expiry", "seconds", "started_at")

    def __init__(
        self,
        deadlines: "Deadlines",
        started_at: float,
        seconds: float,
        on_expiry: "Callable[[Deadline], None]",
    ) -> None:
        self._deadlines = deadlines
        self.started_at: float = started_at
        self.seconds: float = seconds
        self.on_expiry: Callable[[Deadline], None] = on_expiry
        self.expires_at: float = inf

    @property
    def is_running(self) -> bool:
        """Neither passed nor stopped."""
        return self in self._deadlines.running

    @property
    def elapsed_s(self) -> float:
        """How long it has been running, or ran, since it was last started."""
        return self._deadlines.now() - self.started_at

    def stop(self) -> None:
        """End it before it passes; harmless when it has passed or was stopped already."""
        deadlines = self._deadlines
        deadlines.running.pop(self, None)
        if deadlines.is_finishing and not deadlines.running:
            deadlines.drop_timer()

    def resume(self) -> None:
        """Let it run on, to the same moment, after it was stopped."""
        self._deadlines.resume(self)

    def restart(self) -> None:
        """Let it run its full time again from now."""
        self._deadlines.restart(self)


class Deadlines:
    """The running deadlines of one session on one loop.

    `clock` gives seconds; tests bring one that they can move, and call `look` themselves.
    """

    __slots__ = ("_armed_for", "_clock", "_loop", "_timer", "is_finishing", "running")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = monotonic
    ) -> None:
        self._loop = loop
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = inf
        #: With the last that runs the timer goes, too.
        self.is_finishing: bool = False
        #: Those that have not passed, in no particular order.
        self.running: dict[Deadline, None] = {}

    def now(self) -> float:
        """Seconds of the clock."""
        return self._clock()

    def start(
        self, seconds: float, on_expiry: Callable[[Deadline], None], ceil_threshold: float = inf
    ) -> Deadline:
        """A deadline `seconds` from now, on a whole second if it is `ceil_threshold` or more."""
        now = self._clock()
        deadline = Deadline(self, now, seconds, on_expiry)
        expires_at = now + seconds
        if seconds >= ceil_threshold:
            expires_at = ceil(expires_at)
        deadline.expires_at = expires_at
        self.running[deadline] = None
        if expires_at < self._armed_for:
            self._arm(expires_at, now)
        return deadline

    def stopped(self, seconds: float, on_expiry: Callable[[Deadline], None]) -> Deadline:
        """A deadline that runs only when it is restarted."""
        return Deadline(self, self._clock(), seconds, on_expiry)

    def restart(self, deadline: Deadline) -> None:
        """Let a deadline run its full time again from now."""
        deadline.started_at = now = self._clock()
        deadline.expires_at = now + deadline.seconds
        self.running[deadline] = None
        if deadline.expires_at < self._armed_for:
            self._arm(deadline.expires_at, now)

    def resume(self, deadline: Deadline) -> None:
        """Let a deadline run on to the moment that it had."""
        self.running[deadline] = None
        if deadline.expires_at < self._armed_for:
            now = self._clock()
            self._arm(max(deadline.expires_at, now), now)

    def look(self) -> None:
        """Let those that are overdue expire, and arm the timer for the next."""
        now = self._clock()
        self._armed_for = inf
        try:
            for deadline in [d for d in self.running if d.expires_at <= now]:
                if self.running.pop(deadline, deadline) is None:  # not stopped by another's expiry
                    deadline.on_expiry(deadline)
        finally:
            earliest = min((d.expires_at for d in self.running), default=inf)
            if earliest < self._armed_for:
                self._arm(earliest, now)

    def finish(self) -> None:
        """Let the timer go whenever none runs any more; those that begin later still expire.

        A request that goes on while its session closes may stop its last deadline for a moment.
        """
        self.is_finishing = True
        if not self.running:
            self.drop_timer()

    def drop_timer(self) -> None:
        """Look no more, until another deadline begins."""
        self._armed_for = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float, now: float) -> None:
        armed_for = ceil(at / _GRAIN_S) * _GRAIN_S
        if armed_for == self._armed_for:
            return  # another deadline wants the same look
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = armed_for
        self._timer = self._loop.call_later(armed_for - now, self.look)
