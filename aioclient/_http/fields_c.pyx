# cython: language_level=3
"""Field section -> raw pairs or a case-insensitive multidict: the compiled twin."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from aioclient._http.h1scan cimport H1SCAN_OK, bytes_of, h1scan_field, read_field, text_of

from multidict import CIMultiDict

from aioclient._http.fields_py import unfold
from aioclient._http.header_names import SHARED_NAMES, shared_name

cdef object _CIMultiDict = CIMultiDict
cdef dict _SHARED_NAMES = SHARED_NAMES
cdef object _shared_name = shared_name
cdef object _unfold = unfold


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
            value = _unfold(value)
        pairs.append((bytes_of(buf, size, field.name, field.name_len), value))
    return tuple(pairs)


def to_multidict(bytes section not None):
    cdef const unsigned char *buf = <const unsigned char *>PyBytes_AS_STRING(section)
    cdef size_t size = PyBytes_GET_SIZE(section)
    cdef size_t pos = 0
    cdef h1scan_field field
    cdef list pairs = []
    cdef bytes spelling
    cdef object name
    cdef object value
    while read_field(buf, size, &pos, &field) == H1SCAN_OK:
        spelling = bytes_of(buf, size, field.name, field.name_len)
        name = _SHARED_NAMES.get(spelling)
        if name is None:
            name = _shared_name(spelling)
        if field.folded:
            value = _unfold(bytes_of(buf, size, field.value, field.value_len))
            value = value.decode("utf-8", "surrogateescape")
        else:
            value = text_of(buf, size, field.value, field.value_len)
        pairs.append((name, value))
    return _CIMultiDict(pairs)
