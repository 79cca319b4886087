# cython: language_level=3
"""Request heads -> bytes: the compiled twin."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

from aioclient._http.h1scan cimport (
    h1scan_span_token,
    h1scan_span_value,
    h1scan_span_visible,
)

from aioclient._http1.diagnosis import bad_field_name, bad_field_value

ctypedef size_t (*span)(const unsigned char *, size_t) noexcept nogil


cdef bint _consists_of(object text, span leading):
    """Is `text`, a str or of a subclass, not empty and every byte of it of one class of ASCII?"""
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    if not text or not text.isascii():
        return False
    cdef bytes data = text.encode("ascii")
    cdef size_t size = PyBytes_GET_SIZE(data)
    return leading(<const unsigned char *>PyBytes_AS_STRING(data), size) == size


def write_field_lines(fields):
    cdef list lines = []
    cdef bytes value_bytes
    cdef size_t size
    for name, value in fields:
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(
                f"header names and values must be str, got {type(name).__name__} and "
                f"{type(value).__name__} for {name!r}"
            )
        if not _consists_of(name, h1scan_span_token):
            raise bad_field_name(name)
        try:
            value_bytes = value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:  # it has the value
            value_bytes = None
        if value_bytes is None:
            raise bad_field_value(name, None)
        size = PyBytes_GET_SIZE(value_bytes)
        if h1scan_span_value(<const unsigned char *>PyBytes_AS_STRING(value_bytes), size) != size:
            raise bad_field_value(name, value_bytes)
        lines.append(name.encode("ascii"))
        lines.append(b": ")
        lines.append(value_bytes.strip(b" \t"))
        lines.append(b"\r\n")
    return b"".join(lines)


def write_request_head(
    object method,  # not `str`, which would refuse its subclasses
    object target,
    object authority,
    bytes field_lines not None,
    bytes framing_lines not None,
    object minor_version=1,
):
    cdef bytes after_target = b" HTTP/1.1\r\nHost: "
    if not _consists_of(method, h1scan_span_token):
        raise ValueError(f"invalid character in method {method!r}")
    if not _consists_of(target, h1scan_span_visible):
        raise ValueError(f"invalid character in request target {target!r}")
    if not _consists_of(authority, h1scan_span_visible):
        raise ValueError(f"invalid character in Host {authority!r}")
    if minor_version != 1:
        if minor_version != 0:
            raise ValueError(f"HTTP/1 has the minor versions 0 and 1, not {minor_version!r}")
        after_target = b" HTTP/1.0\r\nHost: "
    return b"".join(
        (
            method.encode("ascii"),
            b" ",
            target.encode("ascii"),
            after_target,
            authority.encode("ascii"),
            b"\r\n",
            field_lines,
            framing_lines,
            b"\r\n",
        )
    )
