"""A future of one task, which goes on within the callback that brings what it waits for.

A future of asyncio wakes its task in the next turn of the loop: a look at all sockets for each
response that is waited for. This one can be held while its callback is still at work; let go, it
wakes the task at once, unless another task is running, which would have to be left for it.

Who lets go must have nothing left to do: the task may do anything, close the connection, for
instance. Settled when it is not held, it is like any other.
"""

import asyncio
import contextvars
from collections.abc import Callable, Generator
from enum import Enum
from typing import Any, Final, Generic, NoReturn, TypeVar

_T = TypeVar("_T")


class _State(Enum):
    PENDING = "pending"
    FINISHED = "finished"
    CANCELLED = "cancelled"


PENDING: Final = _State.PENDING
FINISHED: Final = _State.FINISHED
CANCELLED: Final = _State.CANCELLED


class PromptFuture(Generic[_T]):
    """Settled once, awaited by one task; it has of `asyncio.Future` what both need."""

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_context",
        "_error",
        "_loop",
        "_state",
        "_value",
        "is_held",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop  # a task looks for it by this name
        self._asyncio_future_blocking = False
        self._callback: Callable[..., object] | None = None
        self._context: contextvars.Context | None = None
        self._state: _State = PENDING
        self._value: _T
        self._error: BaseException | None = None
        #: Is whoever settles it not done yet? Then its task is not woken up before `let_go`.
        self.is_held: bool = False

    def __await__(self) -> Generator[Any, None, _T]:
        if self._state is not PENDING:
            return self.result()
        self._asyncio_future_blocking = True
        try:
            yield self
            return self._value  # the task asked for the result: an error was raised by now
        finally:
            del self  # else an error would refer to its frames, they to this, and this to it

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._state.value}>"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it is for. Not `get_loop`: tasks would call that, and not look."""
        return self._loop

    def done(self) -> bool:
        """Was it settled or cancelled?"""
        return self._state is not PENDING

    def cancelled(self) -> bool:
        """Was it cancelled before it was settled?"""
        return self._state is CANCELLED

    def result(self) -> _T:
        """What it was settled with; raises InvalidStateError before that."""
        error = self._error
        if error is not None:
            try:
                # As a future does: each time that it is raised, its traceback begins anew.
                raise error.with_traceback(None)
            finally:
                del self, error  # as in `__await__`
        if self._state is not FINISHED:
            raise asyncio.InvalidStateError("nothing has come yet")
        return self._value

    def exception(self) -> BaseException | None:
        """The error that it was settled with; as `result`."""
        if self._state is not FINISHED:
            self.result()  # which raises
        return self._error

    # --- for who settles it ----------------------------------------------------------------------

    def set_result(self, value: _T) -> None:
        """Settle it; raises InvalidStateError if it was."""
        if self._state is not PENDING:
            raise asyncio.InvalidStateError(f"it is {self._state.value}")
        self._state = FINISHED
        self._value = value
        if not self.is_held:
            self._wake_soon()

    def set_exception(self, error: BaseException) -> None:
        """Settle it with an error; as `set_result`."""
        if self._state is not PENDING:
            raise asyncio.InvalidStateError(f"it is {self._state.value}")
        self._state = FINISHED
        self._error = error
        if not self.is_held:
            self._wake_soon()

    def settle_now(self, value: _T) -> None:
        """Settle it, and let its task go on before this returns; as `let_go`."""
        self.is_held = True
        self.set_result(value)
        self.let_go()

    def let_go(self) -> None:
        """Hold it no longer; if it was settled, its task goes on before this returns."""
        self.is_held = False
        if self._callback is None or self._state is PENDING:
            return
        if asyncio.current_task(self._loop) is None:
            self._wake_now()
        else:
            self._wake_soon()

    def _wake_now(self) -> None:
        callback, context = self._callback, self._context
        self._callback = self._context = None
        if callback is None or context is None:
            return
        try:
            context.run(callback, self)
        except (KeyboardInterrupt, SystemExit) as error:
            # It is to end the loop, as that of any task. To a transport it would be an error of its
            # own, and to uvloop's nothing but that.
            self._loop.call_soon(_raise, error)

    def _wake_soon(self) -> None:
        callback, context = self._callback, self._context
        self._callback = self._context = None
        if callback is not None:
            self._loop.call_soon(callback, self, context=context)

    # --- for the task ----------------------------------------------------------------------------

    def add_done_callback(
        self, callback: Callable[..., object], *, context: contextvars.Context | None = None
    ) -> None:
        """Wake the task up by this."""
        self._callback = callback
        self._context = contextvars.copy_context() if context is None else context
        if self._state is not PENDING:
            self._wake_soon()

    def cancel(self, msg: object = None) -> bool:
        """Cancel it, if it was not settled yet."""
        if self._state is not PENDING:
            return False
        self._state = CANCELLED
        # Who cancels may know its own by the message: anyio's scopes do.
        self._error = asyncio.CancelledError() if msg is None else asyncio.CancelledError(msg)
        self._wake_soon()
        return True


def _raise(error: BaseException) -> NoReturn:
    raise error
