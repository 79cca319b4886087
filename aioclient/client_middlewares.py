"""The page `aioclient.compat.client_middlewares`, as a module of the front door."""

from typing import TYPE_CHECKING

from aioclient.compat.client_middlewares import *  # noqa: F403 - all of it

if not TYPE_CHECKING:
    from aioclient.compat.client_middlewares import __getattr__ as __getattr__
