"""Files as request bodies."""

import os
import stat
from collections.abc import AsyncGenerator, Callable
from io import BytesIO, IOBase, TextIOBase
from mimetypes import guess_type
from typing import Any, BinaryIO, Final, NamedTuple, cast

from aioclient._aliases import BytesLike
from aioclient._body.payload import UNKNOWN_SIZE, FileRange, InThread, Payload

#: How much is read at once.
_READ_BYTES: Final = 256 * 1024


class _Range(NamedTuple):
    file: BinaryIO
    start: int
    size: int


class FilePayload:
    """A binary file, from where it stands to its end.

    The bytes of a regular file, or of another that has a position, are counted when the payload is
    made: what is appended later is not sent. The file is not closed; sent whole, it stands behind
    what was sent.
    """

    __slots__ = ("_value", "at_hand", "can_replay", "content_type", "file_range", "size")

    def __init__(self, value: BinaryIO, content_type: str | None = None) -> None:
        self._value = value
        self.at_hand: BytesLike | None = None
        self.file_range: FileRange | None = _regular_range(value)
        self.can_replay = self.file_range is not None
        self.size = _rest_size(value) if self.file_range is None else self.file_range.size
        self.content_type = content_type or _guessed_type(value)

    async def pieces(self, in_thread: InThread | None = None) -> AsyncGenerator[BytesLike, None]:
        """The bytes, read by `in_thread` unless they are in memory."""
        value, missing = self._value, self.size
        if self.file_range is not None:
            value.seek(self.file_range.start)
        read: Callable[[int], Any] = value.read
        is_blocking = in_thread is not None and not isinstance(value, BytesIO)
        while missing:
            size = _READ_BYTES if missing == UNKNOWN_SIZE else min(missing, _READ_BYTES)
            piece = await in_thread(read, size) if in_thread and is_blocking else read(size)
            if not isinstance(piece, bytes):  # None: it was opened to not wait for bytes
                raise TypeError(f"a file for a body must give bytes, not {type(piece).__name__}")
            if not piece:
                return
            yield piece
            if missing != UNKNOWN_SIZE:
                missing -= len(piece)


def file_payload(file: IOBase) -> Payload:
    """The payload for a file. Raises TypeError for one of text, ValueError for one that is closed.

    What was written to it, but is only in its buffer, is flushed.
    """
    if isinstance(file, TextIOBase):
        kind = type(file).__name__
        raise TypeError(f"a file for a body must be opened in binary mode, as {kind} is not")
    return FilePayload(cast("BinaryIO", file))


def _regular_range(value: BinaryIO) -> FileRange | None:
    """What has not been read of a regular file; None if it is not one."""
    try:
        if value.writable():
            value.flush()
        status = os.fstat(value.fileno())
        start = value.tell()
    except OSError:  # no descriptor, or it has no position
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    return _Range(value, start, max(0, status.st_size - start))


def _rest_size(value: BinaryIO) -> int:
    """The bytes from where a file stands to its end; UNKNOWN_SIZE if it cannot be told."""
    try:
        start = value.tell()
        end = value.seek(0, os.SEEK_END)
        value.seek(start)
    except OSError:
        return UNKNOWN_SIZE
    return max(0, end - start)


def _guessed_type(value: BinaryIO) -> str:
    """The media type that the file's name suggests."""
    name = getattr(value, "name", None)
    guessed = guess_type(name)[0] if isinstance(name, str) else None
    return guessed or "application/octet-stream"
