"""What an observer hears of look-ups."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from clock import Clock
from fake_resolver import FakeResolver
from recording_observer import RecordingObserver
from running import asynchronous, cancelled, settled, started

from aioclient import ResolveResult
from aioclient._net.dns_cache import DnsCache
from aioclient._observer import OBSERVING, Observing, current_observer

A = "a.example"
MISS = [("dns_cache_miss", A), ("dns_resolvehost_start", A)]
END = [("dns_resolvehost_end", A)]
HIT = [("dns_cache_hit", A)]


class Names(FakeResolver):
    """Knows one name, and gives its addresses when it is let go."""

    def __init__(self, *, waits: bool = False) -> None:
        super().__init__({A: ["192.0.2.1"]})
        self.may_go = asyncio.Event()
        if not waits:
            self.may_go.set()
        self.observers: list[object] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.observers.append(current_observer())
        await self.may_go.wait()
        return await super().resolve(host, port, family)


@asynccontextmanager
async def caching(names: Names, clock: Clock | None = None) -> AsyncIterator[DnsCache]:
    cache = DnsCache(names) if clock is None else DnsCache(names, clock=clock)
    yield cache
    await cache.close()


async def heard(cache: DnsCache, host: str = A, observer: RecordingObserver | None = None) -> list:
    """What is told of a look-up."""
    observer = observer or RecordingObserver()
    OBSERVING.set(Observing(observer))
    try:
        await cache.lookup(host, 80)
    finally:
        OBSERVING.set(None)
    return observer.told


@asynchronous
async def test_the_first_look_up_misses_and_the_second_hits() -> None:
    async with caching(Names()) as cache:
        assert await heard(cache) == MISS + END
        assert await heard(cache) == HIT


@asynchronous
async def test_what_was_kept_for_too_long_is_a_miss() -> None:
    clock = Clock()
    async with caching(Names(), clock) as cache:
        await heard(cache)
        clock.now += 11
        assert await heard(cache) == MISS + END


@asynchronous
async def test_without_a_cache_there_is_neither_hit_nor_miss() -> None:
    cache = DnsCache(Names(), is_used=False)
    for _ in range(2):
        assert await heard(cache) == MISS[1:] + END


@asynchronous
async def test_who_joins_without_a_cache_hears_of_a_look_up() -> None:
    names = Names(waits=True)
    cache = DnsCache(names, is_used=False)
    both = [await started(heard(cache)) for _ in range(2)]
    names.may_go.set()
    assert [await each for each in both] == [MISS[1:] + END] * 2
    assert names.asked == [A]


@asynchronous
async def test_who_joins_a_look_up_hits_when_it_is_done() -> None:
    names = Names(waits=True)
    async with caching(names) as cache:
        first = await started(heard(cache))
        observer = RecordingObserver()
        second = await started(heard(cache, observer=observer))
        assert observer.told == []
        names.may_go.set()
        assert await first == MISS + END
        assert await second == HIT
        assert names.asked == [A]


@asynchronous
async def test_who_joins_a_look_up_that_nobody_hears_of_hits_as_well() -> None:
    names = Names(waits=True)
    async with caching(names) as cache:
        first = await started(cache.lookup(A, 80))
        second = await started(heard(cache))
        names.may_go.set()
        await first
        assert await second == HIT


@asynchronous
async def test_two_that_miss_at_once_ask_once() -> None:
    observers = [RecordingObserver(waits_at="dns_cache_miss") for _ in range(2)]
    names = Names()
    async with caching(names) as cache:
        both = [await started(heard(cache, observer=each)) for each in observers]
        observers[0].let_go()
        assert await both[0] == MISS + END
        observers[1].let_go()
        assert await both[1] == MISS + END
        assert names.asked == [A]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "192.0.2.7"])
@asynchronous
async def test_an_address_is_nothing_to_tell(host: str) -> None:
    async with caching(Names()) as cache:
        assert await heard(cache, host) == []


@asynchronous
async def test_a_name_that_does_not_resolve_has_no_end_to_tell_of() -> None:
    observer = RecordingObserver()
    async with caching(Names()) as cache:
        for _ in range(2):
            with pytest.raises(socket.gaierror):
                await heard(cache, "b.example", observer)
        assert observer.told == [
            ("dns_cache_miss", "b.example"),
            ("dns_resolvehost_start", "b.example"),
            ("dns_cache_hit", "b.example"),  # that it does not was kept
        ]


@asynchronous
async def test_who_joins_a_look_up_that_fails_hears_nothing() -> None:
    names = Names(waits=True)
    async with caching(names) as cache:
        first = await started(cache.lookup("b.example", 80))
        observer = RecordingObserver()
        second = await started(heard(cache, "b.example", observer))
        names.may_go.set()
        for each in (first, second):
            with pytest.raises(socket.gaierror):
                await each
        assert observer.told == []


@asynchronous
async def test_the_resolver_is_not_asked_before_the_start_is_told() -> None:
    observer = RecordingObserver(waits_at="dns_resolvehost_start")
    names = Names()
    async with caching(names) as cache:
        look_up = await started(heard(cache, observer=observer))
        assert observer.told == MISS
        assert names.asked == []
        observer.let_go()
        await look_up
        assert names.asked == [A]


@pytest.mark.parametrize(
    "fails_at",
    ["dns_cache_miss", "dns_resolvehost_start", "dns_resolvehost_end", "dns_cache_hit"],
)
@asynchronous
async def test_the_error_of_an_observer_ends_the_look_up(fails_at: str) -> None:
    async with caching(Names()) as cache:
        if fails_at == "dns_cache_hit":
            await cache.lookup(A, 80)
        observer = RecordingObserver(fails_at=fails_at)
        with pytest.raises(LookupError, match=f"at {fails_at}"):
            await heard(cache, observer=observer)
        assert observer.names[-1] == fails_at
        assert len(await cache.lookup(A, 80)) == 1


@pytest.mark.parametrize("waits_at", ["dns_cache_miss", "dns_resolvehost_start"])
@asynchronous
async def test_a_cache_that_was_closed_meanwhile_asks_nobody(waits_at: str) -> None:
    observer = RecordingObserver(waits_at=waits_at)
    names = Names()
    cache = DnsCache(names)
    look_up = await started(heard(cache, observer=observer))
    await cache.close()
    observer.let_go()
    with pytest.raises(OSError, match="broken off"):
        await look_up
    assert names.asked == []


@asynchronous
async def test_who_is_cancelled_leaves_the_look_up_to_others() -> None:
    names = Names(waits=True)
    async with caching(names) as cache:
        observer = RecordingObserver()
        first = await started(heard(cache, observer=observer))
        second = await started(heard(cache))
        await cancelled(first)
        names.may_go.set()
        assert await second == HIT
        await settled()
        assert observer.told == MISS
        assert names.asked == [A]


@asynchronous
async def test_what_a_resolver_connects_to_is_not_told() -> None:
    names = Names()
    async with caching(names) as cache:
        await heard(cache)
    assert names.observers == [None]
