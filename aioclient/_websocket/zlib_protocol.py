"""What this room uses of zlib, for type checkers: the standard library's module, or one like it.

zlib_ng has it all. isal's decompressors lack `copy`; and with small messages, which most are, it is
slower than zlib.
"""

from collections.abc import Callable
from typing import Protocol, Self

from aioclient._aliases import BytesLike


class ZlibCompressor(Protocol):
    """What `compressobj` makes."""

    def compress(self, data: BytesLike, /) -> bytes: ...
    def flush(self, mode: int, /) -> bytes: ...


class ZlibDecompressor(Protocol):
    """What `decompressobj` makes."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
    def copy(self) -> Self: ...


class ZlibModule(Protocol):
    """The module."""

    @property
    def error(self) -> type[Exception]: ...
    @property
    def compressobj(self) -> Callable[[int, int, int, int, int], ZlibCompressor]: ...
    @property
    def decompressobj(self) -> Callable[[int], ZlibDecompressor]: ...
