# Included by the compiled twins that put together what is received in several parts.


@cython.final
cdef class _Room:
    """A part of a bytes object that is not filled yet, to be written to.

    A memoryview is made of it. The object lives as long as somebody has the view, although whoever
    fills it may have another by then.
    """

    cdef bytes _buffer
    cdef char *_start
    cdef Py_ssize_t _size

    def __getbuffer__(self, Py_buffer *view, int flags):
        view.buf = self._start
        view.obj = self
        view.len = self._size
        view.readonly = False
        view.itemsize = 1
        view.format = "B"
        view.ndim = 1
        view.shape = &self._size
        view.strides = &view.itemsize
        view.suboffsets = NULL
        view.internal = NULL


cdef inline _Room new_room(bytes buffer, size_t start, size_t size):
    """`size` bytes of it from `start` on; refuses what lies outside."""
    cdef size_t whole = PyBytes_GET_SIZE(buffer)
    if start > whole or size > whole - start:
        raise SystemError("room: offset outside the buffer")
    cdef _Room room = _Room.__new__(_Room)
    room._buffer = buffer
    room._start = PyBytes_AS_STRING(buffer) + start
    room._size = size
    return room
