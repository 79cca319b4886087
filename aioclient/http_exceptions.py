"""The page `aioclient.compat.http_exceptions`, as a module of the front door."""

from aioclient.compat.http_exceptions import *  # noqa: F403 - all of it
