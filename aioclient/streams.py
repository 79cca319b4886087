"""The page `aioclient.compat.streams`, as a module of the front door."""

from aioclient.compat.streams import *  # noqa: F403 - all of it
