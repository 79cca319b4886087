"""Door to the twins of the head writer: `head_writer_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .head_writer_py import write_field_lines, write_request_head
else:
    try:
        from .head_writer_c import write_field_lines, write_request_head
    except ImportError:
        from .head_writer_py import write_field_lines, write_request_head

__all__ = ("write_field_lines", "write_request_head")
