"""The page `aioclient.compat.client_ws`, as a module of the front door."""

from aioclient.compat.client_ws import *  # noqa: F403 - all of it
