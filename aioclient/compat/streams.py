"""Streams of bytes, and queues of objects."""

import asyncio
from collections import deque
from typing import Any, Final, Generic, TypeVar

from aioclient._caller import warn_deprecated
from aioclient._connection.body_stream import BodyStream
from aioclient._message.stream_reader import StreamReader
from aioclient.errors import EofStream

_T = TypeVar("_T")


class EmptyStreamReader(StreamReader):
    """The body of a message that has none."""

    __slots__ = ()

    def __init__(self) -> None:
        stream = BodyStream(None, 0)
        stream.end()
        self._set_up(stream, None, 0)


#: The body of a message that has none; it may be read as often as one likes.
EMPTY_PAYLOAD: Final[StreamReader] = EmptyStreamReader()


class DataQueue(Generic[_T]):
    """A queue of objects for one reader, which ends.

    Nothing in aioclient uses it. Objects are fed by `feed_data`, the end by `feed_eof`, an error,
    which is raised when all objects were read, by `set_exception`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._objects: deque[_T] = deque()
        self._is_ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._objects)

    def is_eof(self) -> bool:
        """Does nothing more come?"""
        return self._is_ended

    def at_eof(self) -> bool:
        """The same, and was all read?"""
        return self._is_ended and not self._objects

    def exception(self) -> BaseException | None:
        """What was given to `set_exception`."""
        return self._error

    def set_exception(self, exc: BaseException, exc_cause: BaseException | None = None) -> None:
        """Nothing more comes, and this is why; whoever waits gets it."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._is_ended = True
        self._error = exc
        self._wake()

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Add an object."""
        self._objects.append(data)
        self._wake()

    def feed_eof(self) -> None:
        """Nothing more comes."""
        self._is_ended = True
        self._wake()

    async def read(self) -> _T:
        """The next object; raises EofStream, or what was set, when there are no more.

        RuntimeError while another coroutine reads. Cancelled, it has taken nothing.
        """
        if self._waiter is not None:
            raise RuntimeError("another coroutine is already reading this queue")
        while not self._objects:
            if self._error is not None:
                raise self._error
            if self._is_ended:
                raise EofStream
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._objects.popleft()

    def __aiter__(self) -> "DataQueue[_T]":
        return self

    async def __anext__(self) -> _T:
        try:
            return await self.read()
        except EofStream:
            raise StopAsyncIteration from None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class FlowControlDataQueue(DataQueue[_T]):
    """Deprecated: the same, and a protocol is told to pause while too much waits to be read."""

    def __init__(
        self,
        protocol: Any,  # as of asyncio, with pause_reading and resume_reading
        limit: int,
        *,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        warn_deprecated("FlowControlDataQueue is deprecated, use an asyncio.Queue with a maxsize")
        super().__init__(loop)
        self._protocol = protocol
        self._limit = 2 * limit
        self._sizes: deque[int] = deque()
        self._is_paused = False

    def feed_data(self, data: _T, size: int = 0) -> None:
        """Add an object that counts as `size` bytes."""
        super().feed_data(data, size)
        self._sizes.append(size)
        if not self._is_paused and sum(self._sizes) > self._limit:
            self._is_paused = True
            self._protocol.pause_reading()

    async def read(self) -> _T:
        """The next object; as of `DataQueue`."""
        taken = await super().read()
        self._sizes.popleft()
        if self._is_paused and sum(self._sizes) < self._limit:
            self._is_paused = False
            self._protocol.resume_reading()
        return taken


__all__ = (
    "EMPTY_PAYLOAD",
    "DataQueue",
    "EmptyStreamReader",
    "EofStream",
    "FlowControlDataQueue",
    "StreamReader",
)
