"""Versions of HTTP."""

from typing import TYPE_CHECKING

from aioclient._http.version import HttpVersion, HttpVersion10, HttpVersion11

from ._missing import refuses

__all__ = (
    "HttpVersion",
    "HttpVersion10",
    "HttpVersion11",
)

if not TYPE_CHECKING:
    __getattr__ = refuses(__name__)
