"""Keeps requests within what a server allows: so many a second, and so many at a time."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Literal

from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType
from aioclient._message.response import ClientResponse
from aioclient._middlewares.arguments import (
    checked_callable,
    checked_count,
    checked_function,
    checked_number,
)
from aioclient._middlewares.lane import Lane, Pace
from aioclient._middlewares.retry_after import retry_after_s

#: These say with Retry-After when requests are welcome again (RFC 6585 section 4, RFC 9110 section
#: 15.6.4).
_PAUSING: Final = frozenset({429, 503})
#: How many known origins are looked at for each new one, whether they are idle.
_LOOKED_AT: Final = 2


class RateLimitMiddleware:
    """Lets requests wait until they may be sent: so many a second, and so many at a time.

        limit = RateLimitMiddleware(requests_per_second=5, max_concurrent=2)
        async with ClientSession(middlewares=[limit]) as session:
            await asyncio.gather(*(fetch(session, item) for item in items))

    Requests go in the order in which they came; one origin (scheme, host and port) does not hold up
    another. A request that is cancelled, or whose total time limit passes, gives its place to the
    next. The time limit covers the waiting: there is none of its own.

    A request counts as running until the head of its response is here, or it failed, and not until
    its body was read: so a response that nobody reads or releases cannot stop all others. Most
    servers have done their work by then. To limit how many bodies arrive at a time, there is
    `limit_per_host` of the connector.

    When a response has the status 429 or 503 and a Retry-After, nothing is sent to that origin
    until then. The response is still the answer; RetryMiddleware, put before this one, sends the
    request again.

    One object can serve many requests at once, and several sessions of one event loop. It sees each
    request of a chain of redirects, and each attempt of a RetryMiddleware before it. A middleware
    behind it that makes requests of its own should say ``middlewares=()`` in them, or they may wait
    for the one that waits for them. What is known of an origin is dropped when that has been idle.

    All arguments are by keyword. Raises TypeError and ValueError for those that cannot be.

    Arguments:
        requests_per_second: how many are begun in a second; with 0.5, one every two seconds. None
            is no limit.
        burst: how many of them may be begun together if there were less before. By default one:
            they are spread evenly.
        max_concurrent: how many run at a time. None is no limit.
        per: "origin" if these are for each origin by itself, "all" if for all together.
        max_pause: for how many seconds a Retry-After is heeded at most; 0 is not at all.
        clock, wall_clock, sleep: what tells the time (in seconds from anywhere, and since the
            epoch) and waits. For tests, which can move their own.
    """

    def __init__(
        self,
        *,
        requests_per_second: float | None = None,
        burst: int = 1,
        max_concurrent: int | None = None,
        per: Literal["origin", "all"] = "origin",
        max_pause: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        interval_s = 0.0
        if requests_per_second is not None:
            interval_s = 1 / checked_number("requests_per_second", requests_per_second, above=0)
        at_once = 0
        if max_concurrent is not None:
            at_once = checked_count("max_concurrent", max_concurrent, 1)
        if per not in ("origin", "all"):
            raise ValueError(f"per must be 'origin' or 'all', not {per!r}")
        self._pace = Pace(interval_s, checked_count("burst", burst, 1), at_once)
        self._is_per_origin = per == "origin"
        self._max_pause_s = checked_number("max_pause", max_pause)
        self._clock = checked_function("clock", clock)
        self._wall_clock = checked_function("wall_clock", wall_clock)
        self._sleep = checked_callable("sleep", sleep)
        self._lanes: OrderedDict[Hashable, Lane] = OrderedDict()

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send the request when it may be sent."""
        lane = self._lane_of(request.origin if self._is_per_origin else None)
        lane.users += 1
        try:
            await lane.enter(self._pace, self._clock, self._sleep)
            try:
                response = await handler(request)
                self._heed(response, lane)
            finally:
                lane.leave()
        finally:
            lane.users -= 1
        return response

    @property
    def origins_known(self) -> int:
        """Of how many origins it knows something."""
        return len(self._lanes)

    def _lane_of(self, key: Hashable) -> Lane:
        lane = self._lanes.get(key)
        if lane is None:
            self._drop_idle()
            lane = self._lanes[key] = Lane()
        return lane

    def _drop_idle(self) -> None:
        """Look at a few lanes, and drop those that are idle.

        More are looked at than come, so that there are never many more than in use; and no request
        pays for all of them.
        """
        now = self._clock()
        for _ in range(min(_LOOKED_AT, len(self._lanes))):
            key, lane = self._lanes.popitem(last=False)
            if not lane.is_idle(now):
                self._lanes[key] = lane  # as the last of the line

    def _heed(self, response: ClientResponse, lane: Lane) -> None:
        if response.status in _PAUSING and self._max_pause_s:
            asked_s = retry_after_s(response.headers, self._wall_clock())
            if asked_s is not None:
                lane.pause(self._clock() + min(asked_s, self._max_pause_s))
