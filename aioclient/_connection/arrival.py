"""What a coroutine waits for again and again, each time woken up at once where that can be."""

import asyncio
from collections.abc import Generator
from typing import Any, TypeVar

from aioclient._connection.prompt_future import FINISHED, PENDING, PromptFuture

_T = TypeVar("_T")


class Arrival(PromptFuture[_T]):
    """A `PromptFuture` that begins anew each time that it is awaited.

    What comes while nobody waits is not for it.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, _T]:
        self._state = PENDING
        self._error = None
        self._asyncio_future_blocking = True
        try:
            yield self
            value = self._value
            del self._value  # it may be large, and the next one far away
            return value
        finally:
            del self  # as in `PromptFuture`

    @property
    def is_awaited(self) -> bool:
        """Does a task wait that was neither woken up nor cancelled?"""
        return self._callback is not None

    @property
    def can_be_now(self) -> bool:
        """Does a task wait, and does no other one run, which would have to be left for it?"""
        return self._callback is not None and asyncio.current_task(self._loop) is None

    def set_now(self, value: _T) -> None:
        """Wake the task up before this returns; if it can be now."""
        if self._callback is not None:
            self._state = FINISHED
            self._value = value
            self._wake_now()

    def set_soon(self, value: _T) -> None:
        """Wake the task up in the next turn of the loop; if it is not cancelled until then."""
        if self._callback is not None:
            self._state = FINISHED
            self._value = value
            self._wake_soon()

    def cancel(self, msg: object = None) -> bool:
        """Cancel it, if a task waits that was not woken up yet."""
        return self._callback is not None and super().cancel(msg)
