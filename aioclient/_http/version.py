"""Versions of HTTP (RFC 9110 section 2.5)."""

from typing import Final, NamedTuple


class HttpVersion(NamedTuple):
    """A version of HTTP."""

    major: int
    minor: int


HttpVersion10: Final = HttpVersion(1, 0)
HttpVersion11: Final = HttpVersion(1, 1)
