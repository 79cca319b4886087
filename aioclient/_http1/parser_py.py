"""Response bytes -> events: the Python twin, and the reference for the compiled one.

The same few steps in both: wait for a whole head, cut it in one pass, ask `framing` how long the
body is, then count or un-chunk it. Nothing is decided here but where a piece begins and ends; what
is refused is refused without a reason, and `diagnosis` finds the words for it.

Grammar (RFC 9112; ``line-end`` is CRLF or a lone LF, section 2.2)::

    head         = *line-end status-line *field-line line-end
    status-line  = "HTTP/1." DIGIT SP 3DIGIT [ SP reason ] line-end
    field-line   = token ":" OWS value OWS *( line-end 1*( SP / HTAB ) value OWS ) line-end
    value        = *( HTAB / SP / VCHAR / obs-text )
    chunked-body = *( chunk-size [ *( SP / HTAB ) ] [ ";" value ] CRLF data CRLF )
                   1*"0" [ ... ] CRLF ( CRLF / *field-line line-end )
"""

import re
from enum import IntEnum

from aioclient._aliases import BytesLike
from aioclient._http.events import (
    CHUNKED,
    END_OF_MESSAGE,
    UNTIL_CLOSE,
    ChunkEnds,
    Event,
    FieldSection,
    ResponseHead,
    Trailers,
)
from aioclient._http.fields_py import split_fields
from aioclient._http1 import diagnosis
from aioclient._http1.framing import body_length
from aioclient._http1.limits import DEFAULT_LIMITS, MAX_CHUNK_ENDS, Limits
from aioclient.errors import ClientError


class State(IntEnum):
    """What the next byte belongs to."""

    IDLE = 0
    HEAD = 1
    COUNTED_BODY = 2
    BODY_UNTIL_CLOSE = 3
    CHUNK_LINE = 4
    CHUNK_DATA = 5
    CHUNK_END = 6
    TRAILERS = 7
    BROKEN = 8


_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?\r?\n")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
# Control characters other than HTAB and line ends, or a CR that no LF follows.
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_START = b"HTTP/1."
_MAX_CHUNK_SIZE = 2**63 - 1
# Lower-case names of the fields that ResponseHead singles out.
_SINGLED_OUT = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"location",
        b"set-cookie",
        b"transfer-encoding",
    }
)


class ResponseParser:
    """The responses of one connection, one after another, from bytes in pieces of any size."""

    __slots__ = (
        "_buffer",
        "_chunk_ends",
        "_chunks",
        "_chunks_size",
        "_empty_lines",
        "_expected",
        "_extensions",
        "_fields",
        "_informational",
        "_limits",
        "_method",
        "_read_until_eof",
        "_received",
        "_remaining",
        "_scanned",
        "_state",
        "_trailer_room",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._state = State.IDLE
        self._method = ""
        self._read_until_eof = True
        self._scanned = 0
        self._empty_lines = 0
        self._informational = 0
        self._fields = 0
        self._expected = 0
        self._extensions = 0
        self._received = 0
        self._remaining = 0
        self._trailer_room = 0
        self._chunks: list[bytes] = []
        self._chunks_size = 0
        self._chunk_ends: list[int] = []

    @property
    def surplus(self) -> int:
        """How many bytes came after the end of the response."""
        return len(self._buffer) if self._state is State.IDLE else 0

    def start(self, method: str, limits: Limits | None = None, read_until_eof: bool = True) -> None:
        """Expect the response to a request with this method, unless a response broke the rules.

        `limits` replace those from before. Without `read_until_eof` a response that says nothing
        of its length has no body.
        """
        if self._state is State.BROKEN:
            return
        if limits is not None:
            self._limits = limits
        self._method = method
        self._read_until_eof = read_until_eof
        self._state = State.HEAD
        self._scanned = 0
        self._empty_lines = 0
        self._informational = 0

    def feed(self, data: BytesLike) -> list[Event]:
        """Take bytes as they came; give the events that they complete.

        If the bytes break a rule, the exception that says so is the last event, and nothing is
        parsed any more.
        """
        if self._state is State.COUNTED_BODY and len(data) <= self._remaining:
            return self._count(bytes(data))  # the buffer is empty while a body is counted
        if self._state is State.BROKEN:
            return []
        self._buffer += data
        events: list[Event] = []
        try:
            while self._step(events):
                pass
            self._flush_chunks(events)
        except ClientError as error:
            self._flush_chunks(events)
            self._state = State.BROKEN
            self._buffer.clear()
            events.append(error)
        return events

    def feed_eof(self) -> list[Event]:
        """Take the end of the connection: it ends the response, or cuts it off."""
        state, self._state = self._state, State.BROKEN
        if state is State.BODY_UNTIL_CLOSE:
            self._state = State.IDLE
            return [END_OF_MESSAGE]
        if state is State.HEAD:
            return [diagnosis.cut_off_head(bytes(self._buffer))]
        if state is State.COUNTED_BODY:
            return [diagnosis.cut_off_body(self._expected - self._remaining, self._expected)]
        if state in (State.IDLE, State.BROKEN):
            return []
        return [diagnosis.cut_off_body(self._received, None)]

    def _step(self, events: list[Event]) -> bool:
        """Take one part off the buffer; False if it is not complete yet."""
        state = self._state
        if not self._buffer or state is State.IDLE or state is State.BROKEN:
            return False
        if state is State.HEAD:
            return self._head(events)
        if state is State.COUNTED_BODY:
            piece = self._take(min(self._remaining, len(self._buffer)))
            events.extend(self._count(piece))
            return True
        if state is State.BODY_UNTIL_CLOSE:
            events.append(self._take(len(self._buffer)))
            return False
        if state is State.CHUNK_LINE:
            return self._chunk_line()
        if state is State.CHUNK_DATA:
            return self._chunk_data()
        if state is State.CHUNK_END:
            return self._chunk_end()
        return self._trailers(events)

    # --- head ---------------------------------------------------------------------------------

    def _head(self, events: list[Event]) -> bool:
        if not self._skip_empty_lines():
            return False
        buffer = self._buffer
        if not (buffer.startswith(_START) or _START.startswith(buffer)):
            raise diagnosis.bad_start(bytes(buffer))
        limits = self._limits
        size = self._section_end()
        if size > limits.max_head_size or (not size and len(buffer) >= limits.max_head_size):
            raise diagnosis.head_too_large(limits)
        if not size:
            return False
        head = self._cut(self._take(size))
        length = body_length(head, self._method)
        events.append(head)
        if head.status < 200:
            self._informational += 1
            if self._informational > limits.max_informational:
                raise diagnosis.too_many_informational(limits)
        elif length == 0 or (length == UNTIL_CLOSE and not self._read_until_eof):
            events.append(self._end())
        elif length == CHUNKED:
            self._received = 0
            self._extensions = 0
            self._trailer_room = min(limits.max_trailer_size, limits.max_head_size - size)
            self._state = State.CHUNK_LINE
        elif length == UNTIL_CLOSE:
            self._state = State.BODY_UNTIL_CLOSE
        else:
            self._expected = self._remaining = length
            self._state = State.COUNTED_BODY
        return True

    def _skip_empty_lines(self) -> bool:
        buffer = self._buffer
        while buffer.startswith((b"\r", b"\n")):
            if buffer[0] == 0x0D and len(buffer) == 1:
                return False
            if buffer[0] == 0x0D and buffer[1] != 0x0A:
                raise diagnosis.bad_start(bytes(buffer))
            del buffer[: 1 if buffer[0] == 0x0A else 2]
            self._empty_lines += 1
            if self._empty_lines > self._limits.max_empty_lines:
                raise diagnosis.too_many_empty_lines(self._limits)
        return bool(buffer)

    def _section_end(self) -> int:
        """The size of the section at the start of the buffer, empty line included; 0 if partial."""
        buffer, start = self._buffer, self._scanned
        crlf = buffer.find(b"\n\r\n", start)
        lf = buffer.find(b"\n\n", start, crlf + 1 if crlf >= 0 else len(buffer))
        if lf >= 0:
            return lf + 2
        if crlf >= 0:
            return crlf + 3
        self._scanned = max(0, len(buffer) - 2)
        return 0

    def _cut(self, head: bytes) -> ResponseHead:
        limits = self._limits
        self._scanned = 0
        line = _STATUS_LINE.match(head)
        if line is None:
            raise diagnosis.bad_head(head)
        section = head[line.end() :]
        self._fields = 0
        singled_out = self._check_fields(section, head)
        line_bytes = head[: line.end()].rstrip(b"\r\n")
        if len(line_bytes) > limits.max_line_size:
            raise diagnosis.line_too_long(limits, line_bytes)
        get = singled_out.get
        return ResponseHead(
            int(line[2]),
            (line[3] or b"").decode("utf-8", "surrogateescape"),
            int(line[1]),
            FieldSection(section),
            get(b"content-length"),
            get(b"transfer-encoding"),
            get(b"connection"),
            get(b"content-type"),
            get(b"content-encoding"),
            get(b"location"),
            b"set-cookie" in singled_out,
        )

    def _check_fields(self, section: bytes, head: bytes) -> dict[bytes, bytes]:
        """Check every field of a section; give those that ResponseHead singles out, joined.

        `head` is for the diagnosis; it is empty for a trailer section. A broken rule of the grammar
        is reported before a limit that was passed.
        """
        limits = self._limits
        singled_out: dict[bytes, bytes] = {}
        too_long: bytes | None = None
        # White space before the first field: nothing that it could continue (section 2.2).
        if section[:1] in (b" ", b"\t") or _FORBIDDEN.search(section):
            raise diagnosis.bad_head(head) if head else diagnosis.bad_trailers(section)
        for name, value in split_fields(section):
            if _TOKEN.fullmatch(name) is None:
                raise diagnosis.bad_head(head) if head else diagnosis.bad_trailers(section)
            self._fields += 1
            if too_long is None and len(name) + len(value) > limits.max_field_size:
                too_long = name
            lower = name.lower()
            if lower in _SINGLED_OUT:
                # RFC 9110 section 5.3: lines of the same name may be joined with commas.
                before = singled_out.get(lower)
                singled_out[lower] = value if before is None else before + b", " + value
        if too_long is not None:
            raise diagnosis.field_too_long(limits, too_long, in_trailers=not head)
        if self._fields > limits.max_headers:
            raise diagnosis.too_many_fields(limits, in_trailers=not head)
        return singled_out

    # --- body ---------------------------------------------------------------------------------

    def _take(self, size: int) -> bytes:
        buffer = self._buffer
        taken = bytes(memoryview(buffer)[:size])
        del buffer[:size]
        return taken

    def _count(self, piece: bytes) -> list[Event]:
        self._remaining -= len(piece)
        if self._remaining:
            return [piece] if piece else []
        return [piece, self._end()]

    def _end(self) -> Event:
        self._state = State.IDLE
        return END_OF_MESSAGE

    def _chunk_line(self) -> bool:
        buffer, limits = self._buffer, self._limits
        size = buffer.find(b"\n", 0, limits.max_chunk_line_size) + 1
        if not size:
            if len(buffer) >= limits.max_chunk_line_size:
                raise diagnosis.chunk_line_too_long(limits, bytes(buffer[:200]))
            return False
        line = self._take(size)
        match = _CHUNK_LINE.fullmatch(line)
        chunk_size = int(match[1], 16) if match is not None else -1
        if not 0 <= chunk_size <= _MAX_CHUNK_SIZE:
            raise diagnosis.bad_chunk_line(line)
        if b";" in line:
            self._extensions += len(line) - line.index(b";") - 2
            if self._extensions > limits.max_chunk_ext_size:
                raise diagnosis.chunk_extensions_too_large(limits)
        self._remaining = chunk_size
        self._state = State.CHUNK_DATA if chunk_size else State.TRAILERS
        return True

    def _chunk_data(self) -> bool:
        piece = self._take(min(self._remaining, len(self._buffer)))
        self._chunks.append(piece)
        self._chunks_size += len(piece)
        self._received += len(piece)
        self._remaining -= len(piece)
        if not self._remaining:
            self._state = State.CHUNK_END
            if len(self._chunk_ends) < MAX_CHUNK_ENDS:
                self._chunk_ends.append(self._chunks_size)
        return True

    def _chunk_end(self) -> bool:
        end = self._buffer[:2]
        if not b"\r\n".startswith(end):  # RFC 9112 section 7.1: both bytes, nothing else
            raise diagnosis.bad_chunk_end(bytes(end))
        if len(end) < 2:
            return False
        self._take(2)
        self._state = State.CHUNK_LINE
        return True

    def _trailers(self, events: list[Event]) -> bool:
        buffer = self._buffer
        if buffer[0] in (0x0D, 0x0A):
            end = buffer[:2]
            if not b"\r\n".startswith(end):
                raise diagnosis.bad_chunk_end(bytes(end))
            if len(end) < 2:
                return False
            self._take(2)
        else:
            size = self._section_end()
            room = self._trailer_room
            if size > room or (not size and len(buffer) >= room):
                raise diagnosis.trailers_too_large(self._limits, room)
            if not size:
                return False
            self._scanned = 0
            section = self._take(size)
            self._check_fields(section, b"")
            self._flush_chunks(events)
            events.append(Trailers(FieldSection(section)))
        self._flush_chunks(events)
        events.append(self._end())
        return True

    def _flush_chunks(self, events: list[Event]) -> None:
        """Give what came in chunks since the last feed as one piece: chunks may be tiny."""
        if self._chunks:
            events.append(self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks))
            self._chunks.clear()
            self._chunks_size = 0
            if self._chunk_ends:
                events.append(ChunkEnds(tuple(self._chunk_ends)))
                self._chunk_ends.clear()
