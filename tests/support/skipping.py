"""An event loop whose time can be moved on, and the pool with it."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Final

import pytest
from accidents import TurningLoop
from running import run

#: More than tests skip.
ENDLESS_S: Final = 100_000.0


class SkippingLoop(TurningLoop):
    """A loop that can leave out time. It counts its turns."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self.turns = 0
        super().__init__()
        self.on_turn = self._count

    def time(self) -> float:
        return super().time() + self.skipped_s

    def _count(self) -> None:
        self.turns += 1


def running_loop() -> SkippingLoop:
    """The loop that runs."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SkippingLoop)
    return loop


def skip(seconds: float) -> None:
    """Let so much time have passed; timers notice in the next turn of the loop."""
    running_loop().skipped_s += seconds


def skipping(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of a coroutine function that may `skip`; else as `running.asynchronous`."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for module in ("connector", "idle"):
                patch.setattr(f"aioclient._pool.{module}.monotonic", _time_of_loop)
            run(_watched(test(*args, **kwargs)), ENDLESS_S, SkippingLoop)

    return wrapper


async def _watched(main: Coroutine[Any, Any, None]) -> None:
    running_loop().timers.clear()  # that of the watcher
    await main


def _time_of_loop() -> float:
    return asyncio.get_running_loop().time()
