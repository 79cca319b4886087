"""A request body and what the head must say of it: size and media type."""

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from io import IOBase
from typing import Any, BinaryIO, Protocol, TypeAlias

from aioclient._aliases import BodyData, BytesLike, JSONEncoder

#: The size of a payload that is only known once all of it came.
UNKNOWN_SIZE = -1

#: Calls a function that may block, with a number, where it blocks nobody else.
InThread: TypeAlias = Callable[[Callable[[int], bytes], int], Awaitable[bytes]]


class FileRange(Protocol):
    """A part of a regular file, for the system to send."""

    @property
    def file(self) -> BinaryIO: ...
    @property
    def start(self) -> int: ...
    @property
    def size(self) -> int: ...


class Payload(Protocol):
    """What a connection needs of a request body."""

    @property
    def size(self) -> int:
        """Bytes, or UNKNOWN_SIZE."""

    @property
    def content_type(self) -> str:
        """The media type to announce if the caller named none."""

    @property
    def at_hand(self) -> BytesLike | None:
        """The whole body if it is in memory already, else None."""

    @property
    def can_replay(self) -> bool:
        """Can the body be had again after it was sent, or partly sent?"""

    @property
    def file_range(self) -> FileRange | None:
        """Where the whole body lies if that is a regular file, else None."""

    def pieces(self, in_thread: InThread | None = None) -> AsyncGenerator[BytesLike, None]:
        """The body in pieces; what may block is called by `in_thread`, for None at once."""


def as_bytes(value: BytesLike) -> BytesLike:
    """The same bytes, as something that has as many items as bytes; copied only if scattered."""
    if not isinstance(value, memoryview):
        return value
    if not value.c_contiguous:
        return bytes(value)
    return value if value.itemsize == 1 and value.ndim == 1 else value.cast("B")


def _kind(value: object) -> str:
    return type(value).__name__  # not the value: it may be a secret


class BytesPayload:
    """A body that is in memory; it is not copied."""

    __slots__ = ("at_hand", "can_replay", "content_type", "file_range", "size")

    def __init__(self, value: BytesLike, content_type: str = "application/octet-stream") -> None:
        data = as_bytes(value)
        self.at_hand: BytesLike | None = data
        self.can_replay = True
        self.file_range: FileRange | None = None
        self.size = len(data)
        self.content_type = content_type

    async def pieces(self, in_thread: InThread | None = None) -> AsyncGenerator[BytesLike, None]:
        """The body as one piece."""
        if self.at_hand is not None:
            yield self.at_hand


class AsyncIterablePayload:
    """A body that an async iterable makes piece by piece; it can be sent once."""

    __slots__ = ("_value", "at_hand", "can_replay", "content_type", "file_range", "size")

    def __init__(
        self, value: AsyncIterable[BytesLike], content_type: str = "application/octet-stream"
    ) -> None:
        self._value = value
        self.at_hand: BytesLike | None = None
        self.can_replay = True  # as long as nobody has begun
        self.file_range: FileRange | None = None
        self.size = UNKNOWN_SIZE
        self.content_type = content_type

    async def pieces(self, in_thread: InThread | None = None) -> AsyncGenerator[BytesLike, None]:
        """The caller's pieces; TypeError for one that is not bytes-like.

        An async generator of the caller's is closed when this one is, however early.
        """
        self.can_replay = False
        iterator = aiter(self._value)
        try:
            async for piece in iterator:
                if not isinstance(piece, bytes | bytearray | memoryview):
                    raise TypeError(f"a piece of a body must be bytes-like, not {_kind(piece)}")
                yield as_bytes(piece)
        finally:
            if isinstance(iterator, AsyncGenerator):
                await iterator.aclose()


def body_payload(data: BodyData) -> Payload:
    """The payload for a request's `data`.

    Raises TypeError for what cannot be sent.
    """
    if isinstance(data, bytes | bytearray | memoryview):
        return BytesPayload(data)
    if isinstance(data, str):
        return BytesPayload(data.encode(), "text/plain; charset=utf-8")
    if isinstance(data, AsyncIterable):
        return AsyncIterablePayload(data)
    if type(data).__module__ == "tempfile":  # a named one is only wrapped around a file
        data = getattr(data, "file", data)
    if isinstance(data, IOBase):
        from aioclient._body.file_payload import file_payload  # late: not at start-up

        return file_payload(data)
    if isinstance(data, Mapping | list | tuple):
        from aioclient._body.form import form_payload  # late: not at start-up

        return form_payload(data)
    raise TypeError(
        "data must be bytes-like, str, a binary file, the fields of a form or an async iterable of "
        f"bytes, not {_kind(data)}"
    )


def json_payload(value: Any, encode: JSONEncoder) -> Payload:  # a JSON value is what `encode` takes
    """The payload for a request's `json`; TypeError if the encoder gives neither text nor bytes."""
    encoded = encode(value)
    if isinstance(encoded, str):
        encoded = encoded.encode()
    elif not isinstance(encoded, bytes):
        raise TypeError(f"json_serialize must give str or bytes, not {_kind(encoded)}")
    return BytesPayload(encoded, "application/json")
