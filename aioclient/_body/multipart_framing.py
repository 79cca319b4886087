"""Where the parts of a multipart body begin and end: delimiter lines, heads, bytes between them.

One `Framing` goes over a stream once. It reads ahead at most one piece, looks for the delimiter
from where it last stopped looking, and hands out what is certain to be body; of the rest it holds
back only what may be the beginning of a delimiter line. A step hands out bytes, takes more from the
stream, or raises. So time is linear in what came, memory is about one piece, and nothing loops on
input that has ended.

What is a delimiter, where composers and readers disagree:

- A whole line: boundary, blanks, line end. A line that goes on differently is body, so that a
  boundary may be the beginning of another one. (RFC 2046 section 5.1.1 lets a reader look only at
  the beginning.)
- The line end of the first delimiter line counts for the others. After CRLF, only CRLF before and
  after a boundary delimits: a line of a part that LF alone sets off is body, as for a strict
  reader. If the first ends in LF, as some programs write all their lines, LF delimits.
- After the closing delimiter everything is ignored, so there LF or nothing will do as well.

A multipart inside a part reads the bytes of that part, by a framing of its own: a delimiter of the
outer one ends it (RFC 2046 section 5.1.2), and it cannot read further.

RFC 2046 section 5.1.1 has the grammar.
"""

import re
from enum import Enum, auto
from typing import Final, Protocol

from aioclient.errors import BodyLimitError, LineTooLong, MultipartError, shown

#: A boundary is not longer (RFC 2046 section 5.1.1).
MAX_BOUNDARY_BYTES: Final = 70
#: Blanks after a boundary. Composers must not write any, gateways might.
MAX_PADDING_BYTES: Final = 256
#: What may stand before the first boundary.
MAX_PREAMBLE_BYTES: Final = 64 * 1024
#: What is read after the closing boundary, to leave the connection in order; more is left unread.
MAX_EPILOGUE_BYTES: Final = 64 * 1024
#: Multiparts inside of each other: each looks again at all bytes of those in it.
MAX_NESTING: Final = 8

_READ_BYTES: Final = 64 * 1024
_AFTER_BOUNDARY: Final = re.compile(rb"(--)?([ \t]*+)(\r?\n)?")
_BOUNDARY: Final = re.compile(r"[\x20-\x7e]*[\x21-\x7e]")
# RFC 9110 sections 5.1 and 5.5; blanks before a colon are refused, as in a response's head.
_FIELD_LINE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+")
_FOLDED_LINE: Final = re.compile(rb"[\t ][\t\x20-\x7e\x80-\xff]*+")


class ByteStream(Protocol):
    """What is read from: `StreamReader` is one, and so is `asyncio.StreamReader`."""

    async def read(self, n: int, /) -> bytes:
        """Up to `n` bytes, at least one; ``b""`` at the end."""


class _Place(Enum):
    PREAMBLE = auto()
    HEAD = auto()
    BODY = auto()
    EPILOGUE = auto()


class _Line(Enum):
    BODY = auto()
    DELIMITER = auto()
    CLOSE = auto()
    UNDECIDED = auto()  # more of it has to come


def check_boundary(boundary: str) -> bytes:
    """The boundary parameter as bytes. Raises MultipartError if it cannot be one."""
    if len(boundary) > MAX_BOUNDARY_BYTES:
        raise MultipartError(
            f"the boundary {boundary[:100]!r} has {len(boundary)} characters, at most "
            f"{MAX_BOUNDARY_BYTES} are allowed (MAX_BOUNDARY_BYTES)"
        )
    # RFC 2046 section 5.1.1 allows fewer characters; servers use others, and they do no harm.
    if _BOUNDARY.fullmatch(boundary) is None:
        raise MultipartError(f"not a boundary: {boundary!r}")
    return boundary.encode("ascii")


class Framing:
    """Goes over the parts of one stream.

    Methods that wait may be cancelled: the next call goes on where that one was. After an error,
    the next call raises the same.
    """

    __slots__ = (
        "_at",
        "_content",
        "_dash_boundary",
        "_data",
        "_delimiter",
        "_epilogue_bytes",
        "_field_bytes",
        "_has_ended",
        "_head",
        "_is_line_start",
        "_line_end",
        "_next_place",
        "_place",
        "_preamble_bytes",
        "_safe",
    )

    def __init__(self, boundary: bytes, content: ByteStream) -> None:
        self._content = content
        self._dash_boundary = b"--" + boundary
        # Until the first delimiter line has shown how lines end, LF is what all have in common.
        self._delimiter = b"\n--" + boundary
        self._data = b""
        self._at = 0  # bytes of `_data` before this are gone
        self._safe = 0  # bytes of `_data` before this are no part of a delimiter line
        self._has_ended = False
        self._place = _Place.PREAMBLE
        self._next_place: _Place | None = None  # what begins at `_line_end`, once that is known
        self._line_end = 0
        self._is_line_start = True
        self._head: list[bytes] = []
        self._field_bytes = 0
        self._preamble_bytes = 0
        self._epilogue_bytes = 0

    @property
    def is_closed(self) -> bool:
        """Has the closing delimiter been taken?"""
        return self._place is _Place.EPILOGUE

    @property
    def is_at_end_of_body(self) -> bool:
        """Has the delimiter behind the body been seen, and everything before it been taken?"""
        if self._place is _Place.BODY:
            return self._next_place is not None and self._safe == self._at
        return self._place is not _Place.PREAMBLE

    def begin_in_body(self) -> None:
        """Say that the stream begins with the body of a part. Lines end with CRLF then."""
        self._delimiter = b"\r" + self._delimiter
        self._begin_body()

    async def skip_preamble(self) -> None:
        """Go to the first head, or to the end if there are no parts."""
        while piece := await self._until_delimiter(_Place.PREAMBLE):
            self._preamble_bytes += len(piece)
            if self._preamble_bytes > MAX_PREAMBLE_BYTES:
                raise BodyLimitError(
                    f"more than {MAX_PREAMBLE_BYTES} bytes before the first boundary "
                    f"{shown(self._dash_boundary)} (MAX_PREAMBLE_BYTES)",
                    limit="MAX_PREAMBLE_BYTES",
                    limit_value=MAX_PREAMBLE_BYTES,
                )

    async def read_head(self, max_field_size: int, max_headers: int) -> bytes:
        """The field lines of a part's head, each ending with LF, and an empty line.

        A line ends with LF, a CR before it belongs to its end: as in the head of a response.
        """
        if self._place is not _Place.HEAD:
            raise RuntimeError("no part begins here: the one before has to be read or skipped")
        while True:
            end = await self._line(max_field_size)
            line = self._data[self._at : end - 1].removesuffix(b"\r")
            self._check_head_line(line, max_field_size, max_headers)
            self._at = self._safe = end
            if not line:
                break
            self._head.append(line)
        lines, self._head = self._head, []
        self._begin_body()
        return b"".join([line + b"\n" for line in lines]) + b"\n"

    async def read_body(self) -> bytes:
        """Some bytes of the body of the part; ``b""`` if it is at its end."""
        return await self._until_delimiter(_Place.BODY)

    async def skip_part(self) -> None:
        """Go on behind the next delimiter line, also from within a head."""
        if self._place is _Place.HEAD:
            self._head.clear()
            self._begin_body()
        while await self.read_body():
            pass

    async def skip_epilogue(self) -> None:
        """Read to the end of the stream, if that is not far."""
        while not self._has_ended and self._epilogue_bytes <= MAX_EPILOGUE_BYTES:
            self._data = b""
            self._at = self._safe = 0
            await self._fill()
            self._epilogue_bytes += len(self._data)

    # --- inside ----------------------------------------------------------------------------------

    def _begin_body(self) -> None:
        self._place = _Place.BODY
        self._is_line_start = True

    async def _fill(self) -> bool:
        """Take a piece from the stream; False if it has ended."""
        if self._has_ended:
            return False
        piece = await self._content.read(_READ_BYTES)
        if piece:
            rest = self._data[self._at :]
            self._data = rest + piece if rest else piece
            self._safe -= self._at
            self._at = 0
        else:
            self._has_ended = True
        return bool(piece)

    async def _until_delimiter(self, place: _Place) -> bytes:
        """What is before the next delimiter line, in pieces; ``b""``, and behind that line."""
        if self._place is not place:
            return b""
        while True:
            if self._next_place is None:
                self._scan()
            if self._safe > self._at:
                piece = self._data[self._at : self._safe]
                self._at = self._safe
                return piece
            if self._next_place is not None:
                if place is _Place.PREAMBLE and self._data.endswith(b"\r\n", 0, self._line_end):
                    self._delimiter = b"\r" + self._delimiter
                self._at = self._safe = self._line_end
                self._place, self._next_place = self._next_place, None
                return b""
            if not await self._fill():
                # Once more, now that it is known to be all. What is left may be body, or the end.
                self._scan()
                if self._safe == self._at and self._next_place is None:
                    raise self._cut_off()

    def _scan(self) -> None:
        """Find out how far the data is body, and which delimiter line follows."""
        data = self._data
        if self._is_line_start:
            start = self._at
            after = start + len(self._dash_boundary)
            is_short = len(data) < after and not self._has_ended
            if is_short and self._dash_boundary.startswith(data[start:]):
                return
            if data.startswith(self._dash_boundary, start) and self._judge(start, after):
                return
            self._is_line_start = False
        delimiter = self._delimiter
        while True:
            start = data.find(delimiter, self._safe)
            if start < 0:
                break
            if self._judge(start, start + len(delimiter)):
                return
        # The first byte of a delimiter is not in the rest of it, so one place is in question.
        start = data.rfind(delimiter[:1], max(self._safe, len(data) - len(delimiter) + 1))
        may_begin = start >= 0 and not self._has_ended and delimiter.startswith(data[start:])
        self._safe = start if may_begin else len(data)

    def _judge(self, start: int, after: int) -> bool:
        """Is this the delimiter that was looked for, or may it be? A boundary ends at `after`."""
        kind = self._line_kind(after)
        if kind is _Line.BODY:
            self._safe = after  # no other delimiter begins inside of one
            return False
        self._safe = start
        if kind is not _Line.UNDECIDED:
            self._next_place = _Place.EPILOGUE if kind is _Line.CLOSE else _Place.HEAD
        return True

    def _line_kind(self, after: int) -> _Line:
        """What kind of line has a boundary that ends at `after`."""
        found = _AFTER_BOUNDARY.match(self._data, after)
        if found is None:  # never: it also matches nothing at all
            return _Line.BODY
        dashes, padding, line_end = found.groups()
        if len(padding) > MAX_PADDING_BYTES:
            raise BodyLimitError(
                f"more than {MAX_PADDING_BYTES} blanks after a boundary (MAX_PADDING_BYTES)",
                limit="MAX_PADDING_BYTES",
                limit_value=MAX_PADDING_BYTES,
            )
        self._line_end = found.end()
        is_lf_enough = dashes is not None or self._delimiter.startswith(b"\n")
        if line_end == b"\r\n" or (line_end == b"\n" and is_lf_enough):
            return _Line.DELIMITER if dashes is None else _Line.CLOSE
        rest = self._data[found.end() : found.end() + 2]
        if line_end is not None or rest not in (b"", b"\r", b"-"):
            return _Line.BODY
        if not self._has_ended:
            is_half_close = dashes is None and not padding
            return _Line.BODY if rest == b"-" and not is_half_close else _Line.UNDECIDED
        # RFC 2046 section 5.1.1: the closing line may be the last, without an end.
        return _Line.CLOSE if dashes is not None and not rest else _Line.BODY

    async def _line(self, max_field_size: int) -> int:
        """Where the line ends that begins here."""
        while (end := self._data.find(b"\n", self._at)) < 0:
            if len(self._data) - self._at > max_field_size + 1:
                raise _field_too_long(self._data[self._at :], max_field_size)
            if not await self._fill():
                raise self._cut_off()
        return end + 1

    def _check_head_line(self, line: bytes, max_field_size: int, max_headers: int) -> None:
        """Raise if a line must not be in a head."""
        if not line:
            return
        boundary = self._dash_boundary
        if line.startswith(boundary) and not line[len(boundary) :].removeprefix(b"--").strip():
            raise MultipartError(f"the head of a part is cut off by the boundary {shown(boundary)}")
        size = len(line)
        if _FIELD_LINE.fullmatch(line) is None:
            # RFC 5322 section 2.2.3: a line that begins with a blank goes on with the one before.
            if not self._head or _FOLDED_LINE.fullmatch(line) is None:
                raise MultipartError(f"malformed line in the head of a part: {shown(line)}")
            size += self._field_bytes
        if size > max_field_size:
            raise _field_too_long(line, max_field_size)
        if len(self._head) >= max_headers:
            raise BodyLimitError(
                f"more than {max_headers} lines in the head of a part (max_headers)",
                limit="max_headers",
                limit_value=max_headers,
            )
        self._field_bytes = size

    def _cut_off(self) -> MultipartError:
        boundary = shown(self._dash_boundary)
        if self._place is _Place.PREAMBLE:
            return MultipartError(f"the body has no boundary {boundary}")
        where = "the head" if self._place is _Place.HEAD else "the body"
        return MultipartError(
            f"multipart body is cut off: it ends within {where} of a part, without {boundary}"
        )


class PartBody:
    """The body of one part, as a stream: no more can be read from it than the part has."""

    __slots__ = (
        "_failure",
        "_framing",
        "_front",
        "_front_at",
        "_is_left",
        "_is_skipped",
        "_missing",
        "depth",
    )

    def __init__(self, framing: Framing, depth: int = 0) -> None:
        self._framing = framing
        self._front = b""  # what was taken from the framing; before `_front_at` it is read
        self._front_at = 0
        self._missing: int | None = None
        self._is_left = False  # has the reader gone on?
        self._is_skipped = False  # before all was read
        self._failure: MultipartError | None = None
        #: In how many other parts this one is.
        self.depth = depth

    def expect(self, length: int) -> None:
        """Say how long the body claims to be, before it is read.

        It then ends when so much was read, without a wait for the delimiter. That another length is
        wrong shows where it does, at the latest when the part is left.
        """
        self._missing = length

    @property
    def is_at_end(self) -> bool:
        """Is it known that there is nothing more to read?"""
        if self._front_at < len(self._front):
            return False
        if self._is_left:
            return True
        return self._framing.is_at_end_of_body if self._missing is None else self._missing == 0

    async def read(self, n: int, /) -> bytes:
        """Up to `n` bytes, at least one; ``b""`` at the end.

        Raises MultipartError if the body is cut off, RuntimeError if the part was skipped.
        """
        if not await self._has_more():
            return b""
        start = self._front_at
        taken = self._front[start : start + n]
        self._front_at += len(taken)
        return taken

    async def read_line(self, max_bytes: int) -> bytes:
        """A line with its LF, or the last without. Raises LineTooLong, having taken nothing."""
        line = bytearray()
        try:
            while await self._has_more():
                start = self._front_at
                end = self._front.find(b"\n", start) + 1
                piece = self._front[start : end or len(self._front)]
                if len(line) + len(piece) > max_bytes:
                    raise LineTooLong(
                        f"a line of a part is longer than {max_bytes} bytes (max_line_length)",
                        limit="max_line_length",
                        limit_value=max_bytes,
                    )
                self._front_at += len(piece)
                if end and not line:
                    return piece
                line += piece
                if end:
                    break
        except BaseException:
            self.put_back(line)
            raise
        return bytes(line)

    def put_back(self, data: bytes | bytearray) -> None:
        """Let the next one read `data` again, which was the last to be read."""
        start = self._front_at - len(data)
        if start >= 0 and self._front[start : self._front_at] == data:
            self._front_at = start
        else:
            self._front = bytes(data) + self._front[self._front_at :]
            self._front_at = 0

    async def leave(self) -> None:
        """Go on to what is behind the part; what was not read never will be."""
        if not self._is_left:  # perhaps this goes on where it was cancelled
            self._is_skipped = not self.is_at_end
            self._is_left = True
        self._front, self._front_at = b"", 0
        while await self._next_piece():
            pass

    async def read_to_end(self) -> None:
        """Read what is left, without keeping it."""
        while await self.read(_READ_BYTES):
            pass

    async def _has_more(self) -> bool:
        if self._front_at < len(self._front):
            return True
        if self._is_skipped:
            raise RuntimeError("this part was skipped: its reader has gone on to the next one")
        if self._missing == 0 or self._is_left:
            return False
        piece = await self._next_piece()
        self._front, self._front_at = piece, 0
        return bool(piece)

    async def _next_piece(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        piece = await self._framing.read_body()
        missing = self._missing
        if missing is not None:
            if len(piece) > missing or (missing and not piece):
                self._failure = MultipartError(
                    f"a part is {'longer' if piece else 'shorter'} than its Content-Length says, by"
                    f" at least {abs(missing - len(piece))} bytes"
                )
                raise self._failure
            self._missing = missing - len(piece)
        return piece


def _field_too_long(line: bytes, max_field_size: int) -> LineTooLong:
    return LineTooLong(
        f"a field of a part is longer than {max_field_size} bytes (max_field_size): {shown(line)}",
        limit="max_field_size",
        limit_value=max_field_size,
    )
