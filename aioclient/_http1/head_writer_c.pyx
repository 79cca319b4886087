# cython: language_level=3
"""Request heads -> bytes: the compiled twin."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsASCIIString, PyUnicode_AsEncodedString

from aioclient._http.h1scan cimport (
    h1scan_span_token,
    h1scan_span_value,
    h1scan_span_visible,
)

from aioclient._http1.diagnosis import bad_field_name, bad_field_value

cdef extern from "Python.h":
    # Not PyUnicode_GET_LENGTH: before Python 3.12 this also makes an array of a text that has none.
    Py_ssize_t PyUnicode_GetLength(object text) except -1
    bint PyUnicode_IS_ASCII(object text)
    void *PyUnicode_1BYTE_DATA(object text)


ctypedef size_t (*span)(const unsigned char *, size_t) noexcept nogil


cdef bint _consists_of(object text, span leading):
    """Is `text`, a str or of a subclass, not empty and every byte of it of one class of ASCII?"""
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    cdef size_t size = PyUnicode_GetLength(text)
    if size == 0 or not PyUnicode_IS_ASCII(text):
        return False
    return leading(<const unsigned char *>PyUnicode_1BYTE_DATA(text), size) == size


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
            value_bytes = PyUnicode_AsEncodedString(value, "utf-8", "surrogateescape")
        except UnicodeEncodeError:  # it has the value
            value_bytes = None
        if value_bytes is None:
            raise bad_field_value(name, None)
        size = PyBytes_GET_SIZE(value_bytes)
        if h1scan_span_value(<const unsigned char *>PyBytes_AS_STRING(value_bytes), size) != size:
            raise bad_field_value(name, value_bytes)
        lines.append(PyUnicode_AsASCIIString(name))
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
            PyUnicode_AsASCIIString(method),
            b" ",
            PyUnicode_AsASCIIString(target),
            after_target,
            PyUnicode_AsASCIIString(authority),
            b"\r\n",
            field_lines,
            framing_lines,
            b"\r\n",
        )
    )
