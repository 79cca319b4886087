"""The page `aioclient.compat.hdrs`, as a module of the front door."""

from aioclient.compat.hdrs import *  # noqa: F403 - all of it
