"""A response body as it arrives; slows the peer down when nobody reads."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aioclient._connection.piece_buffer import PieceBuffer
from aioclient._connection.prompt_future import PromptFuture


class Flow(Protocol):
    """Where a stream's bytes come from."""

    def pause_reading(self) -> None:
        """Let the peer wait: more is here than anybody reads."""
        ...

    def resume_reading(self) -> None:
        """Let the peer go on, if it waits."""
        ...


class Gatherer(Protocol):
    """What can put a body together where it is received."""

    def gather(self, before: list[bytes], max_bytes: int) -> bool:
        """Put what comes into one object with the pieces `before`; False: it cannot be done."""
        ...

    def stop_gathering(self) -> None:
        """Whoever reads wants what is there as a piece."""
        ...


class BodyStream:
    """The body of one response between the connection that feeds it and its one reader.

    Bytes are kept until they are read; above `high_water_bytes` the peer has to wait, until half
    of that has been read.
    """

    __slots__ = (
        "_buffer",
        "_end_callbacks",
        "_error",
        "_flow",
        "_is_complete",
        "_paused",
        "_piece_start",
        "chunk_ends",
        "gatherer",
        "high_water_bytes",
        "total_bytes",
        "waiter",
    )

    def __init__(self, flow: Flow | None, high_water_bytes: int) -> None:
        self._flow = flow
        self.high_water_bytes: int = high_water_bytes
        self._buffer = PieceBuffer()
        self._is_complete = False
        self._paused = False
        self._piece_start = 0  # `total_bytes` before the last piece
        self._error: Exception | None = None
        self._end_callbacks: list[Callable[[], None]] = []
        #: Of a large body: lets the rest come as one piece.
        self.gatherer: Gatherer | None = None
        #: Of the reader that waits: done with its bytes, or with none for it to look again.
        self.waiter: PromptFuture[bytes] | None = None
        #: Bytes that have arrived so far.
        self.total_bytes: int = 0
        #: How many bytes had arrived at the end of each chunk of HTTP/1.1: the reader drops them.
        self.chunk_ends: deque[int] = deque()

    # --- the connection's side ----------------------------------------------------------------

    def feed(self, piece: bytes) -> None:
        """More of the body has arrived: at least a byte."""
        self._piece_start = self.total_bytes
        self.total_bytes += len(piece)
        waiter = self.waiter
        if waiter is not None:  # then nothing was there before
            self.waiter = None
            if not waiter.done():
                waiter.set_result(piece)
                return
        buffer = self._buffer
        buffer.append(piece)
        if buffer.size > self.high_water_bytes and not self._paused and self._flow is not None:
            self._paused = True
            self._flow.pause_reading()

    def mark_chunk_ends(self, offsets: tuple[int, ...]) -> None:
        """Chunks of HTTP/1.1 ended at these offsets of the piece fed last."""
        start = self._piece_start
        self.chunk_ends.extend([start + offset for offset in offsets])

    def drop_buffered(self) -> None:
        """Nobody will take what has arrived."""
        self._buffer = PieceBuffer()
        self.chunk_ends.clear()

    def end(self, error: Exception | None = None) -> None:
        """The body is complete, or `error` broke it off: nothing more is fed."""
        flow, self._flow = self._flow, None
        self.gatherer = None
        if self._paused and flow is not None:
            flow.resume_reading()  # the connection is for others now
        if self._error is None:  # else a reader was told already that it is broken off
            self._is_complete = error is None
            self._error = error
        self._tell_end()

    # --- the reader's side --------------------------------------------------------------------

    @property
    def buffered(self) -> int:
        """How many bytes have arrived that nobody has taken."""
        return self._buffer.size

    def is_eof(self) -> bool:
        """Has the whole body arrived?"""
        return self._is_complete

    def at_eof(self) -> bool:
        """Has the whole body been taken?"""
        return self._is_complete and not self._buffer.size

    def exception(self) -> Exception | None:
        """What broke the body off, if anything did."""
        return self._error

    def fail(self, error: Exception) -> None:
        """Raise `error` to whoever waits, or reads on when what has arrived is taken."""
        self._is_complete = False
        self._error = error
        self._tell_end()

    def on_end(self, callback: Callable[[], None]) -> None:
        """Call back once, when the whole body has arrived or it was broken off."""
        if self._is_complete or self._error is not None:
            callback()
        else:
            self._end_callbacks.append(callback)

    def take_nowait(self) -> bytes:
        """Take all that has arrived, perhaps nothing."""
        piece = self._buffer.take(self._buffer.size)
        self._let_flow()
        return piece

    def peek(self, n: int) -> bytes:
        """The first `n` bytes of what has arrived, perhaps less; nothing is taken."""
        return self._buffer.peek(n)

    async def readany(self) -> bytes:
        """Take some of what has arrived, waiting for at least one byte; ``b""`` at the end.

        Raises what broke the body off when everything before that is taken, RuntimeError if
        another coroutine waits already. Cancelled, it has taken nothing.
        """
        buffer = self._buffer
        while not buffer.size:
            if self._error is not None:
                raise self._error
            if self._is_complete:
                return b""
            if self.waiter is not None:
                raise RuntimeError("another coroutine is already waiting for this body")
            waiter: PromptFuture[bytes] = PromptFuture(asyncio.get_running_loop())
            self.waiter = waiter
            try:
                piece = await waiter
            except BaseException:
                if self.waiter is waiter:
                    self.waiter = None
                if waiter.done() and not waiter.cancelled() and (piece := waiter.result()):
                    buffer.put_back(piece)  # it came, and nobody is there for it any more
                raise
            if piece:
                return piece
        piece = buffer.take_some()
        if self._paused:
            self._let_flow()
        return piece

    # --- inside -------------------------------------------------------------------------------

    def _let_flow(self) -> None:
        flow = self._flow
        if self._paused and flow is not None and self._buffer.size <= self.high_water_bytes // 2:
            self._paused = False
            flow.resume_reading()

    def _tell_end(self) -> None:
        # First, so that what they begin is done before the reader has the end.
        callbacks, self._end_callbacks = self._end_callbacks, []
        for callback in callbacks:
            callback()
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(b"")
