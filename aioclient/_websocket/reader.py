"""Door to the twins of the frame reader: `reader_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .reader_py import FrameReader
else:
    try:
        from .reader_c import FrameReader
    except ImportError:
        from .reader_py import FrameReader

__all__ = ("FrameReader",)
