"""The page `aioclient.compat.formdata`, as a module of the front door."""

from aioclient.compat.formdata import *  # noqa: F403 - all of it
