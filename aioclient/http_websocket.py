"""The page `aioclient.compat.http_websocket`, as a module of the front door."""

from typing import TYPE_CHECKING

from aioclient.compat.http_websocket import *  # noqa: F403 - all of it

if not TYPE_CHECKING:
    from aioclient.compat.http_websocket import __getattr__ as __getattr__
