"""The page `aioclient.compat.compression_utils`, as a module of the front door."""

from aioclient.compat.compression_utils import *  # noqa: F403 - all of it
