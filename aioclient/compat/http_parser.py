"""Nothing: the parsers of aiohttp are its own."""

from typing import TYPE_CHECKING

from ._missing import refuses

__all__ = ()

if not TYPE_CHECKING:
    __getattr__ = refuses(__name__)
