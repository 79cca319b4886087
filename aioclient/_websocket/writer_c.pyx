# cython: language_level=3
"""Messages -> frames: the compiled twin.

What is copied is copied once: a payload goes masked from where it lies, a str included, into the
bytes object that is the frame.
"""

import os

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE

from aioclient._websocket.wsbytes cimport frame_size, room_in, write_frame

from aioclient._websocket.frame_checks import check_block, first_byte


cdef extern from "Python.h":
    long PyLong_AsLongAndOverflow(object number, int *overflow) except? -1
    bint PyUnicode_IS_COMPACT_ASCII(object text)
    Py_ssize_t PY_SSIZE_T_MAX
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL


cdef enum:
    BLOCK_SIZE = 512  # 128 keys


cdef int _first_byte(
    object opcode, size_t size, object is_final, object is_compressed
) except -1:
    """What `first_byte` says, which is not asked unless it may refuse."""
    cdef int overflow
    cdef long number = PyLong_AsLongAndOverflow(opcode, &overflow)
    cdef bint final = is_final
    cdef bint compressed = is_compressed
    if overflow == 0 and (
        number == 1
        or number == 2
        or (number == 0 and not compressed)
        or (8 <= number <= 10 and final and not compressed and size <= 125)
    ):
        return <int>number | (0x80 if final else 0) | (0x40 if compressed else 0)
    return first_byte(opcode, size, is_final, is_compressed)


cdef class FrameWriter:
    cdef object _random
    cdef bytes _keys
    cdef size_t _used

    def __cinit__(self):  # also where `__init__` is not called
        self._keys = b""

    def __init__(self, object random=os.urandom):
        self._random = random
        self._keys = b""
        self._used = 0

    def frame(self, opcode, payload, is_final=True, is_compressed=False):
        cdef Py_buffer view
        cdef Py_ssize_t size
        cdef const char *text
        if isinstance(payload, str):
            if PyUnicode_IS_COMPACT_ASCII(payload):
                text = PyUnicode_AsUTF8AndSize(payload, &size)  # where it lies
                return self._frame(opcode, <const unsigned char *>text, size, is_final, is_compressed)
            # Encoded to an object of its own: a str would keep its UTF-8 as long as it lives.
            payload = payload.encode()
        if type(payload) is bytes:
            return self._frame(
                opcode,
                <const unsigned char *>PyBytes_AS_STRING(payload),
                PyBytes_GET_SIZE(payload),
                is_final,
                is_compressed,
            )
        contiguous = memoryview(payload)
        if not contiguous.c_contiguous:
            contiguous = bytes(contiguous)
        PyObject_GetBuffer(contiguous, &view, PyBUF_SIMPLE)
        try:
            return self._frame(
                opcode, <const unsigned char *>view.buf, view.len, is_final, is_compressed
            )
        finally:
            PyBuffer_Release(&view)

    cdef bytes _frame(
        self, object opcode, const unsigned char *payload, size_t size, object is_final,
        object is_compressed,
    ):
        cdef unsigned char first = _first_byte(opcode, size, is_final, is_compressed)
        cdef size_t whole = frame_size(size)
        if whole == 0 or whole > <size_t>PY_SSIZE_T_MAX:
            raise MemoryError
        if self._used == <size_t>PyBytes_GET_SIZE(self._keys):
            self._keys = check_block(self._random(BLOCK_SIZE), BLOCK_SIZE)
            self._used = 0
        frame = PyBytes_FromStringAndSize(NULL, whole)
        cdef const unsigned char *key = room_in(
            <unsigned char *>PyBytes_AS_STRING(self._keys), BLOCK_SIZE, self._used, 4
        )
        write_frame(<unsigned char *>PyBytes_AS_STRING(frame), first, key, payload, size)
        self._used += 4
        return frame
