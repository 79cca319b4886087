"""The page `aioclient.compat.client`, as a module of the front door."""

from aioclient.compat.client import *  # noqa: F403 - all of it
