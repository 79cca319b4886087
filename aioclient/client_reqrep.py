"""The page `aioclient.compat.client_reqrep`, as a module of the front door."""

from aioclient.compat.client_reqrep import *  # noqa: F403 - all of it
