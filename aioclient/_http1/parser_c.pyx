# cython: language_level=3
"""Response bytes -> events: the compiled twin of parser_py, step by step the same.

The bytes are cut where they lie: in the caller's buffer while nothing is left over from before, else
in `_rest`. Every step gets the unread part as pointer and size and says how much it took, 0 if it
needs more. Offsets become pointers in h1scan.pxd only.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_GET_SIZE
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport Py_TYPE, PyObject, PyTypeObject, descrsetfunc
from libc.string cimport memchr, memcmp, memcpy

from aioclient._http.h1scan cimport (
    H1SCAN_END,
    H1SCAN_OK,
    bytes_of,
    h1scan_chunk_line,
    h1scan_field,
    h1scan_head_end,
    h1scan_result,
    h1scan_status_line,
    is_same_token,
    part_of,
    read_chunk_line,
    read_field,
    read_status_line,
    text_of,
)

from aioclient._http.events import (
    CHUNKED,
    END_OF_MESSAGE,
    UNTIL_CLOSE,
    ChunkEnds,
    ResponseHead,
    Trailers,
)
from aioclient._http.fields_py import unfold
from aioclient._http1 import diagnosis
from aioclient._http1.framing import MAX_LENGTH_DIGITS, body_length
from aioclient._http1.limits import DEFAULT_LIMITS, MAX_CHUNK_ENDS
from aioclient.errors import ClientError

_LARGEST_SIZE = <size_t>-1

# Numbers, which are the same in every interpreter.
cdef long long _CHUNKED = CHUNKED
cdef Py_ssize_t _MAX_CHUNK_ENDS = MAX_CHUNK_ENDS
cdef Py_ssize_t _MAX_LENGTH_DIGITS = MAX_LENGTH_DIGITS
cdef long long _UNTIL_CLOSE = UNTIL_CLOSE

cdef enum:
    MAX_ROOM = 1024 * 1024  # what is received at once keeps the loop busy

cdef enum State:
    IDLE
    HEAD
    COUNTED_BODY
    BODY_UNTIL_CLOSE
    CHUNK_LINE
    CHUNK_DATA
    CHUNK_END
    TRAILERS
    BROKEN


include "../_http/room.pxi"


@cython.final
@cython.freelist(4)
cdef class SingledOut:
    """The fields of a head that ResponseHead singles out."""

    cdef bytes content_length
    cdef bytes transfer_encoding
    cdef bytes connection
    cdef bytes content_type
    cdef bytes content_encoding
    cdef bytes location
    cdef bytes keep_alive
    cdef bint has_set_cookie
    cdef unsigned status


cdef enum:
    # Bit n: the name of a field that is singled out has n letters.
    SINGLED_OUT_LENGTHS = 1 << 8 | 1 << 10 | 1 << 12 | 1 << 14 | 1 << 16 | 1 << 17


# --- making a ResponseHead ------------------------------------------------------------------------

# The class is Python's. Its constructor would be a Python call for each response; what that call
# does is done here: make an object, set each slot.
_SLOTS = (
    ResponseHead.status,
    ResponseHead.reason,
    ResponseHead.minor_version,
    ResponseHead.field_section,
    ResponseHead.content_length,
    ResponseHead.transfer_encoding,
    ResponseHead.connection,
    ResponseHead.content_type,
    ResponseHead.content_encoding,
    ResponseHead.location,
    ResponseHead.keep_alive,
    ResponseHead.has_set_cookie,
)
cdef descrsetfunc _set_slot = Py_TYPE(_SLOTS[0]).tp_descr_set


cdef object new_head(SingledOut out, object reason, unsigned minor_version, bytes field_section):
    cdef type kind = ResponseHead
    cdef tuple slots = _SLOTS
    cdef tuple no_arguments = ()
    head = (<PyTypeObject *>kind).tp_new(kind, <PyObject *>no_arguments, NULL)
    _set_slot(slots[0], head, out.status)
    _set_slot(slots[1], head, reason)
    _set_slot(slots[2], head, minor_version)
    _set_slot(slots[3], head, field_section)
    _set_slot(slots[4], head, out.content_length)
    _set_slot(slots[5], head, out.transfer_encoding)
    _set_slot(slots[6], head, out.connection)
    _set_slot(slots[7], head, out.content_type)
    _set_slot(slots[8], head, out.content_encoding)
    _set_slot(slots[9], head, out.location)
    _set_slot(slots[10], head, out.keep_alive)
    _set_slot(slots[11], head, out.has_set_cookie)
    return head


cdef size_t size_of(object limit) except? 0:
    return min(limit, _LARGEST_SIZE)  # no input is larger


cdef inline str reason_of(const unsigned char *buf, size_t size, size_t start, size_t length):
    """As text; the most frequent one is not made again and again."""
    if length == 2 and memcmp(part_of(buf, size, start, 2), b"OK", 2) == 0:
        return "OK"
    return text_of(buf, size, start, length)


cdef inline bint is_named(
    const unsigned char *name, size_t size, const char *lower, size_t lower_size
):
    return size == lower_size and is_same_token(name, <const unsigned char *>lower, size)


cdef inline bytes joined(bytes before, bytes value):
    # RFC 9110 section 5.3: lines of the same name may be joined with commas.
    return value if before is None else before + b", " + value


cdef class ResponseParser:
    """The responses of one connection, one after another, from bytes in pieces of any size."""

    cdef object _limits
    cdef bytearray _rest
    cdef object _method
    cdef list _chunks
    cdef list _chunk_ends
    cdef Py_ssize_t _chunks_size
    cdef int _state
    cdef bint _read_until_eof
    cdef size_t _scanned
    cdef size_t _max_head_size
    cdef size_t _max_line_size
    cdef size_t _max_headers
    cdef size_t _max_field_size
    cdef size_t _max_chunk_line_size
    cdef size_t _max_trailer_size
    cdef size_t _trailer_room
    cdef size_t _fields
    cdef Py_ssize_t _empty_lines
    cdef Py_ssize_t _informational
    cdef long long _expected
    cdef long long _extensions
    cdef long long _received
    cdef long long _remaining
    cdef bytes _whole  # to be filled with a counted body, of which `_gathered` bytes are there; or None
    cdef size_t _gathered

    def __init__(self, limits=DEFAULT_LIMITS):
        self._set_limits(limits)
        self._rest = bytearray()
        self._state = IDLE
        self._method = ""
        self._chunks = []
        self._chunk_ends = []
        self._chunks_size = 0

    cdef int _set_limits(self, object limits) except -1:
        self._max_head_size = size_of(limits.max_head_size)
        self._max_line_size = size_of(limits.max_line_size)
        self._max_headers = size_of(limits.max_headers)
        self._max_field_size = size_of(limits.max_field_size)
        self._max_chunk_line_size = size_of(limits.max_chunk_line_size)
        self._max_trailer_size = size_of(limits.max_trailer_size)
        self._limits = limits
        return 0

    @property
    def surplus(self):
        """How many bytes came after the end of the response."""
        return len(self._rest) if self._state == IDLE else 0

    def start(self, object method, limits=None, read_until_eof=True):
        """Expect the response to a request with this method, unless a response broke the rules."""
        if self._state == BROKEN:
            return
        if limits is not None and limits is not self._limits:
            self._set_limits(limits)
        self._method = method
        self._read_until_eof = read_until_eof
        self._state = HEAD
        self._whole = None
        self._scanned = 0
        self._empty_lines = 0
        self._informational = 0

    def feed(self, data):
        """Take bytes as they came; give the events that they complete."""
        cdef list events = []
        cdef Py_buffer view
        cdef size_t size
        cdef size_t used
        if self._state == COUNTED_BODY and type(data) is bytes and self._whole is None:
            size = PyBytes_GET_SIZE(data)  # `_rest` is empty while a body is counted
            if 0 < size <= <unsigned long long>self._remaining:
                events.append(data)  # not copied
                self._remaining -= size
                if self._remaining == 0:
                    self._end(events)
                return events
        if self._state == BROKEN:
            return []
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            size = view.len
            if PyByteArray_GET_SIZE(self._rest) == 0:
                used = self._take(<const unsigned char *>view.buf, size, events)
                if used < size:
                    self._rest += bytes_of(
                        <const unsigned char *>view.buf, size, used, size - used
                    )
            else:
                self._rest += data
                size = PyByteArray_GET_SIZE(self._rest)
                used = self._take(
                    <const unsigned char *>PyByteArray_AS_STRING(self._rest), size, events
                )
                if used:
                    del self._rest[:used]
        except ClientError as error:
            self._flush_chunks(events)
            self._state = BROKEN
            self._rest = bytearray()
            events.append(error)
        finally:
            PyBuffer_Release(&view)
        return events

    def gather(self, list before not None, Py_ssize_t max_size):
        """Give the rest of a counted body as one piece, with `before` as its beginning."""
        cdef Py_ssize_t came = 0
        cdef bytes piece
        if self._state != COUNTED_BODY or self._whole is not None or self._remaining > max_size:
            return False
        for piece in before:
            came += PyBytes_GET_SIZE(piece)
            if came > max_size - self._remaining:
                return False
        try:
            self._whole = PyBytes_FromStringAndSize(NULL, came + self._remaining)
        except MemoryError:
            return False
        self._gathered = 0
        for piece in before:
            self._keep(<const unsigned char *>PyBytes_AS_STRING(piece), PyBytes_GET_SIZE(piece))
        return True

    @property
    def gathered(self):
        return self._gathered if self._whole is not None else 0

    def room(self):
        if self._whole is None or self._remaining < 2:
            return None
        return memoryview(
            new_room(self._whole, self._gathered, min(self._remaining - 1, <long long>MAX_ROOM))
        )

    def stop_gathering(self):
        if self._whole is None:
            return b""
        came = bytes_of(
            <const unsigned char *>PyBytes_AS_STRING(self._whole),
            PyBytes_GET_SIZE(self._whole),
            0,
            self._gathered,
        )
        self._whole = None  # at last: if there is no memory for a copy, nothing has changed
        return came

    def feed_eof(self):
        """Take the end of the connection: it ends the response, or cuts it off."""
        cdef int state = self._state
        self._state = BROKEN
        if state == BODY_UNTIL_CLOSE:
            self._state = IDLE
            return [END_OF_MESSAGE]
        if state == HEAD:
            return [diagnosis.cut_off_head(bytes(self._rest))]
        if state == COUNTED_BODY:
            return [diagnosis.cut_off_body(self._expected - self._remaining, self._expected)]
        if state == IDLE or state == BROKEN:
            return []
        return [diagnosis.cut_off_body(self._received, None)]

    cdef Py_ssize_t _take(self, const unsigned char *buf, size_t size, list events) except -1:
        """Take parts off the buffer while there are whole ones; how many bytes that was."""
        cdef size_t pos = 0
        cdef size_t used
        while pos < size and self._state != IDLE and self._state != BROKEN:
            used = self._step(part_of(buf, size, pos, size - pos), size - pos, events)
            if used == 0:
                break
            pos += used
        self._flush_chunks(events)
        return pos

    cdef Py_ssize_t _step(self, const unsigned char *buf, size_t size, list events) except -1:
        cdef int state = self._state
        if state == HEAD:
            return self._head(buf, size, events)
        if state == COUNTED_BODY:
            return self._counted(buf, size, events)
        if state == BODY_UNTIL_CLOSE:
            events.append(bytes_of(buf, size, 0, size))
            return size
        if state == CHUNK_LINE:
            return self._chunk_line(buf, size)
        if state == CHUNK_DATA:
            return self._chunk_data(buf, size)
        if state == CHUNK_END:
            if not self._is_line_end(buf, size):
                return 0
            self._state = CHUNK_LINE
            return 2
        return self._trailers(buf, size, events)

    # --- head ---------------------------------------------------------------------------------

    cdef Py_ssize_t _head(self, const unsigned char *buf, size_t size, list events) except -1:
        cdef size_t end
        cdef long long length
        if buf[0] == 13 or buf[0] == 10:
            return self._empty_line(buf, size)
        if memcmp(buf, b"HTTP/1.", min(size, <size_t>7)) != 0:
            raise diagnosis.bad_start(bytes_of(buf, size, 0, size))
        end = h1scan_head_end(buf, size, &self._scanned)
        if end > self._max_head_size or (end == 0 and size >= self._max_head_size):
            raise diagnosis.head_too_large(self._limits)
        if end == 0:
            return 0
        cdef SingledOut out = SingledOut.__new__(SingledOut)
        head = self._cut(buf, end, out)
        length = self._body_length(head, out)
        events.append(head)
        if out.status < 200 and out.status != 101:
            self._informational += 1
            if self._informational > self._limits.max_informational:
                raise diagnosis.too_many_informational(self._limits)
        elif length == 0 or (length == _UNTIL_CLOSE and not self._read_until_eof):
            self._end(events)
        elif length == _CHUNKED:
            self._received = 0
            self._extensions = 0
            self._trailer_room = min(self._max_trailer_size, self._max_head_size - end)
            self._state = CHUNK_LINE
        elif length == _UNTIL_CLOSE:
            self._state = BODY_UNTIL_CLOSE
        else:
            self._expected = self._remaining = length
            self._state = COUNTED_BODY
        return end

    cdef long long _body_length(self, object head, SingledOut out) except? -9:
        """What `framing.body_length` says, which is not asked in the plainest cases: most of all."""
        cdef const char *digits
        cdef Py_ssize_t i
        cdef long long length = 0
        method = self._method
        if (
            out.status >= 200 and out.status != 204 and out.status != 304
            and (method == "GET" or (method != "HEAD" and method != "CONNECT"))
        ):
            if out.transfer_encoding is not None:
                if out.content_length is None and out.transfer_encoding == b"chunked":
                    return _CHUNKED
            elif out.content_length is None:
                return _UNTIL_CLOSE
            elif 0 < PyBytes_GET_SIZE(out.content_length) <= _MAX_LENGTH_DIGITS:
                digits = PyBytes_AS_STRING(out.content_length)
                for i in range(PyBytes_GET_SIZE(out.content_length)):
                    if not 48 <= digits[i] <= 57:
                        break
                    length = length * 10 + (digits[i] - 48)
                else:
                    return length
        return body_length(head, method)

    cdef Py_ssize_t _empty_line(self, const unsigned char *buf, size_t size) except -1:
        cdef Py_ssize_t used = 1
        if buf[0] == 13:
            if size == 1:
                return 0
            if buf[1] != 10:
                raise diagnosis.bad_start(bytes_of(buf, size, 0, size))
            used = 2
        self._empty_lines += 1
        if self._empty_lines > self._limits.max_empty_lines:
            raise diagnosis.too_many_empty_lines(self._limits)
        return used

    cdef object _cut(self, const unsigned char *buf, size_t size, SingledOut out):
        cdef h1scan_status_line line
        self._scanned = 0
        if read_status_line(buf, size, &line) != H1SCAN_OK:
            raise diagnosis.bad_head(bytes_of(buf, size, 0, size))
        self._fields = 0
        self._check_fields(buf, size, line.size, out)
        if line.size > self._max_line_size:
            line_bytes = bytes_of(buf, size, 0, line.size).rstrip(b"\r\n")
            if <size_t>len(line_bytes) > self._max_line_size:
                raise diagnosis.line_too_long(self._limits, line_bytes)
        out.status = line.status
        return new_head(
            out,
            reason_of(buf, size, line.reason, line.reason_len),
            line.minor_version,
            bytes_of(buf, size, line.size, size - line.size),
        )

    cdef int _check_fields(
        self, const unsigned char *buf, size_t size, size_t pos, SingledOut out
    ) except -1:
        """Check every field from `pos` on; a trailer section (`pos` is 0) singles out nothing."""
        cdef h1scan_field field
        cdef h1scan_result result
        cdef bytes too_long = None
        cdef bint is_trailer = pos == 0
        cdef size_t value_len
        while True:
            result = read_field(buf, size, &pos, &field)
            if result != H1SCAN_OK:
                break
            self._fields += 1
            value_len = field.value_len
            if field.folded:
                value_len = len(unfold(bytes_of(buf, size, field.value, field.value_len)))
            if too_long is None and field.name_len + value_len > self._max_field_size:
                too_long = bytes_of(buf, size, field.name, field.name_len)
            # Many other fields are told from these by the length of their names alone.
            if (
                not is_trailer
                and field.name_len <= 17
                and (SINGLED_OUT_LENGTHS >> field.name_len) & 1
            ):
                self._single_out(buf, size, &field, out)
        if result != H1SCAN_END:
            whole = bytes_of(buf, size, 0, size)
            raise diagnosis.bad_trailers(whole) if is_trailer else diagnosis.bad_head(whole)
        if too_long is not None:
            raise diagnosis.field_too_long(
                self._limits, too_long, in_trailers=bool(is_trailer)
            )
        if self._fields > self._max_headers:
            raise diagnosis.too_many_fields(self._limits, in_trailers=bool(is_trailer))
        return 0

    cdef int _single_out(
        self, const unsigned char *buf, size_t size, h1scan_field *field, SingledOut out
    ) except -1:
        cdef size_t length = field.name_len
        cdef bytes value
        cdef const unsigned char *name = part_of(buf, size, field.name, length)
        if length == 10 and is_named(name, length, b"set-cookie", 10):
            out.has_set_cookie = True
            return 0
        cdef int which = 0
        if is_named(name, length, b"content-length", 14):
            which = 1
        elif is_named(name, length, b"content-type", 12):
            which = 2
        elif is_named(name, length, b"connection", 10):
            which = 3
        elif is_named(name, length, b"transfer-encoding", 17):
            which = 4
        elif is_named(name, length, b"content-encoding", 16):
            which = 5
        elif is_named(name, length, b"location", 8):
            which = 6
        elif is_named(name, length, b"keep-alive", 10):
            which = 7
        else:
            return 0
        value = bytes_of(buf, size, field.value, field.value_len)
        if field.folded:
            value = unfold(value)
        if which == 1:
            out.content_length = joined(out.content_length, value)
        elif which == 2:
            out.content_type = joined(out.content_type, value)
        elif which == 3:
            out.connection = joined(out.connection, value)
        elif which == 4:
            out.transfer_encoding = joined(out.transfer_encoding, value)
        elif which == 5:
            out.content_encoding = joined(out.content_encoding, value)
        elif which == 6:
            out.location = joined(out.location, value)
        else:
            out.keep_alive = joined(out.keep_alive, value)
        return 0

    # --- body ---------------------------------------------------------------------------------

    cdef Py_ssize_t _counted(self, const unsigned char *buf, size_t size, list events) except -1:
        if <unsigned long long>self._remaining < size:
            size = self._remaining
        if self._whole is None:
            events.append(bytes_of(buf, size, 0, size))
        else:
            self._keep(buf, size)
        self._remaining -= size
        if self._remaining == 0:
            if self._whole is not None:
                events.append(self._whole)
                self._whole = None
            self._end(events)
        return size

    cdef int _keep(self, const unsigned char *buf, size_t size) except -1:
        """Put bytes where the whole body is put together, unless they were received there."""
        if size > <size_t>PyBytes_GET_SIZE(self._whole) - self._gathered:
            raise SystemError("parser: a body larger than announced")
        cdef char *place = PyBytes_AS_STRING(self._whole) + self._gathered
        if <const char *>buf != place:
            memcpy(place, buf, size)
        self._gathered += size
        return 0

    cdef int _end(self, list events) except -1:
        self._state = IDLE
        events.append(END_OF_MESSAGE)
        return 0

    cdef Py_ssize_t _chunk_line(self, const unsigned char *buf, size_t size) except -1:
        cdef h1scan_chunk_line line
        cdef size_t length = min(size, self._max_chunk_line_size)
        cdef const void *found = memchr(buf, 10, length)
        if found is NULL:
            if size >= self._max_chunk_line_size:
                raise diagnosis.chunk_line_too_long(
                    self._limits, bytes_of(buf, size, 0, min(size, <size_t>200))
                )
            return 0
        length = <const unsigned char *>found - buf + 1
        if read_chunk_line(buf, length, &line) != H1SCAN_OK:
            raise diagnosis.bad_chunk_line(bytes_of(buf, size, 0, length))
        found = memchr(buf, 59, length)
        if found is not NULL:
            self._extensions += length - (<const unsigned char *>found - buf) - 2
            if self._extensions > self._limits.max_chunk_ext_size:
                raise diagnosis.chunk_extensions_too_large(self._limits)
        self._remaining = line.chunk_size
        self._state = CHUNK_DATA if line.chunk_size else TRAILERS
        return length

    cdef Py_ssize_t _chunk_data(self, const unsigned char *buf, size_t size) except -1:
        if <unsigned long long>self._remaining < size:
            size = self._remaining
        self._chunks.append(bytes_of(buf, size, 0, size))
        self._chunks_size += size
        self._received += size
        self._remaining -= size
        if self._remaining == 0:
            self._state = CHUNK_END
            if len(self._chunk_ends) < _MAX_CHUNK_ENDS:
                self._chunk_ends.append(self._chunks_size)
        return size

    cdef int _is_line_end(self, const unsigned char *buf, size_t size) except -1:
        """Is there a whole CRLF? Refuses what cannot become one (RFC 9112 section 7.1)."""
        if buf[0] != 13 or (size > 1 and buf[1] != 10):
            raise diagnosis.bad_chunk_end(bytes_of(buf, size, 0, min(size, <size_t>2)))
        return size > 1

    cdef Py_ssize_t _trailers(self, const unsigned char *buf, size_t size, list events) except -1:
        cdef size_t end
        if buf[0] == 13 or buf[0] == 10:
            if not self._is_line_end(buf, size):
                return 0
            end = 2
        else:
            end = h1scan_head_end(buf, size, &self._scanned)
            if end > self._trailer_room or (end == 0 and size >= self._trailer_room):
                raise diagnosis.trailers_too_large(self._limits, self._trailer_room)
            if end == 0:
                return 0
            self._scanned = 0
            self._check_fields(buf, end, 0, None)
            self._flush_chunks(events)
            events.append(Trailers(bytes_of(buf, size, 0, end)))
        self._flush_chunks(events)
        self._end(events)
        return end

    cdef int _flush_chunks(self, list events) except -1:
        """Give what came in chunks since the last feed as one piece: chunks may be tiny."""
        if self._chunks:
            events.append(self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks))
            self._chunks.clear()
            self._chunks_size = 0
            if self._chunk_ends:
                events.append(ChunkEnds(tuple(self._chunk_ends)))
                self._chunk_ends.clear()
        return 0
