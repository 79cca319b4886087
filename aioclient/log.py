"""The page `aioclient.compat.log`, as a module of the front door."""

from aioclient.compat.log import *  # noqa: F403 - all of it
