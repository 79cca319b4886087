"""How many retries an origin gets: a share of the requests to it, and a few besides.

Retries that all fail only add to the load of a server that has too much of it already. So those of
the last seconds are counted, for each origin by itself: one that fails takes nothing from others,
and others earn it nothing. No clock, no loop; the state of an origin without requests is dropped.

Time is cut into slices of a second; a slice is [its second, requests, retries].
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Final

#: Over how long requests and retries are counted.
WINDOW_S: Final = 10


class RetryBudget:
    """Of the last ten seconds: at most `minimum` retries and `ratio` for each request.

    `now` is the same clock for all calls, in seconds; it does not go backwards.
    """

    __slots__ = ("_minimum", "_ratio", "_windows")

    def __init__(self, ratio: float, minimum: int) -> None:
        self._ratio = ratio
        self._minimum = minimum
        self._windows: OrderedDict[Hashable, _Window] = OrderedDict()  # the one used last is last

    def __len__(self) -> int:
        """Of how many origins there is a state."""
        return len(self._windows)

    def count_request(self, origin: Hashable, now: float) -> None:
        """A request begins, which earns its part of a retry."""
        self._window_of(origin, now).add(int(now), requests=1)

    def take(self, origin: Hashable, now: float) -> bool:
        """May there be a retry? Then it is counted."""
        window = self._window_of(origin, now)
        if window.retries + 1 > self._minimum + self._ratio * window.requests:
            return False
        window.add(int(now), retries=1)
        return True

    def _window_of(self, origin: Hashable, now: float) -> "_Window":
        oldest = int(now) - WINDOW_S
        while self._windows:
            longest_unused = next(iter(self._windows))
            if self._windows[longest_unused].last > oldest:
                break
            del self._windows[longest_unused]
        window = self._windows.get(origin)
        if window is None:
            window = self._windows[origin] = _Window()
        self._windows.move_to_end(origin)
        window.last = int(now)
        window.forget(oldest)
        return window


class _Window:
    """What there was of one origin."""

    __slots__ = ("_slices", "last", "requests", "retries")

    def __init__(self) -> None:
        self._slices: deque[list[int]] = deque()
        #: The second in which it was used last.
        self.last = 0
        self.requests = 0
        self.retries = 0

    def add(self, second: int, requests: int = 0, retries: int = 0) -> None:
        """Count these."""
        if not self._slices or self._slices[-1][0] != second:
            self._slices.append([second, 0, 0])
        self._slices[-1][1] += requests
        self._slices[-1][2] += retries
        self.requests += requests
        self.retries += retries

    def forget(self, oldest: int) -> None:
        """Count no more what happened up to this second."""
        while self._slices and self._slices[0][0] <= oldest:
            _, requests, retries = self._slices.popleft()
            self.requests -= requests
            self.retries -= retries
