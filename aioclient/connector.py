"""The page `aioclient.compat.connector`, as a module of the front door."""

from aioclient.compat.connector import *  # noqa: F403 - all of it
