"""The page `aioclient.compat.http`, as a module of the front door."""

from aioclient.compat.http import *  # noqa: F403 - all of it
from aioclient.compat.http import __getattr__ as __getattr__
