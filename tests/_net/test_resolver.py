"""The resolvers that need nothing but the standard library."""

import asyncio
import socket
import sys
from collections.abc import Callable
from typing import Any

import pytest
from running import WatchedLoop, asynchronous, cancelled, run, started

from aioclient import AsyncResolver, DefaultResolver, ResolveResult, ThreadedResolver

NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class AnsweringLoop(WatchedLoop):
    """A loop whose `getaddrinfo` answers what it is told to."""

    answer: Callable[[], list[Any]] = staticmethod(list)

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[dict[str, Any]] = []

    async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> Any:
        self.calls.append({"host": host, "port": port, **how})
        return self.answer()


def answers(answer: Callable[[], list[Any]], host: str, **how: Any) -> list[ResolveResult]:
    """What a ThreadedResolver makes of an answer of the system."""
    found: list[ResolveResult] = []
    loop = AnsweringLoop()
    loop.answer = answer  # type: ignore[method-assign]

    async def asks() -> None:
        found.extend(await ThreadedResolver().resolve(host, 80, **how))

    run(asks(), new_loop=lambda: loop)
    return found


def tcp(family: int, *address: Any) -> tuple[Any, ...]:
    return family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address


# --- ThreadedResolver ----------------------------------------------------------------------------


def test_answers_of_the_system_stay_in_their_order() -> None:
    found = answers(
        lambda: [tcp(socket.AF_INET6, "2001:db8::1", 80, 0, 0), tcp(socket.AF_INET, "1.2.3.4", 80)],
        "a.example",
        family=socket.AF_UNSPEC,
    )
    assert found == [
        {
            "hostname": "a.example",
            "host": "2001:db8::1",
            "port": 80,
            "family": socket.AF_INET6,
            "proto": socket.IPPROTO_TCP,
            "flags": NUMERIC,
        },
        {
            "hostname": "a.example",
            "host": "1.2.3.4",
            "port": 80,
            "family": socket.AF_INET,
            "proto": socket.IPPROTO_TCP,
            "flags": NUMERIC,
        },
    ]


def test_scope_of_an_answer_is_kept() -> None:
    found = answers(lambda: [tcp(socket.AF_INET6, "fe80::1", 80, 0, 7)], "a.example")
    assert [result["host"] for result in found] == ["fe80::1%7"]


def test_no_answer_is_a_gaierror() -> None:
    with pytest.raises(socket.gaierror, match="no IPv4 address for this name"):
        answers(list, "a.example", family=socket.AF_INET)


@pytest.mark.parametrize(
    ("family", "flags"),
    [
        (socket.AF_UNSPEC, socket.AI_ADDRCONFIG),
        (socket.AF_INET, 0),
        (socket.AF_INET6, 0),
    ],
)
def test_both_families_are_only_asked_for_where_there_are_both(family: int, flags: int) -> None:
    loop = AnsweringLoop()
    loop.answer = lambda: [tcp(socket.AF_INET, "1.2.3.4", 80)]  # type: ignore[method-assign]

    async def asks() -> None:
        await ThreadedResolver().resolve("a.example", 80, socket.AddressFamily(family))

    run(asks(), new_loop=lambda: loop)
    assert [(call["family"], call["flags"]) for call in loop.calls] == [(family, flags)]


@asynchronous
async def test_the_system_is_asked_in_a_thread() -> None:
    found = await ThreadedResolver().resolve("127.0.0.1", 80)
    assert [(result["host"], result["port"]) for result in found] == [("127.0.0.1", 80)]


@asynchronous
async def test_a_name_that_does_not_exist_is_a_gaierror() -> None:
    with pytest.raises(socket.gaierror):
        await ThreadedResolver().resolve("nosuch.invalid", 80)


@pytest.mark.parametrize("host", ["a..example", "x" * 64 + ".example", "a\0.example"])
@asynchronous
async def test_what_is_no_name_is_a_gaierror(host: str) -> None:
    with pytest.raises(socket.gaierror):
        await ThreadedResolver().resolve(host, 80)


def test_a_look_up_can_be_cancelled() -> None:
    class SilentLoop(WatchedLoop):
        async def getaddrinfo(self, *args: Any, **how: Any) -> Any:
            await asyncio.Event().wait()

    async def asks() -> None:
        await cancelled(await started(ThreadedResolver().resolve("a.example")))

    run(asks(), new_loop=SilentLoop)


@pytest.mark.parametrize("kind", [ThreadedResolver, DefaultResolver, AsyncResolver])
def test_localhost_is_not_looked_up(kind: Any) -> None:
    class DeafLoop(WatchedLoop):
        async def getaddrinfo(self, *args: Any, **how: Any) -> Any:
            raise AssertionError("localhost was looked up")

    async def asks() -> None:
        resolver = kind()
        found = await resolver.resolve("localhost", 80, socket.AF_UNSPEC)
        assert [result["host"] for result in found] == ["::1", "127.0.0.1"]
        found = await resolver.resolve("a.localhost", 80)
        assert [result["host"] for result in found] == ["127.0.0.1"]
        await resolver.close()

    run(asks(), new_loop=DeafLoop)


@pytest.mark.parametrize("kind", [ThreadedResolver, DefaultResolver, AsyncResolver])
def test_loop_is_deprecated(kind: Any) -> None:
    loop = asyncio.new_event_loop()
    with pytest.warns(DeprecationWarning, match="loop") as caught:
        kind(loop)
    assert caught[0].filename == __file__
    loop.close()


# --- DefaultResolver -----------------------------------------------------------------------------


@asynchronous
async def test_the_default_gives_what_is_written_as_an_address() -> None:
    resolver = DefaultResolver()
    found = await resolver.resolve("127.0.0.1", 80)
    assert [(result["host"], result["port"]) for result in found] == [("127.0.0.1", 80)]
    await resolver.close()
    await resolver.close()


def test_the_default_asks_the_system_without_aiodns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiodns", None)
    loop = AnsweringLoop()
    loop.answer = lambda: [tcp(socket.AF_INET, "1.2.3.4", 80)]  # type: ignore[method-assign]

    async def asks() -> None:
        resolver = DefaultResolver()
        assert [found["host"] for found in await resolver.resolve("a.example")] == ["1.2.3.4"]
        await resolver.close()

    run(asks(), new_loop=lambda: loop)
    assert len(loop.calls) == 1


def test_the_default_does_not_ask_the_system_with_aiodns() -> None:
    loop = AnsweringLoop()

    async def asks() -> None:
        resolver = DefaultResolver()
        with pytest.raises(socket.gaierror):
            await resolver.resolve("a..example")
        await resolver.close()

    run(asks(), new_loop=lambda: loop)
    assert loop.calls == []


@asynchronous
async def test_the_default_can_be_used_again_after_its_end() -> None:
    resolver = DefaultResolver()
    for _ in range(2):
        assert await resolver.resolve("127.0.0.1")
        await resolver.close()
