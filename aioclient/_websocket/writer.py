"""Door to the twins of the frame writer: `writer_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .writer_py import FrameWriter
else:
    try:
        from .writer_c import FrameWriter
    except ImportError:
        from .writer_py import FrameWriter

__all__ = ("FrameWriter",)
