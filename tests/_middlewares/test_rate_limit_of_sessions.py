"""Requests of sessions that have to wait for their turn, alone and together with retries."""

import asyncio

import pytest
from clock import HastyClock, SleepClock
from pages import OK, Pages, page
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, head_of

from aioclient import ClientSession, RateLimitMiddleware, RetryMiddleware, TotalTimeoutError


def limited(clock, **options):
    return RateLimitMiddleware(clock=clock, sleep=clock.sleep, **options)


class Slow(ScriptedServer):
    """Answers when it is told to; counts what it works on."""

    def __init__(self):
        super().__init__(self._talk)
        self.go_on = asyncio.Semaphore(0)
        self.working = self.most_working = 0

    async def _talk(self, reader, writer):
        while True:
            await head_of(reader)
            self.working += 1
            self.most_working = max(self.most_working, self.working)
            await self.go_on.acquire()
            self.working -= 1
            writer.write(OK)


@asynchronous
async def test_server_works_on_so_many_requests_at_a_time():
    limit = RateLimitMiddleware(max_concurrent=3)
    async with Slow() as server, ClientSession(middlewares=[limit]) as session:
        tasks = [await started(session.get(server.url())) for _ in range(10)]
        await until(lambda: server.working == 3)
        for _ in tasks:
            server.go_on.release()
        await asyncio.gather(*tasks)
        assert server.most_working == 3


@asynchronous
async def test_limit_is_for_several_sessions_together():
    limit = RateLimitMiddleware(max_concurrent=1)
    async with (
        Slow() as server,
        ClientSession(middlewares=[limit]) as one,
        ClientSession(middlewares=[limit]) as other,
    ):
        tasks = [await started(each.get(server.url())) for each in (one, other)]
        await until(lambda: server.working)
        server.go_on.release()
        server.go_on.release()
        await asyncio.gather(*tasks)
        assert server.most_working == 1


@asynchronous
async def test_response_whose_body_nobody_reads_does_not_stop_others():
    limit = RateLimitMiddleware(max_concurrent=1)
    large = page(b"x" * 10_000_000)
    async with Pages(large=large) as server, ClientSession(middlewares=[limit]) as session:
        unread = await session.get(server.url("/large"))
        assert (await session.get(server.url())).status == 200
        unread.close()


@asynchronous
async def test_total_time_limit_covers_the_waiting():
    limit = RateLimitMiddleware(max_concurrent=1)
    async with Slow() as server, ClientSession(middlewares=[limit]) as session:
        first = await started(session.get(server.url()))
        await until(lambda: server.working)
        with pytest.raises(TotalTimeoutError, match=r"total limit of 0\.02 s passed"):
            await session.get(server.url(), timeout=0.02)
        third = await started(session.get(server.url()))
        server.go_on.release()
        server.go_on.release()
        await first
        assert (await third).status == 200


@asynchronous
async def test_total_time_limit_of_the_request_that_runs_makes_room():
    limit = RateLimitMiddleware(max_concurrent=1)
    async with Slow() as server, ClientSession(middlewares=[limit]) as session:
        first = await started(session.get(server.url(), timeout=0.02))
        second = await started(session.get(server.url()))
        with pytest.raises(TotalTimeoutError):
            await first
        await until(lambda: server.accepted == 2)
        server.go_on.release()
        server.go_on.release()
        assert (await second).status == 200


@asynchronous
async def test_request_that_waits_can_be_cancelled_after_its_session_was_closed():
    clock = SleepClock()
    limit = limited(clock, requests_per_second=1)
    async with Pages() as server, ClientSession(middlewares=[limit]) as session:
        await session.get(server.url())
        waiting = await started(session.get(server.url()))
        await until(lambda: clock.slept)
    await cancelled(waiting)


@asynchronous
async def test_each_request_of_a_chain_of_redirects_has_its_turn():
    clock = HastyClock()
    limit = limited(clock, requests_per_second=2)
    async with Pages() as server, ClientSession(middlewares=[limit]) as session:
        server.redirect("a", "/b").redirect("b", "/c")
        assert (await session.get(server.url("/a"))).status == 200
    assert clock.slept == [0.5, 0.5]


@asynchronous
async def test_each_attempt_of_a_retry_before_it_has_its_turn():
    clock = HastyClock()
    limit = limited(clock, requests_per_second=0.1)
    retry = RetryMiddleware(clock=clock, sleep=clock.sleep, backoff=0)
    busy = page(b"", status="503 Busy")
    async with Pages(a=busy) as server, ClientSession(middlewares=[retry, limit]) as session:
        await session.get(server.url("/a"))
        assert len(server.seen) == 3
    assert clock.slept == [0, 10, 0, 10]


@asynchronous
async def test_requests_keep_away_while_a_retry_waits_for_what_the_server_asked():
    clock = SleepClock()
    limit = limited(clock)
    retry = RetryMiddleware(clock=clock, sleep=clock.sleep, backoff=0)
    busy = page(b"", "Retry-After: 5", status="429 Too Many")
    async with Pages(a=[busy, OK]) as server, ClientSession(middlewares=[retry, limit]) as session:
        first = await started(session.get(server.url("/a")))
        await until(lambda: clock.slept)
        second = await started(session.get(server.url("/b")))
        await until(lambda: len(clock.slept) == 2)
        assert len(server.seen) == 1
        await clock.move(5)
        assert {(await task).status for task in (first, second)} == {200}
        assert server.accepted <= 2
