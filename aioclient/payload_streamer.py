"""The page `aioclient.compat.payload_streamer`, as a module of the front door."""

from aioclient.compat.payload_streamer import *  # noqa: F403 - all of it
