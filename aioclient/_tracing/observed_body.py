"""Bodies whose pieces are told to somebody, on their way out and on their way in."""

from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aioclient._aliases import BytesLike
from aioclient._body.payload import Payload, PayloadWriter
from aioclient._message.body_source import ByteSource

#: Is told of a piece; awaited before the next one.
Tell: TypeAlias = Callable[[bytes], Awaitable[None]]


class ObservedPayload(Payload):
    """Another payload, of which each piece is told when it was written."""

    def __init__(self, inner: Payload, tell: Tell) -> None:
        headers = None if inner.has_plain_headers else inner.headers
        super().__init__(inner, headers, inner.content_type, inner.filename, inner.encoding)
        self._inner = inner
        self._tell = tell

    @property
    def size(self) -> int | None:
        """That of the payload inside."""
        return self._inner.size

    @property
    def consumed(self) -> bool:
        """Can the payload inside not be written again?"""
        return self._inner.consumed

    async def write(self, writer: PayloadWriter) -> None:
        """Write it, and tell."""
        await self._inner.write(_TellingWriter(writer, self._tell))

    @property
    def autoclose(self) -> bool:
        """Has the payload inside nothing to close?"""
        return self._inner.autoclose

    async def close(self) -> None:
        """Close the payload inside."""
        await self._inner.close()


class _TellingWriter(PayloadWriter):
    """Hands on what is written, and tells it."""

    def __init__(self, writer: PayloadWriter, tell: Tell) -> None:
        self._writer = writer
        self._tell = tell

    async def write(self, chunk: BytesLike) -> None:
        piece = bytes(chunk)
        await self._writer.write(piece)
        if piece:
            await self._tell(piece)

    async def drain(self) -> None:
        await self._writer.drain()


class ObservedSource:
    """A source of a body, of which each piece is told before its reader gets it.

    A reader that is cancelled meanwhile, or fails with what the one who is told raises, finds the
    piece here the next time. `at_end` is awaited before the reader gets the last piece, or what
    broke it off.
    """

    __slots__ = ("_at_end", "_held", "_source", "_tell", "_untold")

    def __init__(
        self, source: ByteSource, tell: Tell, at_end: Callable[[], Awaitable[None]]
    ) -> None:
        self._source = source
        self._tell = tell
        self._at_end = at_end
        self._held = b""
        self._untold: deque[bytes] = deque()  # taken without waiting

    @property
    def total_bytes(self) -> int:
        """How many have come so far."""
        return self._source.total_bytes

    @property
    def buffered(self) -> int:
        """How many of them nobody has taken yet."""
        return len(self._held) + self._source.buffered

    @property
    def chunk_ends(self) -> deque[int]:
        """What `total_bytes` was at the end of each chunk of HTTP/1.1."""
        return self._source.chunk_ends

    async def readany(self) -> bytes:
        """Some of what has come, told; ``b""`` at the end; raises if it was broken off."""
        while self._untold:
            await self._tell(self._untold.popleft())
        if not self._held:
            try:
                self._held = await self._source.readany()
            except Exception:  # it was broken off, so that is its end
                await self._at_end()
                raise
            if self._held:
                await self._tell(self._held)
        if self._source.at_eof():
            await self._at_end()
        piece, self._held = self._held, b""
        return piece

    def take_nowait(self) -> bytes:
        """All that has come, perhaps nothing; it is told when somebody reads on."""
        held, self._held = self._held, b""
        piece = self._source.take_nowait()
        if piece:
            self._untold.append(piece)
        return held + piece

    def peek(self, n: int) -> bytes:
        """The first of what has come, perhaps less than `n` bytes; nothing is taken."""
        held = self._held[:n]
        return held + self._source.peek(n - len(held)) if len(held) < n else held

    def at_eof(self) -> bool:
        """Has everything come and been taken?"""
        return not self._held and self._source.at_eof()

    def exception(self) -> Exception | None:
        """What broke it off."""
        return self._source.exception()
