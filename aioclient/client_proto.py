"""The page `aioclient.compat.client_proto`, as a module of the front door."""

from aioclient.compat.client_proto import *  # noqa: F403 - all of it
