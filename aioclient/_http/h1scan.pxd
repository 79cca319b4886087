# What the compiled twins use of vendor/h1scan, and the one place where they make a pointer from an
# offset: `part_of` and the functions that give bytes or text refuse what lies outside the buffer;
# `is_ascii` and `is_same_token` read `length` bytes, of a part that was got so.
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 largest)
    void *PyUnicode_1BYTE_DATA(object text)


cdef extern from "h1scan.h" nogil:
    enum h1scan_result:
        H1SCAN_OK
        H1SCAN_END

    struct h1scan_status_line:
        unsigned minor_version
        unsigned status
        size_t reason
        size_t reason_len
        size_t size

    struct h1scan_field:
        size_t name
        size_t name_len
        size_t value
        size_t value_len
        int folded

    struct h1scan_chunk_line:
        uint64_t chunk_size
        size_t ext_len
        size_t size

    size_t h1scan_head_end(const unsigned char *buf, size_t len, size_t *scanned)
    h1scan_result read_status_line "h1scan_status_line"(
        const unsigned char *buf, size_t len, h1scan_status_line *line)
    h1scan_result read_field "h1scan_field"(
        const unsigned char *buf, size_t len, size_t *pos, h1scan_field *field)
    h1scan_result read_chunk_line "h1scan_chunk_line"(
        const unsigned char *buf, size_t len, h1scan_chunk_line *line)
    size_t h1scan_span_token(const unsigned char *buf, size_t len)
    size_t h1scan_span_value(const unsigned char *buf, size_t len)
    size_t h1scan_span_visible(const unsigned char *buf, size_t len)
    int h1scan_same_name(
        const unsigned char *buf, size_t len, const char *lower, size_t lower_len)


cdef inline const unsigned char *part_of(
    const unsigned char *buf, size_t size, size_t start, size_t length
) except NULL:
    if start > size or length > size - start:
        raise SystemError("h1scan: offset outside the buffer")
    return buf + start


cdef inline bytes bytes_of(const unsigned char *buf, size_t size, size_t start, size_t length):
    return PyBytes_FromStringAndSize(<const char *>part_of(buf, size, start, length), length)


# Eight bytes are looked at together; the last eight of a text may have been looked at before.
cdef inline uint64_t eight(const unsigned char *at) noexcept:
    cdef uint64_t word
    memcpy(&word, at, 8)
    return word


cdef inline bint is_ascii(const unsigned char *text, size_t length) noexcept:
    cdef uint64_t high = 0
    cdef size_t i = 0
    if length < 8:
        for i in range(length):
            high |= text[i]
    else:
        while length - i > 8:
            high |= eight(text + i)
            i += 8
        high |= eight(text + length - 8)
    return high & <uint64_t>0x8080808080808080 == 0


# Do these equal without regard to case? Not of any bytes: `lower` has letters, digits and hyphens
# only, and `token` is a token, in which no other byte becomes one of those by setting its bit 0x20.
cdef inline bint is_same_token(
    const unsigned char *token, const unsigned char *lower, size_t length
) noexcept:
    cdef uint64_t case = <uint64_t>0x2020202020202020
    cdef uint64_t differing = 0
    cdef size_t i = 0
    if length < 8:
        for i in range(length):
            differing |= (token[i] | 0x20) ^ lower[i]
    else:
        while length - i > 8:
            differing |= (eight(token + i) | case) ^ eight(lower + i)
            i += 8
        i = length - 8
        differing |= (eight(token + i) | case) ^ eight(lower + i)
    return differing == 0


cdef inline str text_of(const unsigned char *buf, size_t size, size_t start, size_t length):
    return PyUnicode_DecodeUTF8(
        <const char *>part_of(buf, size, start, length), length, "surrogateescape"
    )


# The same of bytes that are known to be ASCII.
cdef inline str ascii_text_of(const unsigned char *buf, size_t size, size_t start, size_t length):
    cdef const unsigned char *part = part_of(buf, size, start, length)
    text = PyUnicode_New(length, 127)
    if length != 0:  # the empty string is shared
        memcpy(PyUnicode_1BYTE_DATA(text), part, length)
    return text
