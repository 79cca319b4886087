"""Response bytes -> events: the Python twin, and the reference for the compiled one.

The same few steps in both: wait for a whole head, cut it in one pass, ask `framing` how long the
body is, then count or un-chunk it. Nothing is decided here but where a piece begins and ends; what
is refused is refused without a reason, and `diagnosis` finds the words for it.

Two things have a short way here, because each step costs time in Python: a head that comes whole
and has nothing unusual (`_plain_head`), and chunks of a few bytes (`_small_chunks`). Neither
refuses anything: what it does not take is left to the steps, which alone know all of the grammar.

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
from itertools import accumulate, islice

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
# A head with nothing in it that needs a second look: good lines, none of which goes on with the one
# before, up to the first empty one. Possessive quantifiers: what fits has only one way to fit.
_PLAIN_HEAD = re.compile(
    rb"HTTP/1\.([0-9]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*+))?\r?+\n"
    rb"((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r?+\n)*+\r?+\n)"
)
_START = b"HTTP/1."
_BLANKS = b" \t"
_MAX_CHUNK_SIZE = 2**63 - 1
# Lower-case names of the fields that ResponseHead singles out.
_SINGLED_OUT = frozenset(
    {
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"keep-alive",
        b"location",
        b"set-cookie",
        b"transfer-encoding",
    }
)
# A field of these in a plain head, with the line end before it. (In bytes, (?i) is about ASCII.)
_SINGLED_OUT_LINE = re.compile(
    rb"(?i)\n(%s):[ \t]*+([^\r\n]*+)" % b"|".join(map(re.escape, sorted(_SINGLED_OUT)))
)
# The usual lines of small chunks -> their sizes: 3 bytes for those below 16, 4 for the others.
_SMALL_CHUNKS = {line % size: size for size in range(1, 256) for line in (b"%x\r\n", b"%X\r\n")}


class ResponseParser:
    """The responses of one connection, one after another, from bytes in pieces of any size."""

    __slots__ = (
        "_buffer",
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
        if self._state is State.CHUNK_DATA and 0 < len(data) < self._remaining:
            piece = bytes(data)  # and in the middle of a chunk
            self._remaining -= len(piece)
            self._received += len(piece)
            return [piece]
        if self._state is State.BROKEN:
            return []
        self._buffer += data
        events: list[Event] = []
        try:
            while self._step(events):
                pass
        except ClientError as error:
            self._state = State.BROKEN
            self._buffer.clear()
            events.append(error)
        return events

    def gather(self, before: list[bytes], max_size: int) -> bool:
        """Give the rest of a body whose length is known as one piece, which begins with `before`.

        `feed` can then be given it from where it is put together, see `room`: it is not copied
        again. False if nothing changes: always from this twin, which copies what comes; from the
        other if the whole would have more than `max_size` bytes, there is no memory for it, or the
        length is not known. The other's `feed` gives the piece when it is whole, and nothing of it
        before.
        """
        return False

    @property
    def gathered(self) -> int:
        """How much of the piece is there, `before` included; 0 if none is put together."""
        return 0

    def room(self) -> memoryview | None:
        """Where what is missing of the piece can be received, to be fed from there.

        All but its last byte: what a server sends after the body must come with that, and not wait
        for the next response (RFC 9112 section 6.3). None if it can be received anywhere. What is
        received there after `stop_gathering` is copied when it is fed.
        """
        return None

    def stop_gathering(self) -> bytes:
        """What is there of the piece; the rest comes in pieces as usual."""
        return b""

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
        if state is State.TRAILERS:
            return self._trailers(events)
        return self._chunks(events)

    # --- head ---------------------------------------------------------------------------------

    def _head(self, events: list[Event]) -> bool:
        buffer, limits = self._buffer, self._limits
        if not buffer.startswith(_START):
            if not self._skip_empty_lines():
                return False
            if not (buffer.startswith(_START) or _START.startswith(buffer)):
                raise diagnosis.bad_start(bytes(buffer))
        there = len(buffer)
        # Most heads come whole and are plain. Only the first piece is tried, so that a head in many
        # pieces costs linear time.
        head = self._plain_head() if not self._scanned else None
        if head is None:
            size = self._section_end()
            if size > limits.max_head_size or (not size and there >= limits.max_head_size):
                raise diagnosis.head_too_large(limits)
            if not size:
                return False
            head = self._cut(self._take(size))
        size = there - len(buffer)
        length = body_length(head, self._method)
        events.append(head)
        if head.status < 200 and head.status != 101:
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

    def _plain_head(self) -> ResponseHead | None:
        """Take a head that is there whole, is plain and surely passes no limit; None if it is not.

        What `_section_end` and `_cut` would give in many steps; they look at all the others.
        """
        buffer, limits = self._buffer, self._limits
        plain = _PLAIN_HEAD.match(buffer)
        if plain is None:
            return None
        size = plain.end()  # no line and no field is larger
        fields = buffer.count(b"\n", 0, size) - 2
        if (
            size > limits.max_field_size
            or size > limits.max_line_size
            or size > limits.max_head_size
            or fields > limits.max_headers
        ):
            return None
        self._fields = fields
        singled_out: dict[bytes, bytes] = {}
        for name, value in _SINGLED_OUT_LINE.findall(buffer, plain.start(4) - 1, size):
            _single_out(singled_out, name.lower(), value.rstrip(_BLANKS))
        head = _head_of(plain, plain[4], singled_out)
        del buffer[:size]
        return head

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
        return _head_of(line, section, singled_out)

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
                _single_out(singled_out, lower, value)
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

    def _chunks(self, events: list[Event]) -> bool:
        """Take all the chunks and parts of chunks that are there, as far as the last chunk."""
        data = bytes(self._buffer)
        pieces: list[bytes] = []  # each ends a chunk, except perhaps the last
        cut_off = 0  # how many do not
        at = 0
        try:
            while at < len(data):
                state = self._state
                if state is State.CHUNK_LINE:
                    used = self._small_chunks(data, at, pieces) or self._chunk_line(data, at)
                elif state is State.CHUNK_DATA:
                    piece = data[at : at + self._remaining]
                    pieces.append(piece)
                    used = len(piece)
                    self._remaining -= used
                    if self._remaining:
                        cut_off = 1
                    else:
                        self._state = State.CHUNK_END
                elif state is State.CHUNK_END:
                    used = _line_end(data, at)
                    if used:
                        self._state = State.CHUNK_LINE
                else:
                    break
                if not used:
                    break
                at += used
        finally:  # what came before an error is given, too
            self._give(pieces, len(pieces) - cut_off, events)
        del self._buffer[:at]
        return self._state is State.TRAILERS

    def _give(self, pieces: list[bytes], whole: int, events: list[Event]) -> None:
        """Give pieces of chunks as one piece of body: chunks may be tiny."""
        if not pieces:
            return
        body = b"".join(pieces)
        self._received += len(body)
        events.append(body)
        if whole:
            ends = accumulate(map(len, pieces))
            events.append(ChunkEnds(tuple(islice(ends, min(whole, MAX_CHUNK_ENDS)))))

    def _small_chunks(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Take small chunks that are there whole; how many bytes that was.

        A body may have one for each of its bytes, so this does in one turn what is three steps
        else. It is right because it takes only what the steps would take: a size of one or two
        digits and CRLF, so much data, CRLF. Whatever is different is left to them.
        """
        if len(data) - at < 6 or self._limits.max_chunk_line_size < 4:
            return 0  # less than a chunk of one byte, or no room for the lines of the table
        start = at
        size_of = _SMALL_CHUNKS.get
        append = pieces.append
        while True:
            begin = at + 3
            if not (size := size_of(data[at:begin])):
                begin = at + 4
                if not (size := size_of(data[at:begin])):
                    break
            end = begin + size
            if data[end : end + 2] != b"\r\n":
                break
            append(data[begin:end])
            at = end + 2
        return at - start

    def _chunk_line(self, data: bytes, at: int) -> int:
        """Take a chunk-size line; its size, 0 if it is not there whole."""
        limits = self._limits
        end = data.find(b"\n", at, at + limits.max_chunk_line_size) + 1
        if not end:
            if len(data) - at >= limits.max_chunk_line_size:
                raise diagnosis.chunk_line_too_long(limits, data[at : at + 200])
            return 0
        line = data[at:end]
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
        return len(line)

    def _trailers(self, events: list[Event]) -> bool:
        buffer = self._buffer
        if buffer[0] in (0x0D, 0x0A):
            size = _line_end(buffer, 0)
            if not size:
                return False
            del buffer[:size]
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
            events.append(Trailers(FieldSection(section)))
        events.append(self._end())
        return True


def _single_out(singled_out: dict[bytes, bytes], name: bytes, value: bytes) -> None:
    # RFC 9110 section 5.3: lines of the same name may be joined with commas.
    before = singled_out.get(name)
    singled_out[name] = value if before is None else before + b", " + value


def _head_of(
    line: re.Match[bytes], section: bytes, singled_out: dict[bytes, bytes]
) -> ResponseHead:
    """A head from the first three groups of a status line, and its fields."""
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
        get(b"keep-alive"),
        b"set-cookie" in singled_out,
    )


def _line_end(data: BytesLike, at: int) -> int:
    """The size of the CRLF that is here, 0 if only its CR is (RFC 9112 section 7.1).

    Raises ClientPayloadError for anything else.
    """
    end = bytes(data[at : at + 2])
    if not b"\r\n".startswith(end):
        raise diagnosis.bad_chunk_end(end)
    return 2 if len(end) == 2 else 0
