"""Which implementation of zlib is used."""

from aioclient._body.zlib_backend import set_zlib_backend

__all__ = ("set_zlib_backend",)
