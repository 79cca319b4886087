"""Door to the twins of the response parser: `parser_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .parser_py import ResponseParser
else:
    try:
        from .parser_c import ResponseParser
    except ImportError:
        from .parser_py import ResponseParser

__all__ = ("ResponseParser",)
