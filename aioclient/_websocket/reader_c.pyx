# cython: language_level=3
"""Frames -> messages: the compiled twin of reader_py, with the same rules at the same places.

Written out, and not reader_py compiled again, because the bytes are looked at where they lie: a
message that came whole is copied once, into what the caller gets, and nothing is made of it before.
What comes in pieces is gathered in a bytes object that is the message itself in the end; it grows
by what came, and by what a header promises only up to a megabyte. Of a large frame the rest can be
received right there.
"""

cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject, PyTypeObject
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport memcpy, memmove

from aioclient._http.h1scan cimport ascii_text_of, bytes_of, part_of
from aioclient._websocket.wsbytes cimport (
    check_utf8,
    cut_header,
    room_in,
    wsbytes_header,
    wsbytes_utf8,
)

from aioclient._websocket import diagnosis
from aioclient._websocket.close_frames import parse_close
from aioclient._websocket.messages import (
    CompressedMessage,
    EventType,
    Fragment,
    ReaderError,
    WSMessageBinary,
    WSMessageClose,
    WSMessagePing,
    WSMessagePong,
    WSMessageText,
    WSMessageTextBytes,
    WSMsgType,
)
from aioclient.errors import WebSocketError


cdef extern from "Python.h":
    size_t PY_SSIZE_T_MAX


cdef enum:
    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10
    MAX_HEADER_SIZE = 10
    MAX_CONTROL_SIZE = 125
    SMALL_ROOM = 4096
    SMALLEST_ROOM = 32 * 1024  # a smaller piece is copied in less time than a view of it is made
    MAX_PROMISED = 1024 * 1024  # how much room a header is believed to need before the bytes come

cdef unsigned long long _MAX_LENGTH = 0x7FFFFFFFFFFFFFFF
_DEFAULT_MAX_MSG_SIZE = 4 * 1024 * 1024
_COMPRESSED = EventType.COMPRESSED
_FRAGMENT = EventType.FRAGMENT
_TEXT = WSMsgType.TEXT
_BINARY = WSMsgType.BINARY
_PING = WSMsgType.PING
_PONG = WSMsgType.PONG


include "../_http/room.pxi"


cdef inline object _new(object kind, tuple fields):
    """A NamedTuple of these fields, as ``tuple.__new__(kind, fields)`` makes it."""
    arguments = (fields,)
    return (<PyTypeObject *>tuple).tp_new(kind, <PyObject *>arguments, NULL)


@cython.final
cdef class FrameReader:
    cdef unsigned long long _limit
    cdef bint _may_compress
    cdef bint _decode_text
    cdef bint _is_over
    # Of a frame
    cdef unsigned char _header[MAX_HEADER_SIZE]
    cdef size_t _header_size  # how much of it came; 0 again when it was whole
    cdef bint _in_frame
    cdef int _opcode
    cdef bint _is_final
    cdef unsigned long long _missing
    cdef unsigned char _control[MAX_CONTROL_SIZE]
    cdef size_t _control_size
    # Of a message
    cdef bint _in_message
    cdef bint _in_pieces
    cdef bint _is_text
    cdef bint _is_compressed
    cdef unsigned long long _received
    cdef bytes _buffer  # of which the first `_kept` bytes are filled; nobody else refers to it
    cdef size_t _kept
    cdef wsbytes_utf8 _utf8
    cdef bytes _tail  # the start of a character, while a message is given in pieces

    def __cinit__(self):  # also where `__init__` is not called
        self._buffer = b""
        self._tail = b""

    def __init__(self, max_msg_size=_DEFAULT_MAX_MSG_SIZE, *, compressed=False, decode_text=True):
        if max_msg_size < 0:
            raise ValueError(f"max_msg_size must not be negative, got {max_msg_size}")
        self._limit = min(max_msg_size, _MAX_LENGTH) or _MAX_LENGTH
        self._may_compress = compressed
        self._decode_text = decode_text

    @property
    def missing(self):
        return self._missing

    @property
    def is_over(self):
        return self._is_over

    def room(self):
        cdef size_t size
        if (
            self._missing < SMALLEST_ROOM
            or self._kept == 0
            or self._in_pieces
            or self._opcode >= 8
        ):
            return None
        if <size_t>PyBytes_GET_SIZE(self._buffer) == self._kept:
            self._grow(self._kept + 1)
        size = min(PyBytes_GET_SIZE(self._buffer) - self._kept, self._missing)
        return memoryview(new_room(self._buffer, self._kept, size))

    def stream_next(self):
        if self._is_over or self._in_pieces:
            return []
        self._in_pieces = True
        if self._kept == 0:
            return []
        came = self._taken_out()
        data = came
        if self._is_text and not self._is_compressed:
            whole = len(came) - self._utf8.came
            self._tail = came[whole:]
            if self._decode_text:
                data = came[:whole].decode()
        return [self._fragment(data, False)] if data else []

    def feed(self, data):
        cdef list events = []
        cdef Py_buffer view
        if self._is_over:
            return events
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            self._take(<const unsigned char *>view.buf, view.len, events)
        except WebSocketError as error:
            self._end()
            events.append(ReaderError(WSMsgType.ERROR, error))
        finally:
            PyBuffer_Release(&view)
        return events

    cdef int _take(self, const unsigned char *buf, size_t size, list events) except -1:
        cdef size_t pos = 0
        cdef size_t length
        while pos < size and not self._is_over:
            if not self._in_frame:
                pos += self._begin_frame(part_of(buf, size, pos, size - pos), size - pos)
                if not self._in_frame:
                    return 0
            length = size - pos
            if length > self._missing:
                length = self._missing
            self._missing -= length
            if self._opcode >= 8:
                self._take_control(part_of(buf, size, pos, length), length, events)
            else:
                self._take_data(part_of(buf, size, pos, length), length, events)
            pos += length
        return 0

    cdef int _end(self) except -1:
        self._is_over = True
        self._in_frame = False
        self._missing = 0
        self._buffer = b""
        self._tail = b""
        self._kept = 0
        return 0

    # --- headers ----------------------------------------------------------------------------------

    cdef Py_ssize_t _begin_frame(self, const unsigned char *buf, size_t size) except -1:
        """Take what is missing of a header, and remember it if it is whole; how much that was."""
        cdef wsbytes_header header
        cdef size_t before = self._header_size
        cdef size_t came = min(size, MAX_HEADER_SIZE - before)
        memcpy(room_in(self._header, MAX_HEADER_SIZE, before, came), buf, came)
        cdef bint is_whole = cut_header(self._header, before + came, &header)
        cdef int opcode = header.first & 0x0F
        self._check_first_byte(header.first, opcode)
        if header.is_masked:
            raise diagnosis.masked()  # RFC 6455 section 5.1
        if opcode >= 8 and header.short_length > MAX_CONTROL_SIZE:
            raise diagnosis.control_too_long(opcode)  # RFC 6455 section 5.5
        if not is_whole:
            self._header_size = before + came
            return came
        if header.length == 1 and opcode == CLOSE:
            raise diagnosis.half_a_close_code()  # RFC 6455 section 5.5.1
        # RFC 6455 section 5.2
        if header.length > _MAX_LENGTH:
            raise diagnosis.length_too_large()
        if not header.is_shortest:
            raise diagnosis.not_shortest(header.length)
        if opcode < 8:
            self._begin_data(header.first, opcode, header.length)
        self._header_size = 0
        self._control_size = 0
        self._opcode = opcode
        self._is_final = header.first >= 0x80
        self._missing = header.length
        self._in_frame = True
        return header.size - before

    cdef int _check_first_byte(self, unsigned char first, int opcode) except -1:
        cdef bint is_allowed
        if opcode >= 8:
            # RFC 6455 section 5.5: a control frame is never fragmented
            is_allowed = opcode <= PONG and first >= 0x80
        else:
            # RFC 6455 section 5.4: what begins a message, and what continues one
            is_allowed = opcode == 0 if self._in_message else opcode == TEXT or opcode == BINARY
        if first & 0x70:
            # RFC 7692 section 6: RSV1 is set on the first frame of a message that is compressed
            is_allowed = (
                is_allowed
                and first & 0x70 == 0x40
                and (opcode == TEXT or opcode == BINARY)
                and self._may_compress
            )
        if not is_allowed:
            raise diagnosis.bad_first_byte(first, bool(self._in_message))
        return 0

    cdef int _begin_data(
        self, unsigned char first, int opcode, unsigned long long length
    ) except -1:
        cdef bint is_compressed = self._is_compressed if opcode == 0 else first & 0x40 != 0
        cdef unsigned long long received = self._received if opcode == 0 else 0
        cdef unsigned long long allowed = self._limit
        if not self._in_pieces:
            if is_compressed:
                allowed = min(allowed + allowed // 8 + 64, _MAX_LENGTH)  # fits in 64 bits
            if length > allowed - received:
                raise diagnosis.message_too_big(int(received) + int(length), self._limit)
        if opcode != 0:
            self._in_message = True
            self._is_text = opcode == TEXT
            self._is_compressed = is_compressed
            self._received = 0
            self._utf8.came = self._utf8.missing = self._utf8.is_not_ascii = 0
            if PyBytes_GET_SIZE(self._tail) != 0:
                self._tail = b""
        return 0

    # --- payloads ---------------------------------------------------------------------------------

    cdef int _take_control(self, const unsigned char *piece, size_t size, list events) except -1:
        memcpy(room_in(self._control, MAX_CONTROL_SIZE, self._control_size, size), piece, size)
        self._control_size += size
        if self._missing:
            return 0
        payload = bytes_of(self._control, MAX_CONTROL_SIZE, 0, self._control_size)
        self._in_frame = False
        if self._opcode == PING:
            events.append(_new(WSMessagePing, (_PING, payload, "")))
        elif self._opcode == PONG:
            events.append(_new(WSMessagePong, (_PONG, payload, "")))
        else:
            code, reason = parse_close(payload)
            events.append(WSMessageClose(WSMsgType.CLOSE, code, reason))
            self._end()
        return 0

    cdef int _take_data(self, const unsigned char *piece, size_t size, list events) except -1:
        cdef bint is_final = self._is_final and self._missing == 0
        if self._in_pieces:
            self._give_piece(piece, size, is_final, events)
        elif is_final and self._kept == 0 and self._utf8.missing == 0:
            events.append(self._whole_message(piece, size))
        else:
            if self._is_text and not self._is_compressed:
                self._check_text(piece, size, is_final)
            self._received += size
            self._keep(piece, size)
            if is_final:
                events.append(self._message())
        if self._missing == 0:
            self._in_frame = False
            if is_final:
                self._in_message = self._in_pieces = False
        return 0

    cdef object _whole_message(self, const unsigned char *piece, size_t size):
        """A message of which nothing but empty fragments came before."""
        if not self._is_text or self._is_compressed:
            return self._of_bytes(bytes_of(piece, size, 0, size))
        if not self._decode_text:
            self._check_text(piece, size, True)
            return self._of_bytes(bytes_of(piece, size, 0, size))
        try:
            text = PyUnicode_DecodeUTF8(<const char *>piece, size, NULL)
        except UnicodeDecodeError as error:
            position = error.start
        else:
            return _new(WSMessageText, (_TEXT, text, ""))
        raise diagnosis.bad_text(position)

    cdef object _message(self):
        cdef bytes data
        if self._is_text and self._decode_text and not self._is_compressed:
            text = self._decoded_buffer()
            self._buffer = b""
            self._kept = 0
            return _new(WSMessageText, (_TEXT, text, ""))
        return self._of_bytes(self._taken_out())

    cdef str _decoded_buffer(self):
        """The text that is kept, of which every byte was looked at before."""
        cdef const char *kept = PyBytes_AS_STRING(self._buffer)
        if self._utf8.is_not_ascii:
            return PyUnicode_DecodeUTF8(kept, self._kept, NULL)
        return ascii_text_of(
            <const unsigned char *>kept, PyBytes_GET_SIZE(self._buffer), 0, self._kept
        )

    cdef object _of_bytes(self, bytes data):
        if self._is_compressed:
            return _new(CompressedMessage, (_COMPRESSED, data, bool(self._is_text)))
        if self._is_text:
            return _new(WSMessageTextBytes, (_TEXT, data, ""))
        return _new(WSMessageBinary, (_BINARY, data, ""))

    cdef int _check_text(
        self, const unsigned char *piece, size_t size, bint is_final
    ) except -1:
        """Raise unless the piece goes on with the text (RFC 6455 section 8.1), or ends it."""
        cdef size_t good = check_utf8(piece, size, &self._utf8)
        if good < size or (is_final and self._utf8.missing != 0):
            raise diagnosis.bad_text(self._received + good - self._utf8.came)
        return 0

    # --- messages in pieces -----------------------------------------------------------------------

    cdef int _give_piece(
        self, const unsigned char *piece, size_t size, bint is_final, list events
    ) except -1:
        data = bytes_of(piece, size, 0, size)
        if self._is_text and not self._is_compressed:
            self._check_text(piece, size, is_final)
            if self._decode_text:
                data = self._decoded(data)
        self._received += size
        if data or is_final:
            events.append(self._fragment(data, is_final))
        return 0

    cdef str _decoded(self, bytes piece):
        """The characters that this piece ends; keeps the start of one that it does not end."""
        cdef bytes came = self._tail + piece if self._tail else piece
        cdef Py_ssize_t whole = PyBytes_GET_SIZE(came) - self._utf8.came
        self._tail = came[whole:]
        return PyUnicode_DecodeUTF8(PyBytes_AS_STRING(came), whole, NULL)

    cdef object _fragment(self, object data, bint is_final):
        fields = (
            _FRAGMENT, data, bool(self._is_text), bool(is_final), bool(self._is_compressed)
        )
        return _new(Fragment, fields)

    # --- what is kept -----------------------------------------------------------------------------

    cdef int _keep(self, const unsigned char *piece, size_t size) except -1:
        cdef size_t room = PyBytes_GET_SIZE(self._buffer)
        cdef unsigned char *place
        if size > PY_SSIZE_T_MAX - self._kept:
            raise MemoryError
        if size > room - self._kept:
            self._grow(self._kept + size)
            room = PyBytes_GET_SIZE(self._buffer)
        place = room_in(<unsigned char *>PyBytes_AS_STRING(self._buffer), room, self._kept, size)
        if piece != place:  # where it is if it was received into our room
            memmove(place, piece, size)
        self._kept += size
        return 0

    cdef int _grow(self, size_t needed) except -1:
        """Make room for `needed` bytes and more.

        That is what the frame says that it has, up to a limit, or four times as much as is needed:
        each new block costs a copy, and more than that the first use of its pages.
        """
        cdef size_t room = PY_SSIZE_T_MAX
        if needed <= room // 4:
            room = max(needed * 4, <size_t>SMALL_ROOM)
            if self._missing > room - needed:
                room = max(room, min(needed + self._missing, <unsigned long long>MAX_PROMISED))
        if self._is_final and self._missing < room - needed:
            room = needed + self._missing
        larger = PyBytes_FromStringAndSize(NULL, room)
        memcpy(PyBytes_AS_STRING(larger), PyBytes_AS_STRING(self._buffer), self._kept)
        self._buffer = larger
        return 0

    cdef bytes _taken_out(self):
        """What is kept, which is not any more."""
        cdef bytes data = self._buffer
        if <size_t>PyBytes_GET_SIZE(data) != self._kept:
            data = bytes_of(
                <const unsigned char *>PyBytes_AS_STRING(data),
                PyBytes_GET_SIZE(data),
                0,
                self._kept,
            )
        self._buffer = b""
        self._kept = 0
        return data
