"""The body of a response as its user reads it: whole, in pieces, in lines; decoded if it is coded.

`StreamReader` takes bytes from a source, which is the connection's buffer or, for a body with a
content coding, a `DecodedBody` around it. Bytes that only pass through are handed on as they are.
Whatever needs more than one arrival (a line, an exact number, the whole rest) is collected in the
reader's own buffer and leaves that in one step at the end: so a reader that is cancelled, or whose
body breaks off, has lost nothing. Only the rest of a large body is collected by the connection,
which can receive it where it belongs.
"""

import asyncio
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Final, Generic, Self, TypeVar

from aioclient._aliases import BytesLike
from aioclient._body.content_coding import Decoder
from aioclient._connection.body_stream import BodyStream, Flow, Gatherer
from aioclient._connection.piece_buffer import PieceBuffer
from aioclient._message.body_source import ByteSource, Source
from aioclient._message.decoded_body import DecodedBody
from aioclient.errors import BodyTooLargeError, LineTooLong

#: A line is not longer, unless its reader allows it.
MAX_LINE_BYTES: Final = 512 * 1024

_BUSY: Final = "another coroutine is already reading this body"
_END_OF_CHUNKS: Final = (b"", False)

_T = TypeVar("_T")


class _Reads(Generic[_T]):
    """An iterator that reads until the end. It holds nothing: dropped or cancelled, it may be."""

    __slots__ = ("_next",)

    def __init__(self, next_item: Callable[[], Awaitable[_T]]) -> None:
        self._next = next_item  # raises StopAsyncIteration at the end

    def __aiter__(self) -> Self:
        return self

    def __anext__(self) -> Awaitable[_T]:
        return self._next()


async def _until(end: _T, read: Callable[[], Awaitable[_T]]) -> _T:
    item = await read()
    if item == end:
        raise StopAsyncIteration
    return item


class StreamReader:
    """The body of one response, for one reader at a time.

    The server has to wait while too much has arrived that nobody reads (`read_bufsize`). Bytes
    come with content codings undone, at most 256 KiB at a time, unless the session was told not to.

    All methods that read

    - raise ClientPayloadError if the body breaks off or cannot be decoded, or the error of the time
      limit that passed; whatever came before it can be read first;
    - raise RuntimeError while another coroutine reads;
    - may be cancelled: nothing is lost, the next one to read begins where the last one did.
    """

    __slots__ = (
        "_buffer",
        "_end_callbacks",
        "_end_waiters",
        "_is_chunked",
        "_is_coded",
        "_is_reading",
        "_is_watching",
        "_max_line_bytes",
        "_source",
        "_wire",
    )

    def __init__(
        self,
        protocol: Flow,
        limit: int,
        *,
        timer: object = None,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Make one that is fed by hand, for programs that stand in for a server.

        `protocol` is told to pause when more than twice `limit` bytes wait to be read, which is
        also the longest line, and to resume. `timer` and `loop` are of no use any more.
        """
        self._set_up(BodyStream(protocol, 2 * limit), None, 2 * limit)

    @classmethod
    def over(
        cls,
        source: Source,
        decoder: Decoder | None = None,
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> "StreamReader":
        """A reader of what a source gives, decoded."""
        reader = cls.__new__(cls)
        reader._set_up(source, decoder, max_line_bytes)  # noqa: SLF001 - of the same class
        return reader

    def _set_up(self, source: Source, decoder: Decoder | None, max_line_bytes: int) -> None:
        self._wire = source
        self._is_coded = decoder is not None
        self._source: ByteSource = source if decoder is None else DecodedBody(source, decoder)
        self._max_line_bytes = max_line_bytes
        self._buffer = PieceBuffer()
        self._is_reading = False
        self._is_watching = False
        self._is_chunked = False
        self._end_callbacks: list[Callable[[], None]] = []
        self._end_waiters: set[asyncio.Future[None]] = set()

    def read_through(self, around: Callable[[ByteSource], ByteSource]) -> None:
        """Let what `around` puts around the source be read from now on; before anything is read."""
        self._source = around(self._source)

    # --- reading what is there -------------------------------------------------------------------

    async def readany(self) -> bytes:
        """Read what has arrived, waiting for at least one byte; ``b""`` at the end."""
        try:
            return await self._next_any()
        except StopAsyncIteration:
            return b""

    async def _next_any(self) -> bytes:
        # Large bodies are read by this: it is one coroutine a piece, and one of the source.
        self._begin()
        try:
            buffer = self._buffer
            if buffer.size:
                return buffer.take(buffer.size)
            source = self._source
            if source.chunk_ends:
                self._forget_chunk_ends()
            if piece := await source.readany():
                return piece
            raise StopAsyncIteration
        finally:
            self._is_reading = False

    async def read(self, n: int = -1) -> bytes:
        """Read up to `n` bytes, waiting for at least one; the whole rest for -1.

        ``b""`` at the end of the body, or if `n` is 0. The rest may be large: `ClientResponse.read`
        has limits for it, this has none.
        """
        if n < 0:
            return await self.read_all(None, None, 0)
        if n == 0:
            return b""
        self._begin()
        try:
            buffer = self._buffer
            if not buffer.size:
                source = self._source
                if source.chunk_ends:
                    self._forget_chunk_ends()
                piece = await source.readany()
                if len(piece) <= n:
                    return piece
                buffer.append(piece)
            return buffer.take(n)
        finally:
            self._is_reading = False

    def read_nowait(self, n: int = -1) -> bytes:
        """Take up to `n` bytes of what has arrived, all of it for -1; ``b""`` if nothing has.

        Of a coded body, one more step is decoded if there is not enough. Raises as other methods
        do, if there is nothing before the error.
        """
        if self._is_reading:
            raise RuntimeError(_BUSY)
        buffer = self._buffer
        if n < 0 or buffer.size < n:
            self._take_arrived()
            error = self._source.exception()
            if not buffer.size and error is not None:
                raise error
        return buffer.take(buffer.size if n < 0 else n)

    def peek_nowait(self, n: int) -> bytes:
        """Up to `n` bytes of what has arrived, which stay to be read; raises nothing.

        Of a coded body, one more step is decoded if there is nothing. While another coroutine
        reads, it may be less than has arrived. New here, as `peek`.
        """
        buffer = self._buffer
        size = buffer.size
        if size >= n or self._is_reading:
            return buffer.peek(n)
        return buffer.peek(size) + self._source.peek(n - size)

    async def readchunk(self) -> tuple[bytes, bool]:
        """Read bytes of one HTTP/1.1 chunk, and whether they are its last; waits for at least one.

        ``(b"", False)`` at the end of the body. A chunk of which not all has arrived comes in
        several parts. Where there are no chunks, or a coding hides them, none is ever the last.
        Beside other methods that read: ``(b"", True)`` if one of them took the rest of a chunk; and
        where chunks end in what they collected may be forgotten, so that two look like one.
        """
        buffer = self._buffer
        source = self._source
        ends = source.chunk_ends
        self._begin()
        try:
            while True:
                position = source.total_bytes - source.buffered - buffer.size
                while ends and ends[0] < position:
                    ends.popleft()
                if ends:
                    missing = ends[0] - position
                    if missing > buffer.size:
                        self._take_arrived()
                    ends.popleft()
                    return buffer.take(missing), True
                if buffer.size:
                    return buffer.take(buffer.size), False
                if not await self._fill():
                    return _END_OF_CHUNKS
        finally:
            self._is_reading = False

    # --- reading more than may be there ----------------------------------------------------------

    async def readexactly(self, n: int) -> bytes:
        """Read exactly `n` bytes, however many that is.

        Raises asyncio.IncompleteReadError, which has what there was as `partial`, if the body ends
        before; ValueError if `n` is negative.
        """
        if n < 0:
            raise ValueError(f"the number of bytes to read must not be negative, as {n} is")
        buffer = self._buffer
        self._begin()
        try:
            while buffer.size < n:
                if not await self._fill():
                    raise asyncio.IncompleteReadError(buffer.take(n), n)
            return buffer.take(n)
        finally:
            self._is_reading = False

    async def peek(self, n: int) -> bytes:
        """Wait until `n` bytes have arrived, or the rest if that is less; they stay to be read."""
        buffer = self._buffer
        self._begin()
        try:
            while buffer.size < n and await self._fill():
                pass
            return buffer.peek(n)
        finally:
            self._is_reading = False

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        r"""Read a line with its ``\n``; the last may have none; ``b""`` at the end.

        Raises LineTooLong if it is longer than `max_line_length` bytes (default: 512 KiB) with its
        end. Nothing is taken then: it can still be read in pieces.
        """
        return await self.readuntil(b"\n", max_size=max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Read up to and with a separator; what is after the last of them; ``b""`` at the end.

        Raises LineTooLong if that is more than `max_size` bytes (default: 512 KiB), of which none
        is taken then; ValueError for an empty separator.
        """
        if not separator:
            raise ValueError("the separator must not be empty")
        limit = self._max_line_bytes if max_size is None else max_size
        buffer = self._buffer
        self._begin()
        try:
            while (size := buffer.find_end(separator)) < 0:
                if buffer.size > limit:
                    raise _line_too_long(limit)
                if not await self._fill():
                    return buffer.take(buffer.size)
            if size > limit:
                raise _line_too_long(limit)
            return buffer.take(size)
        finally:
            self._is_reading = False

    async def read_all(
        self, max_bytes: int | None, max_ratio: float | None, ratio_floor_bytes: int
    ) -> bytes:
        """Read the whole rest of the body, within limits.

        Raises BodyTooLargeError as soon as there are more than `max_bytes` of it, or if a content
        coding made more than `ratio_floor_bytes` and `max_ratio` times the bytes it was given.
        What was read by then is not lost, and neither is it when this is cancelled.
        """
        buffer = self._buffer
        wire = self._wire
        self._begin()
        try:
            if wire.gatherer is not None and self._source is wire:
                self._gather(wire.gatherer, sys.maxsize if max_bytes is None else max_bytes)
            while True:
                if max_bytes is not None and buffer.size > max_bytes:
                    raise BodyTooLargeError(
                        f"the body is larger than {max_bytes} bytes (max_body_size)",
                        limit="max_body_size",
                        limit_value=max_bytes,
                    )
                if max_ratio is not None and self._source.total_bytes > ratio_floor_bytes:
                    self._check_ratio(max_ratio)
                if not await self._fill():
                    return buffer.take(buffer.size)
        finally:
            self._is_reading = False
            if wire.gatherer is not None:
                wire.gatherer.stop_gathering()

    def _gather(self, gatherer: Gatherer, max_bytes: int) -> None:
        """Let the rest come as one piece, with what is there already, if that can be."""
        self._take_arrived()
        if gatherer.gather(self._buffer.pieces(), max_bytes):
            self._buffer.clear()

    def _check_ratio(self, max_ratio: float) -> None:
        made = self._source.total_bytes
        given = self._wire.total_bytes - self._wire.buffered
        if self._is_coded and made > given * max_ratio:
            raise BodyTooLargeError(
                f"{given} bytes of the body decoded to {made}, more than {max_ratio:g} times as"
                " much (max_decode_ratio)",
                limit="max_decode_ratio",
                limit_value=max_ratio,
            )

    # --- iterating -----------------------------------------------------------------------------

    def iter_any(self) -> AsyncIterator[bytes]:
        """Iterate over the body in pieces as they arrive: see `readany`."""
        return _Reads(self._next_any)

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Iterate over the body in pieces of `n` bytes at most, as they arrive: see `read`."""
        if n <= 0:
            raise ValueError(f"the size of pieces must be positive, not {n}")
        return _Reads(partial(_until, b"", partial(self.read, n)))

    def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Iterate over pairs of bytes and whether an HTTP/1.1 chunk ends there: see `readchunk`."""
        return _Reads(partial(_until, _END_OF_CHUNKS, self.readchunk))

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over lines: see `readline`."""
        return _Reads(partial(_until, b"", self.readline))

    # --- feeding ---------------------------------------------------------------------------------

    def feed_data(self, data: BytesLike, size: int = 0) -> bool:
        """Let bytes arrive, as if from the server; `size` is of no use. False: it takes more."""
        if data:
            self._wire.feed(bytes(data))
        return False

    def feed_eof(self) -> None:
        """Say that the body is complete."""
        self._wire.end()

    def begin_http_chunk_receiving(self) -> None:
        """Say that an HTTP/1.1 chunk begins. Raises RuntimeError if bytes came outside of one."""
        if not self._is_chunked and self._wire.total_bytes:
            raise RuntimeError("the body has bytes already that belong to no chunk")
        self._is_chunked = True

    def end_http_chunk_receiving(self) -> None:
        """Say that an HTTP/1.1 chunk ends. Raises RuntimeError if none has begun."""
        if not self._is_chunked:
            raise RuntimeError("no chunk has begun")
        ends, at = self._wire.chunk_ends, self._wire.total_bytes
        if at and not (ends and ends[-1] == at):  # an empty chunk is none
            ends.append(at)

    # --- its state -------------------------------------------------------------------------------

    @property
    def total_bytes(self) -> int:
        """Bytes that have arrived so far; of a coded body, that have been decoded so far."""
        return self._source.total_bytes

    @property
    def total_compressed_bytes(self) -> int | None:
        """Coded bytes that have arrived so far; None for a body that is not coded."""
        return self._wire.total_bytes if self._is_coded else None

    @property
    def total_raw_bytes(self) -> int:
        """Bytes that have arrived so far, coded or not."""
        return self._wire.total_bytes

    def at_eof(self) -> bool:
        """Has the whole body been read?"""
        return not self._buffer.size and self._source.at_eof()

    def is_eof(self) -> bool:
        """Has the whole body arrived?"""
        return self._wire.is_eof()

    def exception(self) -> Exception | None:
        """What broke the body off, if anything did."""
        return self._source.exception()

    def set_exception(self, exc: Exception, exc_cause: BaseException | None = None) -> None:
        """Break the body off: raise `exc`, because of `exc_cause`, after what has arrived."""
        if exc_cause is not None:
            exc.__cause__ = exc_cause
        self._wire.fail(exc)

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the whole body has arrived: now, if it has; never, if it breaks off.

        What it raises is reported to the loop's exception handler.
        """
        if self._wire.is_eof():
            _call(callback)
        else:
            self._end_callbacks.append(callback)
            self._watch_end()

    async def wait_eof(self) -> None:
        """Wait until the whole body has arrived; raises what broke it off.

        A large one arrives only while somebody reads it. Any number of coroutines may wait.
        """
        wire = self._wire
        if not wire.is_eof() and wire.exception() is None:
            waiter = asyncio.get_running_loop().create_future()
            self._end_waiters.add(waiter)
            self._watch_end()
            try:
                await waiter
            finally:
                self._end_waiters.discard(waiter)
        error = wire.exception()
        if error is not None:
            raise error

    def get_read_buffer_limits(self) -> tuple[int, int]:
        """Sizes in bytes of what has not been read: the server waits above high, until low."""
        high = self._wire.high_water_bytes
        return high // 2, high

    def set_read_chunk_size(self, n: int) -> None:
        """Let `n` bytes arrive while nobody reads: limits become at least `n` and twice that."""
        if n * 2 > self._wire.high_water_bytes:
            self._wire.high_water_bytes = n * 2

    def unread_data(self, data: bytes) -> None:
        """Put bytes back to the front, for the next one to read. Deprecated."""
        warnings.warn("unread_data() is deprecated", DeprecationWarning, stacklevel=2)
        if data:
            self._buffer.put_back(bytes(data))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.total_bytes} bytes so far>"

    # --- inside ----------------------------------------------------------------------------------

    def _begin(self) -> None:
        if self._is_reading:
            raise RuntimeError(_BUSY)
        self._is_reading = True

    async def _fill(self) -> bool:
        """Wait for more in the buffer; False if the body has ended."""
        source = self._source
        if source.chunk_ends:
            self._forget_chunk_ends()
        piece = await source.readany()
        if piece:
            self._buffer.append(piece)
        return bool(piece)

    def _take_arrived(self) -> None:
        piece = self._source.take_nowait()
        if piece:
            self._buffer.append(piece)

    def _forget_chunk_ends(self) -> None:
        """Those in bytes that were taken long ago: they would grow with what is collected."""
        ends = self._source.chunk_ends
        taken = self._source.total_bytes - self._source.buffered
        while ends and ends[0] <= taken:
            ends.popleft()

    def _watch_end(self) -> None:
        if not self._is_watching:
            self._is_watching = True
            self._wire.on_end(self._ended)

    def _ended(self) -> None:
        callbacks, self._end_callbacks = self._end_callbacks, []
        if self._wire.is_eof():
            for callback in callbacks:
                _call(callback)
        for waiter in self._end_waiters:
            if not waiter.done():
                waiter.set_result(None)


def _call(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception as error:
        asyncio.get_running_loop().call_exception_handler(
            {"message": "a callback for the end of a body failed", "exception": error}
        )


def _line_too_long(limit: int) -> LineTooLong:
    return LineTooLong(
        f"a line of the body is longer than {limit} bytes (max_line_length)",
        limit="max_line_length",
        limit_value=limit,
    )
