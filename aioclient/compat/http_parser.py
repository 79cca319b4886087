"""Nothing: the parsers of aiohttp are its own."""

from ._missing import refuses

__all__ = ()

__getattr__ = refuses(__name__)
