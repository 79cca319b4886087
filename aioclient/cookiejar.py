"""The page `aioclient.compat.cookiejar`, as a module of the front door."""

from aioclient.compat.cookiejar import *  # noqa: F403 - all of it
