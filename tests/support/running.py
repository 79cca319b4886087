"""Runs a coroutine as a test, and asserts that it leaves nothing behind.

Nothing is: no task that still runs, no timer that still waits, no socket that is still open, and
no error that only the event loop heard of.
"""

import asyncio
import functools
import importlib
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

#: A test that hangs fails after this time.
PATIENCE_S = 10.0

#: Whose loop the whole run is about: "asyncio", or a package whose loop stands in for asyncio's.
TEST_LOOP: Final = os.environ.get("AIOCLIENT_TEST_LOOP") or "asyncio"
_PACKAGES: Final = ("uvloop", "winloop")


class WatchedLoop(asyncio.AbstractEventLoop):
    """An event loop that remembers its timers and what nobody else heard of."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.timers: list[asyncio.TimerHandle] = []
        self.unheard: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _loop, context: self.unheard.append(context))

    def waiting_timers(self) -> list[asyncio.TimerHandle]:
        """Those that have neither fired nor been cancelled."""
        now = self.time()
        return [timer for timer in self.timers if not timer.cancelled() and timer.when() > now]


if sys.platform == "win32":
    _AsyncioLoop = asyncio.ProactorEventLoop
else:
    _AsyncioLoop = asyncio.SelectorEventLoop


class WatchedAsyncioLoop(WatchedLoop, _AsyncioLoop):
    """The loop of asyncio: all its timers are made by `call_at`."""

    def call_at(self, when: float, callback: Any, *args: Any, **kwargs: Any) -> Any:
        handle = super().call_at(when, callback, *args, **kwargs)
        self.timers.append(handle)
        return handle


def _watched_libuv_loop(package: str) -> type[WatchedLoop]:
    """The loop of a package, if it is installed, watched as far as that is possible.

    The timers of its TLS, for handshakes and goodbyes, pass through `call_later`, too. What it has
    in C alone is not seen: a descriptor that it watches, for one. What a test leaves open it closes
    with the loop, so sockets must be counted before.
    """
    base = importlib.import_module(package).Loop

    class WatchedLibuvLoop(WatchedLoop, base):
        def call_later(self, delay: float, callback: Any, *args: Any, **kwargs: Any) -> Any:
            handle = super().call_later(delay, callback, *args, **kwargs)
            if hasattr(handle, "when"):  # with no delay it makes no timer
                self.timers.append(handle)
            return handle

    return WatchedLibuvLoop


if TEST_LOOP == "asyncio":
    new_watched_loop: Callable[[], WatchedLoop] = WatchedAsyncioLoop
    new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
elif TEST_LOOP in _PACKAGES:
    new_watched_loop = _watched_libuv_loop(TEST_LOOP)
    new_loop = importlib.import_module(TEST_LOOP).new_event_loop
else:
    raise ValueError(f"AIOCLIENT_TEST_LOOP is {TEST_LOOP!r}, none of 'asyncio', {_PACKAGES}")


def result_of(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine as `asyncio.run` does, on the loop that the whole run is about."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)


def own_tasks() -> set[asyncio.Task[Any]]:
    """All tasks but those by which asyncio on Windows accepts: each connection ends one."""
    tasks = asyncio.all_tasks()
    return {task for task in tasks if getattr(task.get_coro(), "__name__", "") != "accept_coro"}


def descriptors() -> list[str]:
    """The numbers of all that this process has open; none where that cannot be told."""
    if sys.platform == "win32":  # under Wine there is a /proc, but that of another system
        return []
    try:
        return os.listdir("/proc/self/fd")  # noqa: PTH208
    except OSError:
        return []


def open_sockets() -> int:
    """How many sockets this process has open; always 0 where that cannot be told."""
    count = 0
    for number in descriptors():
        try:
            count += os.readlink(f"/proc/self/fd/{number}").startswith("socket:")  # noqa: PTH115
        except OSError:
            continue
    return count


def run(
    main: Coroutine[Any, Any, None],
    patience_s: float = PATIENCE_S,
    new_loop: Callable[[], WatchedLoop] = new_watched_loop,
) -> None:
    """Run a coroutine on a loop of its own; afterwards nothing may be left of it."""
    loop = new_loop()
    left: list[object] = []

    async def watched() -> None:
        watcher = asyncio.current_task()
        sockets_before = open_sockets()
        async with asyncio.timeout(patience_s):
            await main
        await settled()
        left.extend(task for task in asyncio.all_tasks() if task is not watcher)
        left.extend(loop.waiting_timers())
        if open_sockets() > sockets_before:
            left.append("a socket")

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(watched())
    assert not left, f"left behind: {left}"
    assert not loop.unheard, f"nobody heard of: {loop.unheard}"


def asynchronous(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function; it runs as `run` says."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        run(test(*args, **kwargs))

    return wrapper


async def settled(turns: int = 10) -> None:
    """Let the loop turn a few times: enough for callbacks that call others."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], patience_s: float = 5.0) -> None:
    """Wait until something has become true."""
    async with asyncio.timeout(patience_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def started(awaitable: Awaitable[Any], turns: int = 3) -> asyncio.Task[Any]:
    """A task for something to await, which has gone as far as it can without waiting."""

    async def whole() -> Any:
        return await awaitable

    task = asyncio.get_running_loop().create_task(whole())
    await settled(turns)
    return task


async def cancelled(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        return
    raise AssertionError("the task was not cancelled")


def has_addresses(*hosts: str) -> bool:
    """Can sockets be bound to these loopback addresses? Some systems have but 127.0.0.1."""
    for host in hosts:
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as sock:
                sock.bind((host, 0))
        except OSError:
            return False
    return True


def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
