"""The page `aioclient.compat.typedefs`, as a module of the front door."""

from aioclient.compat.typedefs import *  # noqa: F403 - all of it
