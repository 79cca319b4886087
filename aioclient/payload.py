"""The page `aioclient.compat.payload`, as a module of the front door."""

from aioclient.compat.payload import *  # noqa: F403 - all of it
