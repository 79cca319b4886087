"""The page `aioclient.compat.multipart`, as a module of the front door."""

from aioclient.compat.multipart import *  # noqa: F403 - all of it
