"""When requests may be sent, by a clock that the tests move."""

import asyncio
import gc
from types import SimpleNamespace

import pytest
from clock import SleepClock
from multidict import CIMultiDict
from running import asynchronous, cancelled, settled, started

from aioclient import RateLimitMiddleware

A = ("http", "a.example", 80)
B = ("http", "b.example", 80)
EPOCH = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT


class Site:
    """Asks a middleware to send requests to a handler that tells when they arrive.

    The requests have their origin and their name, and the responses what the middleware looks at.
    """

    def __init__(self, **options):
        self.clock = SleepClock()
        self.limit = RateLimitMiddleware(
            clock=self.clock, sleep=self.clock.sleep, wall_clock=lambda: EPOCH, **options
        )
        #: Names and times, in the order of their arrival; the clock began at 0.
        self.arrived = []
        self.running = 0
        self.most_running = 0
        #: Set: requests are answered at once.
        self.answers = asyncio.Event()
        self.answers.set()
        #: Requests of these names are answered later.
        self.held = ()
        self.go_on = asyncio.Event()
        self.status = 200
        self.headers = CIMultiDict()
        #: Of the responses to requests of these names.
        self.headers_of = {}
        #: The names of requests that fail.
        self.failing = ()

    def send(self, name, origin=A):
        """What has to be awaited for a request."""
        return self.limit(SimpleNamespace(origin=origin, name=name), self._handle)

    async def begin(self, *names, origin=A):
        """Tasks for requests, which have gone as far as they can."""
        return [await started(self.send(name, origin), 5) for name in names]

    def arrivals(self):
        return [(name, round(at, 3)) for name, at in self.arrived]

    def names(self):
        return [name for name, _ in self.arrived]

    async def _handle(self, request):
        self.arrived.append((request.name, self.clock.now - 1000.0))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await self.answers.wait()
            if request.name in self.held:
                await self.go_on.wait()
        finally:
            self.running -= 1
        if request.name in self.failing:
            raise OSError("no")
        headers = self.headers_of.get(request.name, self.headers)
        return SimpleNamespace(name=request.name, status=self.status, headers=headers)


# --- so many a second ----------------------------------------------------------------------------


@asynchronous
async def test_requests_are_spread_evenly():
    site = Site(requests_per_second=4)
    await site.begin(*"abcd")
    assert site.arrivals() == [("a", 0)]
    await site.clock.move(0.2)
    assert site.arrivals() == [("a", 0)]
    await site.clock.move(1)
    assert site.arrivals() == [("a", 0), ("b", 0.25), ("c", 0.5), ("d", 0.75)]


@asynchronous
async def test_rate_may_be_less_than_one_a_second():
    site = Site(requests_per_second=0.1)
    await site.begin(*"abc")
    await site.clock.move(30)
    assert site.arrivals() == [("a", 0), ("b", 10), ("c", 20)]


@asynchronous
async def test_burst_may_come_together_after_a_pause():
    site = Site(requests_per_second=10, burst=3)
    await site.begin(*"abcde")
    await site.clock.move(0.25)
    assert site.arrivals() == [("a", 0), ("b", 0), ("c", 0), ("d", 0.1), ("e", 0.2)]
    await site.clock.move(10)
    site.arrived.clear()
    await site.begin(*"fghi")
    assert site.names() == ["f", "g", "h"]
    await site.clock.move(1)


@asynchronous
async def test_time_in_which_nothing_is_sent_does_not_add_up():
    site = Site(requests_per_second=1)
    await site.begin("a")
    await site.clock.move(100)
    await site.begin(*"bcd")
    assert site.names() == ["a", "b"]
    await site.clock.move(2)
    assert site.arrivals()[2:] == [("c", 101), ("d", 102)]


@asynchronous
async def test_rate_holds_in_the_long_run_at_times_that_are_not_exact():
    site = Site(requests_per_second=3)
    await site.begin(*range(100))
    await site.clock.move(33.5)
    times = [at for _, at in site.arrivals()]
    assert len(times) == 100
    assert times[-1] == 33.0


@asynchronous
async def test_without_limits_nothing_waits():
    site = Site()
    await site.begin(*range(50))
    assert len(site.arrived) == 50
    assert not site.clock.slept


# --- so many at a time ---------------------------------------------------------------------------


@asynchronous
async def test_so_many_run_at_a_time():
    site = Site(max_concurrent=2)
    site.answers.clear()
    tasks = await site.begin(*"abcde")
    assert site.names() == ["a", "b"]
    site.answers.set()
    assert [response.name for response in await asyncio.gather(*tasks)] == [*"abcde"]
    assert site.names() == [*"abcde"]
    assert site.most_running == 2


@asynchronous
async def test_request_that_fails_makes_room():
    site = Site(max_concurrent=1)
    site.answers.clear()
    first, second = await site.begin(*"ab")
    site.failing = ("a",)
    site.answers.set()
    with pytest.raises(OSError, match="no"):
        await first
    assert (await second).name == "b"


@asynchronous
async def test_request_that_is_cancelled_while_it_runs_makes_room():
    site = Site(max_concurrent=1)
    site.answers.clear()
    first, second = await site.begin(*"ab")
    await cancelled(first)
    await settled()
    assert site.names() == ["a", "b"]
    site.answers.set()
    await second


@asynchronous
async def test_rate_is_kept_when_room_comes_late():
    site = Site(requests_per_second=1, max_concurrent=1)
    site.answers.clear()
    await site.begin(*"abc")
    await site.clock.move(5)
    assert site.names() == ["a"]
    site.answers.set()
    await settled()
    await site.clock.move(3)
    assert site.arrivals() == [("a", 0), ("b", 5), ("c", 6)]


# --- order ---------------------------------------------------------------------------------------


@asynchronous
async def test_requests_go_in_the_order_in_which_they_came():
    site = Site(requests_per_second=10, max_concurrent=1)
    await site.begin(*range(30))
    await site.clock.move(10)
    assert site.names() == [*range(30)]


@asynchronous
async def test_one_that_comes_when_another_may_go_does_not_go_before_it():
    site = Site(max_concurrent=1)
    site.answers.clear()

    async def two() -> None:
        await site.send("a")
        # Room was made, and those that wait have not heard of it yet.
        assert site.names() == ["a"]
        await site.send("d")

    task = await started(two(), 5)
    await site.begin(*"bc")
    site.answers.set()
    await task
    assert site.names() == [*"abcd"]


@asynchronous
async def test_one_origin_does_not_hold_up_another():
    site = Site(requests_per_second=1, max_concurrent=1)
    site.answers.clear()
    await site.begin("a1", "a2", "a3")
    await site.begin("b1", origin=B)
    assert site.names() == ["a1", "b1"]
    site.answers.set()
    await settled()
    await site.clock.move(5)


@pytest.mark.parametrize("origin", [("https", "a.example", 80), ("http", "a.example", 81), B])
@asynchronous
async def test_origin_is_scheme_host_and_port(origin):
    site = Site(requests_per_second=1)
    await site.begin("a")
    await site.begin("b", origin=origin)
    assert site.names() == ["a", "b"]


@asynchronous
async def test_limit_may_be_for_all_origins_together():
    site = Site(requests_per_second=1, per="all")
    await site.begin("a")
    await site.begin("b", origin=B)
    assert site.names() == ["a"]
    await site.clock.move(1)
    assert site.names() == ["a", "b"]


# --- cancellation --------------------------------------------------------------------------------


@pytest.mark.parametrize("which", range(1, 5))
@asynchronous
async def test_one_that_is_cancelled_while_it_waits_gives_its_place_up(which):
    site = Site(requests_per_second=1)
    tasks = await site.begin(*range(5))
    await cancelled(tasks[which])
    await site.clock.move(10)
    expected = [name for name in range(5) if name != which]
    assert site.arrivals() == [(name, at) for at, name in enumerate(expected)]


@pytest.mark.parametrize("which", range(1, 4))
@asynchronous
async def test_one_that_is_cancelled_while_it_waits_for_room_gives_its_place_up(which):
    site = Site(max_concurrent=1)
    site.answers.clear()
    tasks = await site.begin(*range(4))
    await cancelled(tasks[which])
    site.answers.set()
    await settled(30)
    assert site.names() == [name for name in range(4) if name != which]


@asynchronous
async def test_one_that_is_cancelled_at_the_moment_of_its_turn_gives_it_to_the_next():
    site = Site(max_concurrent=1)
    site.answers.clear()
    tasks = await site.begin(*"abcd")
    # The first of those that wait goes away, which makes the next the first; it goes, too, before
    # it knows.
    tasks[1].cancel()
    await asyncio.sleep(0)
    tasks[2].cancel()
    site.answers.set()
    await asyncio.wait(tasks)
    assert site.names() == ["a", "d"]


@asynchronous
async def test_all_at_once_may_be_cancelled():
    site = Site(requests_per_second=1, max_concurrent=1)
    site.answers.clear()
    tasks = await site.begin(*range(20))
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert site.names() == [0]
    site.answers.set()
    await site.begin("next")
    await site.clock.move(1)
    assert site.names() == [0, "next"]


# --- what the server says ------------------------------------------------------------------------


async def asked_to_wait(site, status, **headers):
    """The first request is answered so, and the next is begun."""
    site.status = status
    site.headers = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    await site.begin("a")
    site.status = 200
    await site.begin("b", "c")


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["7", "Sun, 06 Nov 1994 08:49:44 GMT"])
@asynchronous
async def test_nothing_is_sent_before_the_server_wants_it(status, value):
    site = Site()
    await asked_to_wait(site, status, Retry_After=value)
    await site.clock.move(6.9)
    assert site.names() == ["a"]
    await site.clock.move(0.1)
    assert site.names() == [*"abc"]


@asynchronous
async def test_rate_is_kept_after_a_pause():
    site = Site(requests_per_second=1)
    await asked_to_wait(site, 429, Retry_After="7")
    await site.clock.move(10)
    assert site.arrivals() == [("a", 0), ("b", 7), ("c", 8)]


@asynchronous
async def test_one_that_waits_already_waits_longer():
    site = Site(requests_per_second=1, max_concurrent=2)
    site.answers.clear()
    await site.begin("a", "b")  # b waits for its second to come
    site.status = 503
    site.headers["Retry-After"] = "5"
    site.answers.set()
    await settled()
    site.status = 200
    await site.clock.move(10)
    assert site.arrivals() == [("a", 0), ("b", 5)]


@asynchronous
async def test_shorter_pause_does_not_end_a_longer_one():
    site = Site()
    site.answers.clear()
    tasks = await site.begin(*"ab")
    site.status = 429
    site.headers_of = {
        "a": CIMultiDict({"Retry-After": "9"}),
        "b": CIMultiDict({"Retry-After": "1"}),
    }
    site.answers.set()
    await asyncio.gather(*tasks)
    site.status = 200
    await site.begin("c")
    await site.clock.move(8)
    assert site.names() == ["a", "b"]
    await site.clock.move(1)
    assert site.arrivals()[2:] == [("c", 9)]


@asynchronous
async def test_pause_is_for_that_origin_only():
    site = Site()
    await asked_to_wait(site, 429, Retry_After="7")
    await site.begin("other", origin=B)
    assert site.names() == ["a", "other"]
    await site.clock.move(7)


@asynchronous
async def test_pause_is_not_longer_than_the_limit():
    site = Site(max_pause=5)
    await asked_to_wait(site, 503, Retry_After="9" * 400)
    await site.clock.move(5)
    assert site.arrivals() == [("a", 0), ("b", 5), ("c", 5)]


@pytest.mark.parametrize(
    ("status", "headers", "max_pause"),
    [
        (429, {"Retry_After": "7"}, 0),
        (429, {}, 60),
        (503, {"Retry_After": "soon"}, 60),
        (503, {"Retry_After": "-7"}, 60),
        (200, {"Retry_After": "7"}, 60),
        (301, {"Retry_After": "7"}, 60),
        (500, {"Retry_After": "7"}, 60),
    ],
)
@asynchronous
async def test_there_is_no_pause_otherwise(status, headers, max_pause):
    site = Site(max_pause=max_pause)
    await asked_to_wait(site, status, **headers)
    assert site.names() == [*"abc"]


# --- memory --------------------------------------------------------------------------------------


@asynchronous
async def test_what_is_known_of_idle_origins_is_dropped():
    site = Site(requests_per_second=1)
    for number in range(5000):
        await site.send("x", ("http", f"{number}.example", 80))
        await site.clock.move(0.1)
    assert site.limit.origins_known < 200


async def others_come(site):
    for number in range(200):
        await site.send("x", ("http", f"{number}.example", 80))
    site.arrived.clear()


@asynchronous
async def test_origin_is_not_forgotten_while_a_request_runs():
    site = Site(max_concurrent=1)
    site.held = ("a1",)
    (first,) = await site.begin("a1")
    await others_come(site)
    (second,) = await site.begin("a2")
    assert site.names() == []
    site.go_on.set()
    assert [(await task).name for task in (first, second)] == ["a1", "a2"]


@asynchronous
async def test_origin_is_not_forgotten_before_its_next_request_may_be_sent():
    site = Site(requests_per_second=0.1)
    await site.begin("a1")
    await others_come(site)
    await site.begin("a2")
    await site.clock.move(9)
    assert site.names() == []
    await site.clock.move(1)
    assert site.names() == ["a2"]


@asynchronous
async def test_origin_is_not_forgotten_while_it_is_paused():
    site = Site()
    site.status = 503
    site.headers["Retry-After"] = "10"
    await site.begin("a1")
    site.status = 200
    await others_come(site)
    await site.begin("a2")
    await site.clock.move(9)
    assert site.names() == []
    await site.clock.move(1)
    assert site.names() == ["a2"]


@asynchronous
async def test_nothing_is_left_of_those_that_were_cancelled_while_they_waited():
    site = Site(requests_per_second=0.001)
    await site.begin(*"ab")
    before = futures()
    for _ in range(200):
        (task,) = await site.begin("x")
        await cancelled(task)
    del task
    assert futures() < before + 20
    await site.clock.move(1000)


def futures():
    gc.collect()
    return sum(isinstance(each, asyncio.Future) for each in gc.get_objects())


def test_one_object_serves_one_event_loop_after_another():
    made = {}

    @asynchronous
    async def in_a_loop():
        site = made.setdefault("site", Site(max_concurrent=1))
        site.answers = asyncio.Event()
        tasks = await site.begin(*"abc")
        site.answers.set()
        await asyncio.gather(*tasks)

    in_a_loop()
    in_a_loop()
    assert made["site"].names() == [*"abcabc"]
