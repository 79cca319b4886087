"""The page `aioclient.compat.abc`, as a module of the front door."""

from aioclient.compat.abc import *  # noqa: F403 - all of it
