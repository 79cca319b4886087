"""Request bodies of coroutines, which are deprecated."""

from aioclient._body.streamer import streamer

__all__ = ("streamer",)
