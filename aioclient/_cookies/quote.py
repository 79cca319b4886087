"""Door to the twins that quote cookie values: `quote_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .quote_py import is_quoted, quote_value, unquote_value
else:
    try:
        from .quote_c import is_quoted, quote_value, unquote_value
    except ImportError:
        from .quote_py import is_quoted, quote_value, unquote_value

__all__ = ("is_quoted", "quote_value", "unquote_value")
