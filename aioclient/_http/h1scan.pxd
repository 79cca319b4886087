# What the compiled twins use of vendor/h1scan, and the one place where they make a pointer from an
# offset: `part_of`, `bytes_of` and `text_of` refuse what lies outside the buffer.
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t


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


cdef inline str text_of(const unsigned char *buf, size_t size, size_t start, size_t length):
    return PyUnicode_DecodeUTF8(
        <const char *>part_of(buf, size, start, length), length, "surrogateescape"
    )
