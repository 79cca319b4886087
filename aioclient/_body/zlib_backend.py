"""Which module decodes gzip and deflate, if the program has a wish. Light: loaded at start-up."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .codec_modules import ZlibBackend

_NAMES = ("compressobj", "crc32", "decompressobj", "error")


class ZlibChoice:
    """The module that the program wished for; None: what `codec_modules` finds."""

    __slots__ = ("backend",)

    def __init__(self) -> None:
        self.backend: ZlibBackend | None = None


choice = ZlibChoice()


def set_zlib_backend(new_zlib_backend: "ZlibBackend") -> None:
    """Decode gzip and deflate by this module in bodies that begin from now on.

    It is ``isal.isal_zlib``, ``zlib_ng.zlib_ng``, ``zlib``, or what else has compressobj,
    decompressobj, crc32 and error as zlib has. Without this call the first of these that is
    installed is used. Raises TypeError that names what is missing.
    """
    if missing := [name for name in _NAMES if not hasattr(new_zlib_backend, name)]:
        raise TypeError(f"zlib backend {new_zlib_backend!r} has no {', '.join(missing)}")
    choice.backend = new_zlib_backend
