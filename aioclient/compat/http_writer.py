"""Versions of HTTP."""

from aioclient._http.version import HttpVersion, HttpVersion10, HttpVersion11

from ._missing import refuses

__all__ = (
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
)

__getattr__ = refuses(__name__)
