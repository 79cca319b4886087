"""The page `aioclient.compat.http_writer`, as a module of the front door."""

from aioclient.compat.http_writer import *  # noqa: F403 - all of it
from aioclient.compat.http_writer import __getattr__ as __getattr__
