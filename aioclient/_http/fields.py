"""Door to the twins that cut field lines: `fields_c` where it was built and is allowed."""

from typing import TYPE_CHECKING

from aioclient._speedups import COMPILED_ALLOWED

if TYPE_CHECKING or not COMPILED_ALLOWED:
    from .fields_py import raw_pairs, to_multidict
else:
    try:
        from .fields_c import raw_pairs, to_multidict
    except ImportError:
        from .fields_py import raw_pairs, to_multidict

__all__ = ("raw_pairs", "to_multidict")
