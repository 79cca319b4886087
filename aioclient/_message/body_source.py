"""What a body is read from: the interface between the reader and where its bytes come from."""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from aioclient._connection.body_stream import Gatherer


class ByteSource(Protocol):
    """Bytes in the order in which they came."""

    @property
    def total_bytes(self) -> int:
        """How many have come so far."""

    @property
    def buffered(self) -> int:
        """How many of them nobody has taken yet."""

    @property
    def chunk_ends(self) -> deque[int]:
        """What `total_bytes` was at the end of each chunk of HTTP/1.1; its reader drops them."""

    async def readany(self) -> bytes:
        """Some of what has come, at least a byte; ``b""`` at the end; raises if it was broken off.

        Awaited by one coroutine at a time. Cancelled, it takes nothing.
        """

    def take_nowait(self) -> bytes:
        """All that has come, perhaps nothing."""

    def peek(self, n: int) -> bytes:
        """The first of what has come, perhaps less than `n` bytes; nothing is taken."""

    def at_eof(self) -> bool:
        """Has everything come and been taken?"""

    def exception(self) -> Exception | None:
        """What broke it off."""


class Source(ByteSource, Protocol):
    """Where a body comes from: bytes as the server sent them, framing removed."""

    #: Of a large body: lets the rest come as one piece.
    gatherer: Gatherer | None
    #: Above this size of `buffered` the server has to wait, until half of it has been taken.
    high_water_bytes: int

    def feed(self, piece: bytes) -> None:
        """More comes: at least a byte."""

    def end(self) -> None:
        """Everything has come."""

    def is_eof(self) -> bool:
        """Has everything come?"""

    def fail(self, error: Exception) -> None:
        """Raise `error` to whoever waits, or reads on when what has come is taken."""

    def on_end(self, callback: Callable[[], None]) -> None:
        """Call back once, when everything has come or it was broken off."""
