# cython: language_level=3
"""Field section -> raw pairs or a case-insensitive multidict: the compiled twin."""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject

from aioclient._http.h1scan cimport (
    H1SCAN_OK,
    ascii_text_of,
    bytes_of,
    h1scan_field,
    is_ascii,
    is_same_token,
    part_of,
    read_field,
    text_of,
)

from multidict import CIMultiDict

from aioclient._http.fields_py import unfold
from aioclient._http.header_names import SEEN_NAMES, SHARED_NAMES, shared_name

cdef extern from "Python.h":
    object PyObject_CallOneArg(object callee, object argument)
    object PyObject_Vectorcall(object callee, PyObject **arguments, size_t count, PyObject *names)


_add = CIMultiDict.add

# --- well-known names -----------------------------------------------------------------------------


cdef struct KnownName:
    size_t length  # 0 in a free slot
    const unsigned char *lower
    PyObject *shared


cdef enum:
    SLOTS = 256


cdef inline size_t slot_of(const unsigned char *name, size_t length):
    """Where to begin to look; the same for lower and upper case. `length` is not 0."""
    cdef size_t first = name[0] | 32
    cdef size_t middle = name[length // 2] | 32
    cdef size_t last = name[length - 1] | 32
    return (9 * length + 25 * first + 7 * middle + 25 * last) % SLOTS


@cython.final
cdef class _KnownNames:
    """A hash table with open addressing, filled once.

    So that the name of most fields is found without making an object.
    """

    cdef KnownName _slots[SLOTS]
    cdef list _kept  # what the pointers in the slots point to
    cdef object _seen_name

    def __cinit__(self):
        self._seen_name = SEEN_NAMES.get  # a call: what it gives cannot be forgotten meanwhile
        names = {id(name): name for name in SHARED_NAMES.values()}
        if len(names) > SLOTS // 2:
            raise SystemError("the table of well-known names is too small")
        self._kept = []
        for name in names.values():
            self._know(name)

    cdef int _know(self, object name) except -1:
        cdef bytes lower = name.lower().encode("ascii")
        cdef const unsigned char *letters = <const unsigned char *>PyBytes_AS_STRING(lower)
        cdef size_t length = PyBytes_GET_SIZE(lower)
        cdef size_t slot
        if not lower.replace(b"-", b"").isalnum():
            raise SystemError("is_same_token would take another name for this one")
        slot = slot_of(letters, length)
        while self._slots[slot].length != 0:
            slot = (slot + 1) % SLOTS
        self._kept.append((lower, name))
        self._slots[slot] = KnownName(length, letters, <PyObject *>name)
        return 0

    cdef inline object name_of(
        self, const unsigned char *buf, size_t size, size_t start, size_t length
    ):
        """What `shared_name` says of these bytes, which are a token."""
        cdef const unsigned char *name = part_of(buf, size, start, length)
        cdef size_t slot = slot_of(name, length)
        cdef KnownName *known
        while self._slots[slot].length != 0:
            known = &self._slots[slot]
            if known.length == length and is_same_token(name, known.lower, length):
                return <object>known.shared
            slot = (slot + 1) % SLOTS
        spelling = bytes_of(buf, size, start, length)
        seen = PyObject_CallOneArg(self._seen_name, spelling)
        return seen if seen is not None else shared_name(spelling)


_known_names = _KnownNames()


# --- sections -------------------------------------------------------------------------------------


def raw_pairs(bytes section not None):
    cdef const unsigned char *buf = <const unsigned char *>PyBytes_AS_STRING(section)
    cdef size_t size = PyBytes_GET_SIZE(section)
    cdef size_t pos = 0
    cdef h1scan_field field
    cdef list pairs = []
    cdef object value
    while read_field(buf, size, &pos, &field) == H1SCAN_OK:
        value = bytes_of(buf, size, field.value, field.value_len)
        if field.folded:
            value = unfold(value)
        pairs.append((bytes_of(buf, size, field.name, field.name_len), value))
    return tuple(pairs)


def to_multidict(bytes section not None):
    cdef const unsigned char *buf = <const unsigned char *>PyBytes_AS_STRING(section)
    cdef size_t size = PyBytes_GET_SIZE(section)
    cdef size_t pos = 0
    cdef h1scan_field field
    cdef bint all_ascii = is_ascii(buf, size)
    cdef object value
    cdef _KnownNames known_names = _known_names
    cdef PyObject *added[3]
    add = _add
    headers = CIMultiDict()
    added[0] = <PyObject *>headers
    while read_field(buf, size, &pos, &field) == H1SCAN_OK:
        if field.folded:
            value = unfold(bytes_of(buf, size, field.value, field.value_len))
            value = value.decode("utf-8", "surrogateescape")
        elif all_ascii:
            value = ascii_text_of(buf, size, field.value, field.value_len)
        else:
            value = text_of(buf, size, field.value, field.value_len)
        # One by one takes less time than a list of pairs, which would be made to be thrown away.
        name = known_names.name_of(buf, size, field.name, field.name_len)
        added[1] = <PyObject *>name
        added[2] = <PyObject *>value
        PyObject_Vectorcall(add, added, 3, NULL)
    return headers
