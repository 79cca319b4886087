"""The page `aioclient.compat.client_exceptions`, as a module of the front door."""

from aioclient.compat.client_exceptions import *  # noqa: F403 - all of it
