"""AsyncResolver, asking a real name server on a loopback port."""

import asyncio
import errno
import gc
import socket
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from dns_server import DnsServer
from running import asynchronous, cancelled, run, started, until

from aioclient import AsyncResolver, ThreadedResolver
from aioclient._net.dns_cache import DnsCache

BOTH = {"a.example": ["127.0.0.1", "::1", "127.0.0.2"]}


def resolver_on(server: DnsServer, **options: Any) -> AsyncResolver:
    return AsyncResolver(nameservers=[server.address], **{"timeout": 5, "tries": 1, **options})


async def hosts_of(resolver: AsyncResolver, host: str, family: int = 0) -> set[str]:
    found = await resolver.resolve(host, 80, socket.AddressFamily(family))
    assert {result["hostname"] for result in found} == {host}
    assert {result["port"] for result in found} == {80}
    return {result["host"] for result in found}


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "hosts", "asked"),
    [
        (socket.AF_UNSPEC, {"127.0.0.1", "127.0.0.2", "::1"}, {"A", "AAAA"}),
        (socket.AF_INET, {"127.0.0.1", "127.0.0.2"}, {"A"}),
        (socket.AF_INET6, {"::1"}, {"AAAA"}),
    ],
)
@asynchronous
async def test_addresses_of_a_family_are_asked_for(
    family: int, hosts: set[str], asked: set[str]
) -> None:
    async with DnsServer(BOTH) as server:
        resolver = resolver_on(server)
        assert await hosts_of(resolver, "a.example", family) == hosts
        await resolver.close()
    assert {kind for _, kind in server.questions} == asked


@asynchronous
async def test_a_result_says_all_that_is_needed_to_connect() -> None:
    async with DnsServer({"a.example": ["127.0.0.1"]}) as server:
        resolver = resolver_on(server)
        assert await resolver.resolve("a.example", 80) == [
            {
                "hostname": "a.example",
                "host": "127.0.0.1",
                "port": 80,
                "family": socket.AF_INET,
                "proto": socket.IPPROTO_TCP,
                "flags": socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            }
        ]
        await resolver.close()


@asynchronous
async def test_the_port_of_the_name_server_can_be_an_option() -> None:
    async with DnsServer(BOTH) as server:
        resolver = AsyncResolver(nameservers=["127.0.0.1"], udp_port=server.port)
        assert await hosts_of(resolver, "a.example", socket.AF_INET6) == {"::1"}
        await resolver.close()


@asynchronous
async def test_name_servers_can_be_the_first_argument_behind_loop() -> None:
    async with DnsServer(BOTH) as server:
        resolver = AsyncResolver(None, [server.address])
        assert await hosts_of(resolver, "a.example", socket.AF_INET6) == {"::1"}
        await resolver.close()


def test_a_resolver_can_be_made_outside_of_a_loop() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    resolver = AsyncResolver(nameservers=[f"127.0.0.1:{port}"], timeout=0.1, tries=1)

    async def asks() -> None:
        with pytest.raises(socket.gaierror):
            await resolver.resolve("a.example")
        await resolver.close()

    run(asks())


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "code", "words"),
    [
        ("nosuch.example", socket.EAI_NONAME, "not found"),
        ("empty.example", socket.EAI_NONAME, "no data"),
        ("broken.example", socket.EAI_AGAIN, "failure"),
        ("mute.example", socket.EAI_AGAIN, "Timeout"),
        ("a..example", socket.EAI_NONAME, "Misformatted"),
        ("x" * 64 + ".example", socket.EAI_NONAME, "Misformatted"),
        ("a.example\0", socket.EAI_NONAME, "NUL"),
    ],
)
@asynchronous
async def test_a_name_that_does_not_resolve_is_a_gaierror(host: str, code: int, words: str) -> None:
    zone = {**BOTH, "empty.example": []}
    async with DnsServer(zone, failing=["broken.example"], silent=["mute.example"]) as server:
        resolver = resolver_on(server, timeout=0.2)
        with pytest.raises(socket.gaierror, match=words) as caught:
            await resolver.resolve(host, 80, socket.AF_UNSPEC)
        assert caught.value.errno == code
        assert caught.value.__cause__ is None
        await resolver.close()


@asynchronous
async def test_an_unknown_family_is_an_oserror() -> None:
    resolver = AsyncResolver(nameservers=["127.0.0.1:1"])
    with pytest.raises(socket.gaierror):
        await resolver.resolve("a.example", family=99)  # type: ignore[arg-type]
    await resolver.close()


@pytest.mark.parametrize(
    ("options", "error"),
    [({"nameservers": ["dns.example"]}, ValueError), ({"udp_port": 1 << 20}, OverflowError)],
)
def test_impossible_arguments_are_found_in_a_loop_at_once(
    options: dict[str, Any], error: type[Exception]
) -> None:
    @asynchronous
    async def makes() -> None:
        with pytest.raises(error):
            AsyncResolver(**options)

    outside = AsyncResolver(**options)

    @asynchronous
    async def asks() -> None:
        with pytest.raises(error):
            await outside.resolve("a.example")

    makes()
    asks()


@pytest.mark.parametrize("version", [None, "3.6.1"])
def test_aiodns_is_needed(version: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    there = None
    if version is not None:
        there = types.ModuleType("aiodns")
        there.__version__ = version  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aiodns", there)
    words = version or "not installed"
    with pytest.raises(RuntimeError, match=f"{words}.*pip install 'aioclient-http.dns.'"):
        AsyncResolver()


# --- cancellation, and the end -------------------------------------------------------------------


@asynchronous
async def test_a_look_up_can_be_cancelled_and_others_go_on() -> None:
    async with DnsServer(BOTH, silent=["a.example"]) as server:
        resolver = resolver_on(server)
        first = await started(hosts_of(resolver, "a.example", socket.AF_INET6))
        second = await started(hosts_of(resolver, "a.example", socket.AF_INET6))
        await until(lambda: server.questions)
        await cancelled(first)
        server.speak()
        assert await second == {"::1"}
        await resolver.close()


@asynchronous
async def test_close_ends_what_is_looked_up() -> None:
    async with DnsServer(BOTH, silent=["a.example"]) as server:
        resolver = resolver_on(server)
        task = await started(resolver.resolve("a.example"))
        await until(lambda: server.questions)
        await resolver.close()
        with pytest.raises(OSError, match="closed") as caught:
            await task
        assert caught.value.errno == errno.ECANCELED


@asynchronous
async def test_a_closed_resolver_says_so() -> None:
    for resolver in (AsyncResolver(), AsyncResolver(nameservers=["127.0.0.1:1"])):
        await resolver.close()
        await resolver.close()
        with pytest.raises(RuntimeError, match="closed"):
            await resolver.resolve("a.example")


def channels() -> int:
    """How many channels of c-ares are open: each watches resolv.conf."""
    count = 0
    for file in Path("/proc/self/fd").iterdir():
        try:
            count += str(file.readlink()) == "anon_inode:inotify"
        except OSError:
            continue
    return count


async def none_left() -> None:
    """Wait for c-ares to have ended: it does so in a thread of its own."""
    await until(lambda: channels() == 0)


needs_proc = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")


@needs_proc
@pytest.mark.parametrize("own", [True, False])
def test_nothing_is_left_after_close(own: bool) -> None:
    @asynchronous
    async def asks() -> None:
        await none_left()
        async with DnsServer(BOTH) as server:
            resolver = resolver_on(server) if own else AsyncResolver()
            await resolver.resolve("a.example" if own else "127.0.0.1")
            assert channels() == 1
            await resolver.close()
        await none_left()

    asks()


def test_a_resolver_of_another_loop_says_so() -> None:
    resolver = AsyncResolver()

    @asynchronous
    async def asks() -> None:
        await resolver.resolve("127.0.0.1")

    asks()

    @asynchronous
    async def asks_again() -> None:
        with pytest.raises(RuntimeError, match="another event loop"):
            await resolver.resolve("127.0.0.1")
        await resolver.close()

    asks_again()


# --- what is shared ------------------------------------------------------------------------------


@needs_proc
@asynchronous
async def test_plain_resolvers_share_what_they_hold_until_the_last_is_closed() -> None:
    await none_left()
    first = AsyncResolver()
    await first.resolve("127.0.0.1")
    others = [AsyncResolver() for _ in range(20)]
    for other in others:
        await other.resolve("127.0.0.1")
    assert channels() == 1
    await first.close()
    for other in others:
        await other.resolve("127.0.0.1")
        await other.close()
    await none_left()
    last = AsyncResolver()
    assert await last.resolve("127.0.0.1")
    await last.close()


@needs_proc
@asynchronous
async def test_plain_resolvers_that_nobody_closes_hold_nothing() -> None:
    await none_left()
    resolver = AsyncResolver()
    await resolver.resolve("127.0.0.1")
    assert channels() == 1
    del resolver
    gc.collect()
    await none_left()


def test_each_loop_has_its_own() -> None:
    for _ in range(2):

        @asynchronous
        async def asks() -> None:
            resolver = AsyncResolver()
            assert await resolver.resolve("127.0.0.1")
            await resolver.close()

        asks()


# --- with the cache ------------------------------------------------------------------------------


@asynchronous
async def test_many_askers_are_one_query() -> None:
    async with DnsServer(BOTH, silent=["a.example"]) as server:
        resolver = resolver_on(server)
        cache = DnsCache(resolver)
        tasks = [await started(cache.lookup("a.example", 80)) for _ in range(20)]
        await until(lambda: len(server.questions) == 2)
        await cancelled(tasks.pop())
        server.speak()
        for addresses in await asyncio.gather(*tasks):
            assert {address[4][0] for address in addresses} == {"127.0.0.1", "127.0.0.2", "::1"}
        await cache.lookup("a.example", 80)
        assert sorted(server.questions) == [("a.example", "A"), ("a.example", "AAAA")]
        await cache.close()
        await resolver.close()


@pytest.mark.parametrize("kind", [AsyncResolver, ThreadedResolver])
@asynchronous
async def test_localhost_goes_through_the_cache(kind: Any) -> None:
    resolver = kind()
    cache = DnsCache(resolver)
    found = await cache.lookup("localhost", 80)
    assert [address[4] for address in found] == [("::1", 80, 0, 0), ("127.0.0.1", 80)]
    await cache.close()
    await resolver.close()


def test_it_works_on_uvloop() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def asks() -> None:
        async with DnsServer(BOTH, silent=["mute.example"]) as server:
            resolver = resolver_on(server)
            assert await hosts_of(resolver, "a.example", socket.AF_INET6) == {"::1"}
            task = await started(resolver.resolve("mute.example"))
            await resolver.close()
            with pytest.raises(OSError, match="closed"):
                await task
            plain = AsyncResolver()
            assert await plain.resolve("127.0.0.1")
            await plain.close()

    uvloop.run(asks())
