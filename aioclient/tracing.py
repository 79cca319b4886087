"""The page `aioclient.compat.tracing`, as a module of the front door."""

from aioclient.compat.tracing import *  # noqa: F403 - all of it
