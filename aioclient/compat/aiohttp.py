"""What `install_as_aiohttp` runs as the module `aiohttp`."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

import aioclient
from aioclient._pages import PAGES

#: The version of aiohttp whose client this is like; some programs ask for it.
__version__: Final = "3.14.5"
__all__ = aioclient.__all__


if TYPE_CHECKING:
    from aioclient import *  # noqa: F403 - all of it
else:

    def __getattr__(name: str) -> object:
        if name in PAGES:
            return import_module(f"aioclient.compat.{name}")
        try:
            return getattr(aioclient, name)
        except AttributeError:
            raise AttributeError(f"aioclient, which is here as aiohttp, has no {name!r}") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *PAGES, *dir(aioclient)})
