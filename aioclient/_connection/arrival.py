"""What a coroutine waits for that is woken up at once, and not in the next turn of the loop.

A future wakes its task in the next turn of the loop. That turn, with its look at all sockets, costs
as much as the message that was waited for. Here the task goes on within the callback that brings
the message. It is not for everything: who wakes must have nothing left to do, because the task may
do anything, close the connection for instance.
"""

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Generic, NoReturn, TypeVar

_T = TypeVar("_T")


class Arrival(Generic[_T]):
    """Awaited by one task at a time, then set once; may be awaited again after that.

    For a task it is a future: it has of one what `asyncio.Task` asks for.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_cancelled_by",
        "_context",
        "_is_cancelled",
        "_loop",
        "_value",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop  # a task looks for it by this name
        self._asyncio_future_blocking = False
        self._callback: Callable[..., object] | None = None
        self._context: Context | None = None
        self._is_cancelled = False
        self._cancelled_by: object = None  # the message of the cancellation
        self._value: _T

    def __await__(self) -> Generator[Any, None, _T]:
        self._asyncio_future_blocking = True
        yield self
        value = self._value
        del self._value  # it may be large, and the next one far away
        return value

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
        callback, context = self._callback, self._context
        if callback is None or context is None:
            return
        self._value = value
        self._callback = self._context = None
        try:
            context.run(callback, self)
        except (KeyboardInterrupt, SystemExit) as error:
            # It is to end the loop, as that of any task. To a transport it would be an error of its
            # own, and to uvloop's nothing but that.
            self._loop.call_soon(_raise, error)

    def set_soon(self, value: _T) -> None:
        """Wake the task up in the next turn of the loop; if it is not cancelled until then."""
        callback, context = self._callback, self._context
        if callback is None:
            return
        self._value = value
        self._callback = self._context = None
        self._loop.call_soon(callback, self, context=context)

    # --- for the task ----------------------------------------------------------------------------

    def add_done_callback(
        self, callback: Callable[..., object], *, context: Context | None = None
    ) -> None:
        """Wake it up by this."""
        self._callback = callback
        self._context = context

    def cancel(self, msg: object = None) -> bool:
        """It is cancelled while it waits."""
        callback, context = self._callback, self._context
        if callback is None:
            return False
        self._is_cancelled = True
        self._cancelled_by = msg
        self._callback = self._context = None
        self._loop.call_soon(callback, self, context=context)
        return True

    def result(self) -> _T:
        """What it is woken up with."""
        if self._is_cancelled:
            # Who cancels may know its own by the message: anyio's scopes do.
            self._is_cancelled = False
            by, self._cancelled_by = self._cancelled_by, None
            raise asyncio.CancelledError if by is None else asyncio.CancelledError(by)
        return self._value


def _raise(error: BaseException) -> NoReturn:
    raise error
