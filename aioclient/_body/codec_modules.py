"""The codec libraries: which are installed, and what is used of them.

Finding out does not import them; each is imported when the first body in its coding is decoded.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from typing import Protocol, cast

from aioclient._aliases import BytesLike
from aioclient.errors import ClientPayloadError

from .zlib_backend import choice


class Inflater(Protocol):
    """What `decompressobj` of zlib and the modules like it makes."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class Deflater(Protocol):
    """What `compressobj` of these modules makes."""

    def compress(self, data: BytesLike, /) -> bytes: ...
    def flush(self) -> bytes: ...


class ZlibBackend(Protocol):
    """The module zlib, or one that has the same names."""

    @property
    def error(self) -> type[Exception]: ...
    @property
    def compressobj(self) -> Callable[..., Deflater]: ...
    @property
    def decompressobj(self) -> Callable[[int], Inflater]: ...
    @property
    def crc32(self) -> Callable[..., int]: ...


class ZstdDecompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class ZstdCompressor(Protocol):
    def compress(self, data: BytesLike) -> bytes: ...
    def flush(self) -> bytes: ...


class _WindowLogMax(Protocol):
    @property
    def window_log_max(self) -> int: ...


class ZstdModule(Protocol):
    """`compression.zstd` or `backports.zstd`."""

    @property
    def ZstdError(self) -> type[Exception]: ...  # noqa: N802 - their name
    @property
    def ZstdCompressor(self) -> Callable[[], ZstdCompressor]: ...  # noqa: N802
    @property
    def ZstdDecompressor(self) -> Callable[[None, dict[int, int]], ZstdDecompressor]: ...  # noqa: N802
    @property
    def DecompressionParameter(self) -> _WindowLogMax: ...  # noqa: N802


class BrotliDecompressor(Protocol):
    @property
    def process(self) -> Callable[..., bytes]: ...
    def is_finished(self) -> bool: ...
    def can_accept_more_data(self) -> bool: ...  # since 1.2


class BrotliCompressor(Protocol):
    def process(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


class BrotliModule(Protocol):
    """`brotli` or `brotlicffi`."""

    @property
    def error(self) -> type[Exception]: ...
    @property
    def Compressor(self) -> Callable[..., BrotliCompressor]: ...  # noqa: N802 - their name
    @property
    def Decompressor(self) -> Callable[[], BrotliDecompressor]: ...  # noqa: N802 - their name


def zlib_module() -> ZlibBackend:
    """The module that decodes gzip and deflate now."""
    if choice.backend is None:
        choice.backend = _default_zlib()
    return choice.backend


def standard_zlib() -> ZlibBackend:
    """The zlib of the standard library, whatever the backend is."""
    return cast("ZlibBackend", importlib.import_module("zlib"))


def brotli_module() -> BrotliModule:
    """The Brotli package. Raises ClientPayloadError if it cannot be imported."""
    return cast("BrotliModule", _imported(brotli_name(), "br", "Decompressor"))


def zstd_module() -> ZstdModule:
    """The zstd package. Raises ClientPayloadError if it cannot be imported."""
    return cast("ZstdModule", _imported(zstd_name(), "zstd", "ZstdDecompressor"))


def brotli_name() -> str | None:
    """The name of the Brotli package to import, or None."""
    return next((name for name in ("brotli", "brotlicffi") if is_installed(name)), None)


def zstd_name() -> str | None:
    """The name of the zstd package to import, or None."""
    # `_zstd` is the part of the standard library that a build of Python can lack.
    if sys.version_info >= (3, 14) and is_installed("_zstd"):
        return "compression.zstd"
    return "backports.zstd" if is_installed("backports.zstd") else None


def _default_zlib() -> ZlibBackend:
    for package, name in (("isal", "isal.isal_zlib"), ("zlib_ng", "zlib_ng.zlib_ng")):
        if is_installed(package):
            try:
                return cast("ZlibBackend", importlib.import_module(name))
            except ImportError:
                pass  # it would only have been faster
    return standard_zlib()


def _imported(name: str | None, coding: str, needed: str) -> object:
    """The codec module `name`. Raises ClientPayloadError if it is no use."""
    if name is None:
        raise ClientPayloadError(f"{coding} body cannot be decoded: no package for it is installed")
    try:
        module = importlib.import_module(name)
        getattr(module, needed)
    except Exception as error:  # whatever a broken installation raises
        raise ClientPayloadError(
            f"{coding} body cannot be decoded: package {name} is installed, but cannot be used: "
            f"{error}"
        ) from error
    return module


@cache
def is_installed(name: str) -> bool:
    """Is there a module of this name to import? Asked once each."""
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # no parent package; a stand-in without a spec
        return False
