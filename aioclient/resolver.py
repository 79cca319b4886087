"""The page `aioclient.compat.resolver`, as a module of the front door."""

from aioclient.compat.resolver import *  # noqa: F403 - all of it
