"""The page `aioclient.compat.http_websocket`, as a module of the front door."""

from aioclient.compat.http_websocket import *  # noqa: F403 - all of it
from aioclient.compat.http_websocket import __getattr__ as __getattr__
