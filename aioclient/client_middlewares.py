"""The page `aioclient.compat.client_middlewares`, as a module of the front door."""

from aioclient.compat.client_middlewares import *  # noqa: F403 - all of it
from aioclient.compat.client_middlewares import __getattr__ as __getattr__
