"""The page `aioclient.compat.http`, as a module of the front door."""

from typing import TYPE_CHECKING

from aioclient.compat.http import *  # noqa: F403 - all of it

if not TYPE_CHECKING:
    from aioclient.compat.http import __getattr__ as __getattr__
