"""The page `aioclient.compat.http_parser`, as a module of the front door."""

from aioclient.compat.http_parser import *  # noqa: F403 - all of it
from aioclient.compat.http_parser import __getattr__ as __getattr__
