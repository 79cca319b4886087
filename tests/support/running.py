"""Runs a coroutine as a test, and asserts that it leaves nothing behind.

Nothing is: no task that still runs, no timer that still waits, no socket that is still open, and
no error that only the event loop heard of.
"""

import asyncio
import contextlib
import functools
import importlib
import os
import socket
import sys
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

#: A test that hangs fails after this time.
PATIENCE_S = 10.0

#: Whose loop the whole run is about: "asyncio", or a package whose loop stands in for asyncio's.
TEST_LOOP: Final = os.environ.get("AIOCLIENT_TEST_LOOP") or "asyncio"
_PACKAGES: Final = ("uvloop", "winloop")


class Watching(asyncio.AbstractEventLoop):
    """Makes of an event loop one that remembers its timers and what nobody else heard of."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: With what they call, which uvloop's do not say.
        self.timers: list[tuple[asyncio.TimerHandle, object]] = []
        self.unheard: list[dict[str, Any]] = []
        self.set_exception_handler(self._note_unheard)

    def _note_unheard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # python/cpython#156512: a transport ends twice if its protocol meets an error when it goes
        # on writing. asyncio's TLS, which the servers here use, does that; no link of ours does.
        is_second_end = isinstance(context.get("exception"), AttributeError) and (
            "_SelectorSocketTransport._call_connection_lost" in context["message"]
        )
        if not is_second_end:
            self.unheard.append(context)

    def waiting_timers(self) -> list[tuple[asyncio.TimerHandle, object]]:
        """Those that have neither fired nor been cancelled."""
        now = self.time() + 1e-6  # uvloop rounds what is now and what is due in different ways
        return [each for each in self.timers if not each[0].cancelled() and each[0].when() > now]


if sys.platform == "win32":
    _AsyncioLoop = asyncio.ProactorEventLoop
else:
    _AsyncioLoop = asyncio.SelectorEventLoop


class WatchedAsyncioLoop(Watching, _AsyncioLoop):
    """The loop of asyncio: all its timers are made by `call_at`."""

    def call_at(self, when: float, callback: Any, *args: Any, **kwargs: Any) -> Any:
        handle = super().call_at(when, callback, *args, **kwargs)
        self.timers.append((handle, callback))
        return handle


def _watched_libuv_loop(package: str) -> type[Watching]:
    """The loop of a package, if it is installed, watched as far as that is possible.

    Not looked at are the timers of its own TLS: when a handshake is given up at its very beginning,
    it lets them run to their end. And nobody sees how often the loop turned, and what for.
    """
    base = importlib.import_module(package).Loop

    class WatchedLibuvLoop(Watching, base):
        def call_later(self, delay: float, callback: Any, *args: Any, **kwargs: Any) -> Any:
            handle = super().call_later(delay, callback, *args, **kwargs)
            is_own = str(getattr(callback, "__module__", "")).startswith(package)
            if hasattr(handle, "when") and not is_own:  # with no delay it makes no timer
                self.timers.append((handle, callback))
            return handle

        def close(self) -> None:
            # It warns of what is open before it closes that; an error there would keep it open,
            # and the loop would wait for it without an end.
            with warnings.catch_warnings(record=True) as left_open:
                warnings.simplefilter("always")
                super().close()
            self.unheard.extend({"message": str(warning.message)} for warning in left_open)

    return WatchedLibuvLoop


if TEST_LOOP == "asyncio":
    WatchedLoop: type[Watching] = WatchedAsyncioLoop
elif TEST_LOOP in _PACKAGES:
    WatchedLoop = _watched_libuv_loop(TEST_LOOP)
else:
    raise ValueError(f"AIOCLIENT_TEST_LOOP is {TEST_LOOP!r}, none of 'asyncio', {_PACKAGES}")


def result_of(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine as `asyncio.run` does, on a loop of the kind that the whole run is about."""
    with asyncio.Runner(loop_factory=WatchedLoop) as runner:
        return runner.run(main)


@contextlib.contextmanager
def while_connected(writer: asyncio.StreamWriter) -> Iterator[None]:
    """For a server in a test: end the block quietly where it finds that the client went away."""
    try:
        yield
    except (OSError, asyncio.IncompleteReadError):
        pass
    except RuntimeError:  # uvloop's word for a write to a connection that was lost
        if not writer.is_closing():
            raise


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
    new_loop: Callable[[], Watching] = WatchedLoop,
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
