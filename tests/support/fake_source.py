"""A body's source that a test feeds, decoders that a test can hold up, and gzip by zlib."""

import asyncio
import threading
import zlib
from collections import deque
from collections.abc import Callable

from aioclient.errors import ClientPayloadError


class FakeSource:
    """What a connection's buffer is to a `StreamReader`; counts how often it is read."""

    def __init__(self, *pieces: bytes, ended: bool = False, high_water_bytes: int = 512) -> None:
        self.high_water_bytes = high_water_bytes
        self.chunk_ends: deque[int] = deque()
        self.total_bytes = 0
        self.buffered = 0
        self.reads = 0
        self.gatherer = None
        self._pieces: deque[bytes] = deque()
        self._is_complete = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._callbacks: list[Callable[[], None]] = []
        for piece in pieces:
            self.feed(piece)
        if ended:
            self.end()

    def feed(self, piece: bytes, *chunk_ends: int) -> None:
        """A piece arrives; chunks end after so many bytes of it."""
        self.chunk_ends.extend(self.total_bytes + end for end in chunk_ends)
        self._pieces.append(piece)
        self.total_bytes += len(piece)
        self.buffered += len(piece)
        self._wake()

    def end(self) -> None:
        """Nothing more will come."""
        self._is_complete = True
        self._ended()

    def fail(self, error: Exception) -> None:
        """Nothing more will come, because of this."""
        self._error = error
        self._ended()

    def on_end(self, callback: Callable[[], None]) -> None:
        self._callbacks.append(callback)

    def is_eof(self) -> bool:
        return self._is_complete

    def at_eof(self) -> bool:
        return self._is_complete and not self._pieces

    def exception(self) -> Exception | None:
        return self._error

    async def readany(self) -> bytes:
        """One piece as it was fed, so that a test decides where a body is cut."""
        self.reads += 1
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._is_complete:
                return b""
            assert self._waiter is None, "two coroutines read"
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        piece = self._pieces.popleft()
        self.buffered -= len(piece)
        return piece

    def peek(self, n: int) -> bytes:
        return b"".join(self._pieces)[:n]

    def take_nowait(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        self.buffered = 0
        return taken

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _ended(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()
        self._wake()


class ZlibDecoder:
    """Gzip, in the smallest way that fits."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    @property
    def has_pending(self) -> bool:
        return bool(self._inflate.unconsumed_tail)

    def decode(self, data: bytes, max_output: int) -> bytes:
        try:
            return self._inflate.decompress(self._inflate.unconsumed_tail + data, max_output)
        except zlib.error as error:
            raise ClientPayloadError(f"not gzip: {error}") from error

    def finish(self) -> None:
        if not self._inflate.eof:
            raise ClientPayloadError("the gzip stream is cut off")


class DoublingDecoder:
    """Says every byte twice. A gate that is closed holds it up; used by two at once, it fails."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.threads: list[threading.Thread] = []
        self.outputs: list[int] = []
        self.finished = 0
        self._pending = b""
        self._in_use = threading.Lock()

    @property
    def has_pending(self) -> bool:
        assert not self._in_use.locked(), "used by two at once"
        return bool(self._pending)

    def decode(self, data: bytes, max_output: int) -> bytes:
        if not self._in_use.acquire(blocking=False):
            raise AssertionError("used by two at once")
        try:
            self.entered.set()
            if not self.gate.wait(5):
                raise AssertionError("nobody opened the gate")
            self.threads.append(threading.current_thread())
            doubled = self._pending + bytes(byte for byte in data for _ in range(2))
            if b"!" in doubled[:max_output]:
                raise ClientPayloadError("cannot double '!'")
            self._pending = doubled[max_output:]
            self.outputs.append(len(doubled[:max_output]))
            return doubled[:max_output]
        finally:
            self._in_use.release()

    def finish(self) -> None:
        assert not self._in_use.locked(), "used by two at once"
        self.finished += 1
