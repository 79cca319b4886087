# cython: language_level=3
"""Cookie values in quotes, both ways: the compiled twin.

A text is an array of characters of 1, 2 or 4 bytes, in which CPython keeps it. Each direction is
one function that walks over it, first to count and then to write, so that both walks take the same
steps. Characters beyond U+00FF stay as they are: a text with some keeps the width of its characters.
"""

from libc.stdint cimport uint8_t, uint16_t, uint32_t


cdef extern from "Python.h":
    Py_ssize_t PY_SSIZE_T_MAX
    # Not PyUnicode_GET_LENGTH: before Python 3.12 this also makes an array of a text that has none.
    Py_ssize_t PyUnicode_GetLength(object text) except -1
    uint32_t PyUnicode_MAX_CHAR_VALUE(object text)  # 0x7F, 0xFF, 0xFFFF or 0x10FFFF
    const void *PyUnicode_DATA(object text)
    uint32_t PyUnicode_READ_CHAR(object text, Py_ssize_t index)
    str PyUnicode_New(Py_ssize_t size, uint32_t largest)
    str PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)


ctypedef fused character:
    uint8_t
    uint16_t
    uint32_t

# Of each character up to U+00FF: does it need no quotes, and how many characters does it take in
# quotes? 1 is itself, 2 with a backslash in front, 4 a backslash and octal digits. Every interpreter
# writes the same there.
cdef unsigned char _plain[256]
cdef unsigned char _width[256]


cdef int _fill_tables() except -1:
    cdef int n
    for n in range(256):
        letter_or_digit = n < 128 and chr(n).isalnum()
        _plain[n] = letter_or_digit or chr(n) in "!#$%&'*+-.^_`|~:"
        _width[n] = 1 if _plain[n] or chr(n) in " ()/<=>?@[]{}" else 4
    _width[ord('"')] = _width[ord("\\")] = 2
    return 0


_fill_tables()


cdef inline Py_ssize_t _length(object text) except -1:
    """How many characters? Raises TypeError unless `text` is a str, or of a subclass."""
    if not isinstance(text, str):
        raise TypeError(f"expected str, got {type(text).__name__}")
    return PyUnicode_GetLength(text)


cdef inline bint _has_quotes(object text, Py_ssize_t size):
    return (
        size >= 2
        and PyUnicode_READ_CHAR(text, 0) == c'"'
        and PyUnicode_READ_CHAR(text, size - 1) == c'"'
    )


# --- quoting --------------------------------------------------------------------------------------


cdef bint _is_plain(const uint8_t *text, Py_ssize_t size) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(size):
        if not _plain[text[i]]:
            return False
    return size != 0


cdef Py_ssize_t _quote(const character *text, Py_ssize_t size, character *into) noexcept nogil:
    """Write `text` in quotes, unless `into` is NULL; how many characters are that?"""
    cdef Py_ssize_t i
    cdef Py_ssize_t n = 1
    cdef unsigned width
    cdef uint32_t one
    for i in range(size):
        one = text[i]
        width = _width[one] if one < 256 else 1
        if into is not NULL:
            if width == 1:
                into[n] = one
            else:
                into[n] = c'\\'
                if width == 2:
                    into[n + 1] = one
                else:
                    into[n + 1] = c'0' + (one >> 6)
                    into[n + 2] = c'0' + (one >> 3 & 7)
                    into[n + 3] = c'0' + (one & 7)
        n += width
    if into is not NULL:
        into[0] = into[n] = c'"'
    return n + 1


cdef str _quoted(const character *text, Py_ssize_t size, uint32_t largest):
    quoted = PyUnicode_New(_quote(text, size, <character *>NULL), largest)
    _quote(text, size, <character *>PyUnicode_DATA(quoted))
    return quoted


def quote_value(value):
    cdef Py_ssize_t size = _length(value)
    cdef uint32_t largest = PyUnicode_MAX_CHAR_VALUE(value)
    cdef const void *text = PyUnicode_DATA(value)
    if largest <= 0xFF and _is_plain(<const uint8_t *>text, size):
        return value
    if size > (PY_SSIZE_T_MAX - 2) // 4:
        raise MemoryError
    if largest <= 0xFF:
        return _quoted[uint8_t](<const uint8_t *>text, size, 0x7F)  # the rest becomes octal
    if largest <= 0xFFFF:
        return _quoted[uint16_t](<const uint16_t *>text, size, largest)
    return _quoted[uint32_t](<const uint32_t *>text, size, largest)


# --- unquoting ------------------------------------------------------------------------------------


def is_quoted(text):
    return _has_quotes(text, _length(text))


cdef inline bint _is_octal(const character *text, Py_ssize_t i) noexcept nogil:
    """Are the three characters from `i` a number that a byte can be?"""
    return (
        c'0' <= text[i] <= c'3' and c'0' <= text[i + 1] <= c'7' and c'0' <= text[i + 2] <= c'7'
    )


cdef Py_ssize_t _unquote(
    const character *text, Py_ssize_t size, character *into, uint32_t *largest
) noexcept nogil:
    """Write what is meant by `text` inside of its quotes, unless `into` is NULL.

    Gives the number of characters; `largest` becomes the largest one that is written in octal
    digits, if that is larger.
    """
    cdef Py_ssize_t end = size - 1  # where the closing quote is
    cdef Py_ssize_t i = 1
    cdef Py_ssize_t n = 0
    cdef uint32_t one
    while i < end:
        one = text[i]
        i += 1
        if one == c'\\' and i < end and text[i] != c'\n':
            if end - i >= 3 and _is_octal(text, i):
                one = (text[i] - c'0') << 6 | (text[i + 1] - c'0') << 3 | (text[i + 2] - c'0')
                i += 3
                if one > largest[0]:
                    largest[0] = one
            else:
                one = text[i]
                i += 1
        if into is not NULL:
            into[n] = one
        n += 1
    return n


cdef str _unquoted(object quoted, const character *text, Py_ssize_t size, uint32_t largest):
    """`largest` is the largest character that may be in `text`, which is the one of `quoted`."""
    cdef Py_ssize_t length = _unquote(text, size, <character *>NULL, &largest)
    if length == size - 2:  # nothing is escaped
        return PyUnicode_Substring(quoted, 1, size - 1)
    unquoted = PyUnicode_New(length, largest)
    _unquote(text, size, <character *>PyUnicode_DATA(unquoted), &largest)
    return unquoted


def unquote_value(text):
    cdef Py_ssize_t size = _length(text)
    if not _has_quotes(text, size):
        return text
    cdef uint32_t largest = PyUnicode_MAX_CHAR_VALUE(text)
    cdef const void *data = PyUnicode_DATA(text)
    if largest <= 0xFF:
        return _unquoted[uint8_t](text, <const uint8_t *>data, size, largest)
    if largest <= 0xFFFF:
        return _unquoted[uint16_t](text, <const uint16_t *>data, size, largest)
    return _unquoted[uint32_t](text, <const uint32_t *>data, size, largest)
