# What the compiled twins use of vendor/h1scan/wsbytes. As in _http/h1scan.pxd a pointer into a buffer
# is made of an offset here alone: `room_in` refuses what lies outside.
from libc.stdint cimport uint64_t


cdef extern from "wsbytes.h" nogil:
    struct wsbytes_header:
        unsigned char first
        unsigned is_masked
        unsigned short_length
        unsigned is_shortest
        uint64_t length
        size_t size

    struct wsbytes_utf8:
        unsigned char came
        unsigned char missing
        unsigned char is_not_ascii

    int cut_header "wsbytes_header"(
        const unsigned char *buf, size_t len, wsbytes_header *header)
    size_t frame_size "wsbytes_frame_size"(size_t len)
    void write_frame "wsbytes_frame"(
        unsigned char *into, unsigned char first, const unsigned char *key,
        const unsigned char *payload, size_t len)
    size_t check_utf8 "wsbytes_utf8"(
        const unsigned char *buf, size_t len, wsbytes_utf8 *state)


cdef inline unsigned char *room_in(
    unsigned char *buf, size_t size, size_t start, size_t length
) except NULL:
    if start > size or length > size - start:
        raise SystemError("wsbytes: offset outside the buffer")
    return buf + start
