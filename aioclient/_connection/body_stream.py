"""A response body as it arrives; slows the peer down when nobody reads."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Protocol


class Flow(Protocol):
    """Where a stream's bytes come from."""

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


class BodyStream:
    """The body of one response, for one reader at a time.

    Bytes are kept until they are read; above `high_water_bytes` the peer has to wait, until half
    of that has been read. All methods that read raise ClientPayloadError if the body breaks off, or
    the error of the time limit that passed; what arrived before can be read first.
    """

    __slots__ = (
        "_end_callbacks",
        "_error",
        "_flow",
        "_is_complete",
        "_offset",
        "_paused",
        "_pieces",
        "_size",
        "_waiter",
        "chunk_ends",
        "high_water_bytes",
        "total_bytes",
    )

    def __init__(self, flow: Flow | None, high_water_bytes: int) -> None:
        self._flow = flow
        self.high_water_bytes = high_water_bytes
        self._pieces: deque[bytes] = deque()
        self._offset = 0  # how much of the first piece has been read
        self._size = 0
        self._is_complete = False
        self._paused = False
        self._error: Exception | None = None
        self._end_callbacks: list[Callable[[], None]] = []
        self._waiter: asyncio.Future[None] | None = None
        #: Bytes that have arrived so far.
        self.total_bytes = 0
        #: How many bytes had arrived at the end of each chunk of HTTP/1.1: the reader drops them.
        self.chunk_ends: deque[int] = deque()

    # --- the connection's side ----------------------------------------------------------------

    def feed(self, piece: bytes) -> None:
        """More of the body has arrived."""
        self._pieces.append(piece)
        self._size += len(piece)
        self.total_bytes += len(piece)
        if self._size > self.high_water_bytes and not self._paused and self._flow is not None:
            self._paused = True
            self._flow.pause_reading()
        self._wake()

    def mark_chunk_ends(self, offsets: tuple[int, ...]) -> None:
        """Chunks of HTTP/1.1 ended at these offsets of the piece fed last."""
        if offsets:
            start = self.total_bytes - len(self._pieces[-1])
            self.chunk_ends.extend(start + offset for offset in offsets)

    def end(self, error: Exception | None = None) -> None:
        """The body is complete, or `error` broke it off."""
        flow, self._flow = self._flow, None
        if self._paused and flow is not None:
            flow.resume_reading()  # the connection is for others now
        if error is None:
            self._is_complete = True
        else:
            self._error = error
        self._tell_end()

    def _tell_end(self) -> None:
        self._wake()
        callbacks, self._end_callbacks = self._end_callbacks, []
        for callback in callbacks:
            callback()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # --- the reader's side --------------------------------------------------------------------

    def is_eof(self) -> bool:
        """Has the whole body arrived?"""
        return self._is_complete

    def at_eof(self) -> bool:
        """Has the whole body been read?"""
        return self._is_complete and not self._size

    def exception(self) -> Exception | None:
        """What broke the body off, if anything did."""
        return self._error

    @property
    def buffered(self) -> int:
        """How many bytes have arrived that nobody has taken."""
        return self._size

    def take_nowait(self) -> bytes:
        """All that has arrived, perhaps nothing."""
        return self._take(self._size) if self._size else b""

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

    async def read(self, n: int = -1) -> bytes:
        """Up to `n` bytes, waiting for at least one; the whole rest for -1; ``b""`` at the end."""
        if n == 0:
            return b""
        if n < 0:
            return await self._read_all()
        await self._wait_for_bytes()
        return self._take(n)

    async def _read_all(self) -> bytes:
        pieces: list[bytes] = []
        try:
            while piece := await self.readany():
                pieces.append(piece)
        except BaseException:  # cancelled or broken off: nothing is lost for who reads again
            self._pieces.extendleft(reversed(pieces))
            self._size += sum(map(len, pieces))
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def readany(self) -> bytes:
        """All that has arrived, waiting for at least one byte; ``b""`` at the end."""
        await self._wait_for_bytes()
        return self._take(self._size)

    async def iter_any(self) -> AsyncIterator[bytes]:
        """The body in pieces as they arrive."""
        while piece := await self.readany():
            yield piece

    async def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """The body in pieces of `n` bytes at most."""
        if n <= 0:
            raise ValueError(f"the size of pieces must be positive, not {n}")
        while piece := await self.read(n):
            yield piece

    async def _wait_for_bytes(self) -> None:
        while not self._size:
            if self._error is not None:
                raise self._error
            if self._is_complete:
                return
            if self._waiter is not None:
                raise RuntimeError("another coroutine is already waiting for this body")
            self._waiter = waiter = asyncio.get_running_loop().create_future()
            try:
                await waiter
            finally:
                if self._waiter is waiter:
                    self._waiter = None

    def _take(self, n: int) -> bytes:
        pieces = self._pieces
        taken = []
        missing = min(n, self._size)
        self._size -= missing
        while missing:
            piece = pieces[0]
            end = self._offset + missing
            taken.append(piece[self._offset : end])  # the whole piece is not copied
            if end < len(piece):
                self._offset = end
                break
            missing -= len(piece) - self._offset
            self._offset = 0
            pieces.popleft()
        if self._paused and self._size <= self.high_water_bytes // 2 and self._flow is not None:
            self._paused = False
            self._flow.resume_reading()
        return taken[0] if len(taken) == 1 else b"".join(taken)
