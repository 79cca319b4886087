"""The page `aioclient.compat.helpers`, as a module of the front door."""

from aioclient.compat.helpers import *  # noqa: F403 - all of it
