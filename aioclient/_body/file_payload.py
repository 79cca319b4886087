"""Files as request bodies."""

import os
import stat
from collections.abc import AsyncGenerator, Callable
from io import BufferedRandom, BufferedReader, BufferedWriter, BytesIO, FileIO, IOBase, TextIOBase
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

    The bytes of a file of the system, or of a BytesIO, are counted when the payload is made: what
    is appended later is not sent. Any other file (of an archive, compressed, a pipe) is read to its
    end. The file is not closed; sent whole, it stands behind what was sent.
    """

    __slots__ = ("_value", "at_hand", "can_replay", "content_type", "file_range", "size")

    def __init__(self, value: BinaryIO, content_type: str | None = None) -> None:
        self._value = value
        self.at_hand: BytesLike | None = None
        self.file_range: FileRange | None = _regular_range(value)
        self.can_replay = self.file_range is not None
        self.size = UNKNOWN_SIZE
        if self.file_range is not None:
            self.size = self.file_range.size
        elif isinstance(value, BytesIO):
            self.size = max(0, value.getbuffer().nbytes - value.tell())
        self.content_type = content_type or _guessed_type(value)

    async def pieces(self, in_thread: InThread | None = None) -> AsyncGenerator[BytesLike, None]:
        """The bytes, read by `in_thread` unless they are in memory."""
        value, missing = self._value, self.size
        if self.file_range is not None:
            value.seek(self.file_range.start)
        read: Callable[[int], Any] = value.read
        if type(value) is BufferedReader and self.file_range is None:
            read = value.read1  # a pipe gives what there is
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
    """The payload for a file.

    Raises TypeError for one of text, ValueError for one that is closed or not open for reading.
    What was written to it, but is only in its buffer, is flushed.
    """
    if isinstance(file, TextIOBase):
        kind = type(file).__name__
        raise TypeError(f"a file for a body must be opened in binary mode, as {kind} is not")
    if file.closed:
        raise ValueError("a file for a body is a closed file")
    if type(file) is BufferedWriter:
        raise ValueError("a file for a body must be open for reading")
    return FilePayload(cast("BinaryIO", file))


def _regular_range(value: BinaryIO) -> FileRange | None:
    """What has not been read of a file of the system; None if its bytes may be others than there.

    Only the types that `open` gives are known to read what lies behind their descriptor.
    """
    raw = getattr(value, "raw", None) if type(value) in (BufferedReader, BufferedRandom) else value
    if type(raw) is not FileIO:
        return None
    if not raw.readable():
        raise ValueError("a file for a body must be open for reading")
    if value.writable():
        value.flush()
    fd = raw.fileno()
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return None
    if not status.st_size and hasattr(os, "pread") and os.pread(fd, 1, 0):
        return None  # one that the system makes while it is read, as those of /proc
    start = value.tell()
    return _Range(value, start, max(0, status.st_size - start))


def _guessed_type(value: BinaryIO) -> str:
    """The media type that the file's name suggests."""
    name = getattr(value, "name", None)
    guessed = guess_type(name)[0] if isinstance(name, str) else None
    return guessed or "application/octet-stream"
