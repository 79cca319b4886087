"""Files as bodies: of the system, in memory, of text, and whatever else can be read like one."""

import asyncio
import codecs
import os
import stat
from collections.abc import Callable, Iterable, Mapping
from io import BufferedRandom, BufferedReader, BufferedWriter, BytesIO, FileIO, TextIOWrapper
from pathlib import PurePath
from typing import IO, Any, Final, NamedTuple, TextIO, TypeVar

from multidict import CIMultiDict

from aioclient._body.payload import FileRange, Payload, PayloadWriter
from aioclient._http.header_names import CONTENT_TYPE
from aioclient._http.values import media_type

#: How much is read at once.
_READ_BYTES: Final = 256 * 1024

_T = TypeVar("_T")


class _Range(NamedTuple):
    file: IO[bytes]
    start: int
    size: int


class IOBasePayload(Payload):
    """A binary file, from where it stands to its end.

    The bytes of a file of the system, or of a BytesIO, are counted when the payload is made: what
    is appended later is not sent. Any other file (of an archive, compressed, a pipe) is read to its
    end. It is read outside of the event loop's thread. The file is not closed; sent whole, it
    stands behind what was sent. Sent again, it is read from where it stood, if it can be.

    Arguments: `disposition`, with which the file's name is announced (None: it is not; nor beside a
    Content-Disposition among `headers`); the others as those of `Payload`.

    Raises ValueError for a file that is closed or not open for reading. What was written to it, but
    is only in its buffer, is flushed.
    """

    def __init__(
        self,
        value: IO[Any],
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if value.closed:
            raise ValueError("a file for a body is a closed file")
        # Others are asked when they are read: what has `read` need not have `readable`.
        if type(value) in (BufferedWriter, TextIOWrapper) and not value.readable():
            raise ValueError("a file for a body must be open for reading")
        if filename is None:
            filename = guessed_filename(value)
        super().__init__(value, headers, content_type, filename, encoding)
        is_announced = self._headers is not None and "Content-Disposition" in self._headers
        if filename is not None and disposition is not None and not is_announced:
            self.set_content_disposition(disposition, filename=filename)
        self._range = self._range_of(value)
        self._start = _position(value)
        self._is_begun = False
        self._size = self._range.size if self._range is not None else _size_in_memory(value)

    @property
    def size(self) -> int | None:
        """Bytes from where the file stood to its end; None if that is not known."""
        return self._size

    @property
    def file_range(self) -> FileRange | None:
        """The part of a regular file that is the body."""
        return self._range

    @property
    def consumed(self) -> bool:
        """Was it read, and cannot be set back?"""
        return self._is_begun and self._start is None

    async def write(self, writer: PayloadWriter) -> None:
        """Read the file and write what it gives.

        Raises TypeError if that is not bytes, ValueError if it is less than was announced.
        """
        if self._range is not None and hasattr(os, "pread"):
            await _write_range(self._range, writer)
            return
        await self._begin()
        read = self._reader()
        missing = self._size
        while missing is None or missing:
            size = _READ_BYTES if missing is None else min(missing, _READ_BYTES)
            piece = self._bytes(await self._call(read, size))
            if not piece:
                if missing is None:
                    return
                raise _became_shorter(self._size or 0, missing)
            await writer.write(piece)
            if missing is not None:
                missing -= len(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The rest of the file as text; reads it at once, so not for the event loop's thread."""
        self._is_begun = True
        if self._start is not None:
            self._value.seek(self._start)
        return str(self._bytes(self._value.read()), encoding, errors)

    async def _begin(self) -> None:
        """Go to where the file stood at first, if that is possible."""
        self._is_begun = True
        if self._start is not None:
            await self._call(self._value.seek, self._start)

    def _range_of(self, value: IO[Any]) -> FileRange | None:
        return _regular_range(value)

    def _reader(self) -> Callable[[int], Any]:
        read: Callable[[int], Any] = self._value.read
        if type(self._value) is BufferedReader and self._range is None:
            read = self._value.read1  # a pipe gives what there is
        return read

    def _bytes(self, piece: object) -> bytes:
        if not isinstance(piece, bytes):  # None: it was opened to not wait for bytes
            raise TypeError(f"a file for a body must give bytes, not {type(piece).__name__}")
        return piece

    async def _call(self, function: Callable[[int], _T], argument: int) -> _T:
        """Call what may block, where it blocks nobody else."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, function, argument)


class _Descriptor:
    """A descriptor of our own, which is open as long as anybody has use for it.

    The caller may close his, and its number be given to another file; and who is cancelled leaves
    a thread behind that still reads.
    """

    __slots__ = ("_number",)

    def __init__(self, number: int) -> None:
        self._number = number

    def read(self, size: int, start: int) -> bytes:
        """Bytes from there on, wherever the file stands."""
        return os.pread(self._number, size, start)

    def __del__(self) -> None:
        os.close(self._number)


async def _write_range(part: FileRange, writer: PayloadWriter) -> None:
    """Read a part of a regular file and write it; others may read the same file meanwhile."""
    loop = asyncio.get_running_loop()
    descriptor = _Descriptor(os.dup(part.file.fileno()))
    position, end = part.start, part.start + part.size
    while position < end:
        size = min(end - position, _READ_BYTES)
        piece = await loop.run_in_executor(None, descriptor.read, size, position)
        if not piece:
            raise _became_shorter(part.size, end - position)
        position += len(piece)
        await writer.write(piece)
    if not part.file.closed:
        part.file.seek(end)


def _became_shorter(size: int, missing: int) -> ValueError:
    got = size - missing
    return ValueError(f"file became shorter: {size} bytes were announced, got {got}")


class BufferedReaderPayload(IOBasePayload):
    """A file as `open` gives it in binary mode."""


class BytesIOPayload(IOBasePayload):
    """A file in memory, from where it stands to its end."""

    async def _call(self, function: Callable[[int], _T], argument: int) -> _T:
        return function(argument)


class TextIOPayload(IOBasePayload):
    """A file of text, from where it stands to its end, written in `encoding`.

    Without `encoding` that is the charset of `content_type` or of a Content-Type among `headers`,
    and without one UTF-8. Raises LookupError for an encoding that Python does not know.
    """

    _default_content_type = "text/plain"

    def __init__(
        self,
        value: TextIO,
        disposition: str | None = "attachment",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        if headers is not None:
            headers = CIMultiDict(headers)
        encoding, content_type = text_encoding(encoding, content_type, headers)
        "".encode(encoding)  # refuses now what is no encoding of text
        self._encoder = codecs.getincrementalencoder(encoding)
        super().__init__(value, disposition, headers, content_type, filename, encoding)

    async def write(self, writer: PayloadWriter) -> None:
        """Read the file and write what it gives, encoded. TypeError if that is not text."""
        await self._begin()
        encoder = self._encoder()  # one for all pieces: some begin with a mark, or have a state
        while text := self._text(await self._call(self._value.read, _READ_BYTES)):
            await writer.write(encoder.encode(text))
        if end := encoder.encode("", True):
            await writer.write(end)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The rest of the file as it is; reads it at once, so not for the event loop's thread."""
        self._is_begun = True
        if self._start is not None:
            self._value.seek(self._start)
        return str(self._value.read())

    def _range_of(self, value: IO[Any]) -> FileRange | None:
        return None

    def _text(self, piece: object) -> str:
        if not isinstance(piece, str):
            raise TypeError(f"a file of text must give str, not {type(piece).__name__}")
        return piece


def text_encoding(
    encoding: str | None, content_type: str | None, headers: Mapping[str, str] | None
) -> tuple[str, str]:
    """How text is encoded, and the media type that says so."""
    if content_type is None and headers is not None:
        content_type = headers.get(CONTENT_TYPE)
    if content_type is None:
        encoding = encoding or "utf-8"
        return encoding, f"text/plain; charset={encoding}"
    if encoding is None:
        encoding = media_type(content_type.encode("utf-8", "replace")).charset or "utf-8"
    return encoding, content_type


def guessed_filename(value: object) -> str | None:
    """The name of a file without its folder; None if it has none that could be told."""
    name = getattr(value, "name", None)
    if not isinstance(name, str) or not name or (name[0] == "<" and name[-1] == ">"):
        return None
    name = PurePath(name).name
    try:
        name.encode()
    except UnicodeEncodeError:  # a name that is not UTF-8
        return None
    return None if has_control_character(name) else name


def has_control_character(text: str) -> bool:
    """Is there one in it that no header can carry?"""
    return any(letter < " " or letter == "\x7f" for letter in text)


def _position(value: IO[Any]) -> int | None:
    """Where a file stands, if it can be set back to there."""
    try:
        return value.tell() if value.seekable() else None
    except (AttributeError, OSError, ValueError):
        return None


def _size_in_memory(value: IO[Any]) -> int | None:
    if not isinstance(value, BytesIO):
        return None
    return max(0, value.getbuffer().nbytes - value.tell())


def _regular_range(value: IO[Any]) -> FileRange | None:
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
