"""What the cache of addresses keeps, for how long, and who waits for what."""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Any

import pytest
from clock import Clock
from running import asynchronous, cancelled, settled, started

from aioclient import AbstractResolver, ResolveResult
from aioclient._net.dns_cache import (
    MAX_ABANDONED,
    MAX_ADDRESSES,
    MAX_LOOK_UP_AGE_S,
    DnsCache,
)
from aioclient._net.names import AddrInfo, resolve_result

V4 = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
V6 = ["2001:db8::1", "2001:db8::2"]


def results(*hosts: str, port: int = 80) -> list[ResolveResult]:
    return [
        resolve_result("a.example", host, port, socket.AF_INET6 if ":" in host else socket.AF_INET)
        for host in hosts
    ]


class Names(AbstractResolver):
    """A resolver that answers what it is told to, at once or when it is let go."""

    def __init__(self, answer: Any = None, *, waits: bool = False) -> None:
        #: A result, an exception, or a function of the host that gives one of these.
        self.answer = results(*V4) if answer is None else answer
        self.asked: list[tuple[str, int, int]] = []
        self.cancelled: list[str] = []
        self.closed = 0
        self._may_go = asyncio.Event()
        if not waits:
            self._may_go.set()

    def let_go(self) -> None:
        self._may_go.set()

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        self.asked.append((host, port, family))
        try:
            await self._may_go.wait()
        except asyncio.CancelledError:
            self.cancelled.append(host)
            raise
        answer = self.answer(host) if callable(self.answer) else self.answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed += 1


def hosts(addresses: list[AddrInfo]) -> list[str]:
    return [address[4][0] for address in addresses]


async def looked_up(cache: DnsCache, host: str = "a.example") -> list[str]:
    return hosts(await cache.lookup(host, 80))


# --- answers -------------------------------------------------------------------------------------


@asynchronous
async def test_answers_are_what_can_be_connected_to() -> None:
    names = Names(results(V6[0], V4[0]))
    assert await DnsCache(names).lookup("a.example", 80) == [
        (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (V6[0], 80, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (V4[0], 80)),
    ]
    assert names.asked == [("a.example", 80, socket.AF_UNSPEC)]


@pytest.mark.parametrize("family", [socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6])
@asynchronous
async def test_the_resolver_is_asked_for_the_family(family: int) -> None:
    names = Names(results(V6[0] if family == socket.AF_INET6 else V4[0]))
    await DnsCache(names, family=family).lookup("a.example", 80)
    assert names.asked == [("a.example", 80, family)]


@asynchronous
async def test_scope_of_an_answer_is_kept() -> None:
    (address,) = await DnsCache(Names(results("fe80::1%7"))).lookup("a.example", 80)
    assert address[4] == ("fe80::1", 80, 0, 7)


@asynchronous
async def test_port_and_protocol_are_those_of_the_resolver() -> None:
    answer = [{**results(V4[0])[0], "port": 8080, "proto": 262, "family": socket.AF_UNSPEC}]
    (address,) = await DnsCache(Names(answer)).lookup("a.example", 80)
    assert address == (socket.AF_INET, socket.SOCK_STREAM, 262, "", (V4[0], 8080))


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "fe80::1%1"])
@asynchronous
async def test_an_address_is_not_looked_up(host: str) -> None:
    names = Names()
    assert await looked_up(DnsCache(names), host) == [host.partition("%")[0]]
    assert names.asked == []


@pytest.mark.parametrize(
    ("host", "family", "words"),
    [
        ("::1", socket.AF_INET, "'::1' is an IPv6 address, but family allows IPv4 only"),
        ("127.0.0.1", socket.AF_INET6, "'127.0.0.1' is an IPv4 address, but family allows IPv6"),
    ],
)
@asynchronous
async def test_an_address_of_another_family_is_an_oserror(
    host: str, family: int, words: str
) -> None:
    with pytest.raises(OSError, match=words) as caught:
        await DnsCache(Names(), family=family).lookup(host, 80)
    assert caught.value.errno == errno.EAFNOSUPPORT


@asynchronous
async def test_addresses_that_come_twice_count_once() -> None:
    assert await looked_up(DnsCache(Names(results(V4[0], V4[1], V4[0])))) == V4[:2]


@pytest.mark.parametrize("more", [0, 1])
@asynchronous
async def test_more_addresses_than_anybody_tries_are_left_out(more: int) -> None:
    many = [f"192.0.2.{n}" for n in range(MAX_ADDRESSES + more)]
    assert await looked_up(DnsCache(Names(results(*many)))) == many[:MAX_ADDRESSES]


# --- how long they are kept ----------------------------------------------------------------------


@asynchronous
async def test_answers_are_kept_for_their_time() -> None:
    names, clock = Names(), Clock()
    cache = DnsCache(names, ttl_s=10.0, clock=clock)
    await looked_up(cache)
    clock.now += 9.9
    await looked_up(cache)
    assert len(names.asked) == 1
    clock.now += 0.1
    await looked_up(cache)
    assert len(names.asked) == 2


@asynchronous
async def test_answers_can_be_kept_for_ever() -> None:
    names, clock = Names(), Clock()
    cache = DnsCache(names, ttl_s=None, clock=clock)
    await looked_up(cache)
    clock.now += 1e9
    await looked_up(cache)
    assert len(names.asked) == 1


@asynchronous
async def test_ports_of_a_host_are_asked_for_one_by_one() -> None:
    names = Names()
    cache = DnsCache(names)
    await cache.lookup("a.example", 80)
    await cache.lookup("a.example", 81)
    assert [port for _, port, _ in names.asked] == [80, 81]


@asynchronous
async def test_a_cache_that_is_not_used_keeps_nothing() -> None:
    names = Names()
    cache = DnsCache(names, is_used=False)
    await looked_up(cache)
    await looked_up(cache)
    assert len(names.asked) == 2


@asynchronous
async def test_a_cache_that_is_not_used_still_shares_a_look_up() -> None:
    names = Names(waits=True)
    cache = DnsCache(names, is_used=False)
    tasks = [await started(looked_up(cache)) for _ in range(3)]
    names.let_go()
    firsts = [addresses[0] for addresses in await asyncio.gather(*tasks)]
    assert sorted(firsts) == V4
    assert len(names.asked) == 1


@pytest.mark.parametrize(
    ("ttl_s", "negative_s"), [(10.0, 1.0), (None, 1.0), (0.5, 0.5), (0.0, 0.0)]
)
@asynchronous
async def test_failures_are_kept_for_a_short_time(ttl_s: float | None, negative_s: float) -> None:
    names, clock = Names(socket.gaierror(socket.EAI_NONAME, "no such name")), Clock()
    cache = DnsCache(names, ttl_s=ttl_s, clock=clock)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            await looked_up(cache)
    assert len(names.asked) == (1 if negative_s else 2)
    names.asked.clear()
    clock.now += negative_s
    names.answer = results(*V4)
    assert await looked_up(cache) == V4
    assert len(names.asked) == 1


@asynchronous
async def test_the_name_that_was_not_used_for_the_longest_time_is_forgotten_first() -> None:
    names = Names(lambda host: OSError() if host == "bad" else results(*V4))
    cache = DnsCache(names, max_size=3)
    for host in ("a", "b", "c", "a", "d", "a", "c", "b"):
        await looked_up(cache, host)
    assert [host for host, _, _ in names.asked] == ["a", "b", "c", "d", "b"]


@asynchronous
async def test_failures_count_as_names() -> None:
    names = Names(lambda host: results(*V4) if host == "good" else socket.gaierror(1, "no"))
    cache = DnsCache(names, max_size=3)
    await looked_up(cache, "good")
    for number in range(3):
        with pytest.raises(socket.gaierror):
            await looked_up(cache, f"bad{number}")
    await looked_up(cache, "good")
    assert [host for host, _, _ in names.asked].count("good") == 2


@pytest.mark.parametrize("options", [{"ttl_s": -1.0}, {"ttl_s": float("nan")}, {"max_size": 0}])
@asynchronous
async def test_impossible_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        DnsCache(Names(), **options)


# --- the order -----------------------------------------------------------------------------------


@asynchronous
async def test_addresses_take_turns_in_being_the_first() -> None:
    cache = DnsCache(Names())
    a, b, c = V4
    assert [await looked_up(cache) for _ in range(4)] == [
        [a, b, c],
        [b, c, a],
        [c, a, b],
        [a, b, c],
    ]


@asynchronous
async def test_the_family_that_is_preferred_stays_so() -> None:
    cache = DnsCache(Names(results(V6[0], V4[0], V6[1], V4[1], V4[2])))
    assert [await looked_up(cache) for _ in range(3)] == [
        [V6[0], V4[0], V6[1], V4[1], V4[2]],
        [V6[1], V4[1], V6[0], V4[2], V4[0]],
        [V6[0], V4[2], V6[1], V4[0], V4[1]],
    ]


@asynchronous
async def test_an_address_that_failed_comes_last_until_it_is_looked_up_again() -> None:
    clock = Clock()
    cache = DnsCache(Names(), clock=clock)
    a, b, c = await looked_up(cache)
    cache.demote("a.example", 80, (a, 80))
    assert [await looked_up(cache) for _ in range(3)] == [[b, c, a], [c, b, a], [b, c, a]]
    cache.demote("a.example", 80, (c, 80))
    assert await looked_up(cache) == [b, a, c]
    cache.demote("a.example", 80, (b, 80))
    cache.demote("a.example", 80, (a, 80))
    assert [await looked_up(cache) for _ in range(2)] == [[c, b, a], [c, b, a]]
    clock.now += 10
    assert await looked_up(cache) == [a, b, c]


@asynchronous
async def test_a_failed_address_that_is_not_known_changes_nothing() -> None:
    cache = DnsCache(Names())
    cache.demote("a.example", 80, (V4[0], 80))
    await looked_up(cache)
    cache.demote("a.example", 80, ("192.0.2.99", 80))
    cache.demote("a.example", 81, (V4[1], 80))
    assert await looked_up(cache) == [V4[1], V4[2], V4[0]]


@asynchronous
async def test_nobody_changes_the_addresses_of_others() -> None:
    cache = DnsCache(Names(results(V4[0])))
    (await cache.lookup("a.example", 80)).clear()
    assert await looked_up(cache) == [V4[0]]


# --- many who ask at the same time ---------------------------------------------------------------


@asynchronous
async def test_many_askers_are_one_look_up() -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    tasks = [await started(looked_up(cache)) for _ in range(10)]
    names.let_go()
    assert {tuple(sorted(addresses)) for addresses in await asyncio.gather(*tasks)} == {tuple(V4)}
    assert len(names.asked) == 1


@pytest.mark.parametrize("which", [0, 1, 2])
@asynchronous
async def test_an_asker_that_is_cancelled_disturbs_no_other(which: int) -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    tasks = [await started(looked_up(cache)) for _ in range(3)]
    await cancelled(tasks.pop(which))
    names.let_go()
    for addresses in await asyncio.gather(*tasks):
        assert sorted(addresses) == V4
    assert len(names.asked) == 1
    assert names.cancelled == []


@asynchronous
async def test_each_asker_gets_an_exception_of_its_own() -> None:
    names = Names(socket.gaierror(socket.EAI_NONAME, "no such name"), waits=True)
    cache = DnsCache(names)
    tasks = [await started(looked_up(cache)) for _ in range(3)]
    names.let_go()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    errors += await asyncio.gather(looked_up(cache), return_exceptions=True)
    assert {(type(error), error.args) for error in errors} == {  # type: ignore[union-attr]
        (socket.gaierror, (socket.EAI_NONAME, "no such name"))
    }
    assert len({id(error) for error in [*errors, names.answer]}) == 5
    assert len(names.asked) == 1


@asynchronous
async def test_a_look_up_goes_on_when_all_askers_are_gone_and_is_kept() -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    for _ in range(2):
        await cancelled(await started(looked_up(cache)))
    names.let_go()
    await settled()
    assert sorted(await looked_up(cache)) == V4
    assert len(names.asked) == 1


@asynchronous
async def test_whoever_asks_later_joins_a_look_up_that_was_left() -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    await cancelled(await started(looked_up(cache)))
    later = await started(looked_up(cache))
    names.let_go()
    assert sorted(await later) == V4
    assert len(names.asked) == 1


@pytest.mark.parametrize(("age_s", "asked"), [(MAX_LOOK_UP_AGE_S, 1), (31.0, 2)])
@asynchronous
async def test_a_look_up_that_was_left_and_hangs_is_not_joined(age_s: float, asked: int) -> None:
    names, clock = Names(waits=True), Clock()
    cache = DnsCache(names, clock=clock)
    await cancelled(await started(looked_up(cache)))
    clock.now += age_s
    task = await started(looked_up(cache))
    assert len(names.asked) == asked
    await cancelled(task)
    await cache.close()


@asynchronous
async def test_a_look_up_that_hangs_is_not_joined_though_others_wait_for_it() -> None:
    names, clock = Names(waits=True), Clock()
    cache = DnsCache(names, clock=clock)
    first = await started(looked_up(cache))
    clock.now += 31
    second = await started(looked_up(cache))
    third = await started(looked_up(cache))
    assert len(names.asked) == 2
    names.let_go()
    await asyncio.gather(first, second, third)


@pytest.mark.parametrize("more", [0, 1])
@asynchronous
async def test_the_oldest_of_too_many_look_ups_that_were_left_is_broken_off(more: int) -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    await cancelled(await started(looked_up(cache, "waiting")))
    waiting = await started(looked_up(cache, "waiting"))  # joins it
    for number in range(MAX_ABANDONED + more):
        await cancelled(await started(looked_up(cache, f"host{number}")))
    await settled()
    assert names.cancelled == ["host0"][:more]
    names.let_go()
    assert await waiting
    await settled()


# --- resolvers that go wrong ---------------------------------------------------------------------


def one(**changes: object) -> list[object]:
    return [{**results(V4[0])[0], **changes}]


@pytest.mark.parametrize(
    "answer",
    [
        "192.0.2.1",
        5,
        {},
        [None],
        ["192.0.2.1"],
        [{}],
        [{"host": "192.0.2.1"}],
        one(host="b.example"),
        one(host=""),
        one(host=b"192.0.2.1"),
        one(host=None),
        one(port="80"),
        one(port=0),
        one(port=65536),
        one(port=-1),
        one(family=socket.AF_INET6),
        one(family=None),
        one(proto="tcp"),
        [*results(*V4), None],
    ],
)
@asynchronous
async def test_nonsense_is_an_oserror_that_says_so(answer: object) -> None:
    with pytest.raises(OSError, match=r"Names gave .*, expected ResolveResults") as caught:
        await looked_up(DnsCache(Names(answer)))
    assert caught.value.errno is None


@asynchronous
async def test_an_address_of_a_family_that_was_not_asked_for_is_an_oserror() -> None:
    with pytest.raises(OSError, match=r"Names gave .*2001:db8.*, expected .* IPv4 addresses"):
        await looked_up(DnsCache(Names(results(V6[0])), family=socket.AF_INET))


@pytest.mark.parametrize(
    ("family", "words"),
    [(socket.AF_UNSPEC, "no address for this name"), (socket.AF_INET6, "no IPv6 address")],
)
@asynchronous
async def test_no_address_at_all_is_a_gaierror(family: int, words: str) -> None:
    with pytest.raises(socket.gaierror, match=words):
        await looked_up(DnsCache(Names([]), family=family))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (RuntimeError("a bug"), OSError, "a bug"),
        (KeyError("host"), OSError, "host"),
        (UnicodeError("label too long"), OSError, "label too long"),
        (ValueError(), OSError, "ValueError"),
        (TimeoutError(), OSError, "TimeoutError"),
        (OSError("just words"), OSError, "just words"),
        (OSError(errno.EMFILE, "too many"), OSError, "too many"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), ConnectionRefusedError, "no"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), socket.gaierror, "later"),
    ],
)
@asynchronous
async def test_what_a_resolver_raises_is_an_oserror(
    error: Exception, kind: type[Exception], words: str
) -> None:
    with pytest.raises(OSError, match=words) as caught:
        await looked_up(DnsCache(Names(error)))
    assert type(caught.value) is kind
    assert caught.value is not error
    is_about_name = isinstance(error, socket.gaierror)
    assert caught.value.__cause__ is (None if is_about_name else error)


@asynchronous
async def test_a_resolver_that_is_not_asynchronous_is_an_oserror() -> None:
    class Plain(Names):
        def resolve(self, *args: Any, **how: Any) -> Any:  # type: ignore[override]
            return results(*V4)

    with pytest.raises(OSError, match="await"):
        await looked_up(DnsCache(Plain()))


@asynchronous
async def test_a_resolver_that_cancels_itself_cancels_no_asker() -> None:
    with pytest.raises(OSError, match="broken off") as caught:
        await looked_up(DnsCache(Names(asyncio.CancelledError())))
    assert caught.value.errno == errno.ECANCELED


@asynchronous
async def test_a_resolver_that_answers_at_once_answers_at_once() -> None:
    class Quick(Names):
        async def resolve(self, *args: Any, **how: Any) -> Any:
            return results(*V4)

    assert await looked_up(DnsCache(Quick())) == V4


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="of Python 3.12")
@asynchronous
async def test_what_an_eager_task_found_at_once_is_kept() -> None:
    loop = asyncio.get_running_loop()
    loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 - not in 3.11
    names = Names()
    cache = DnsCache(names)
    await looked_up(cache)
    await looked_up(cache)
    assert len(names.asked) == 1


# --- clear, close --------------------------------------------------------------------------------


@asynchronous
async def test_one_host_and_port_or_all_of_them_can_be_forgotten() -> None:
    names = Names()
    cache = DnsCache(names)

    async def asks_all() -> int:
        names.asked.clear()
        for host, port in (("a", 80), ("a", 81), ("b", 80)):
            await cache.lookup(host, port)
        return len(names.asked)

    assert await asks_all() == 3
    cache.clear("a", 80)
    assert await asks_all() == 1
    cache.clear("nosuch", 80)
    assert await asks_all() == 0
    cache.clear()
    assert await asks_all() == 3


@pytest.mark.parametrize(("host", "port"), [("a.example", None), (None, 80)])
@asynchronous
async def test_a_host_without_a_port_cannot_be_forgotten(host: str, port: int) -> None:
    with pytest.raises(ValueError, match="both"):
        DnsCache(Names()).clear(host, port)


@pytest.mark.parametrize("clear", [DnsCache.clear, lambda cache: cache.clear("a.example", 80)])
@asynchronous
async def test_an_answer_to_a_question_before_clear_is_not_kept(
    clear: Callable[[DnsCache], None],
) -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    before = await started(looked_up(cache))
    clear(cache)
    after = await started(looked_up(cache))
    assert len(names.asked) == 2
    names.let_go()
    await asyncio.gather(before, after)
    await looked_up(cache)
    assert len(names.asked) == 2


@asynchronous
async def test_close_ends_look_ups_and_their_askers_get_errors() -> None:
    names = Names(waits=True)
    cache = DnsCache(names)
    tasks = [await started(looked_up(cache)) for _ in range(2)]
    cache.clear()
    tasks.append(await started(looked_up(cache)))
    await cancelled(await started(looked_up(cache, "abandoned")))
    await cache.close()
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert {getattr(error, "errno", None) for error in errors} == {errno.ECANCELED}
    assert len({id(error) for error in errors}) == 3
    assert sorted(names.cancelled) == ["a.example", "a.example", "abandoned"]
    assert names.closed == 0


@asynchronous
async def test_nothing_is_looked_up_after_close() -> None:
    names = Names()
    cache = DnsCache(names)
    await looked_up(cache)
    await cache.close()
    await cache.close()
    for host in ("a.example", "127.0.0.1"):
        with pytest.raises(OSError, match="broken off"):
            await looked_up(cache, host)
    assert len(names.asked) == 1


@asynchronous
async def test_close_can_be_cancelled_and_called_again() -> None:
    class Slow(Names):
        async def resolve(self, *args: Any, **how: Any) -> Any:
            try:
                return await super().resolve(*args, **how)
            finally:
                await end.wait()

    end = asyncio.Event()
    cache = DnsCache(Slow(waits=True))
    asker = await started(looked_up(cache))
    await cancelled(await started(cache.close()))
    end.set()
    await cache.close()
    with pytest.raises(OSError, match="broken off"):
        await asker
