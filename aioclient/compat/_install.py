"""Putting aioclient in the place of aiohttp, for libraries that import that themselves.

A finder in front of all others answers for `aiohttp` and the modules below it. Those of the client
are pages of `aioclient.compat`. Those of the server, and of its tests, come from a real aiohttp if
one is installed: that is loaded whole, out of sight, and its server modules are shown, which go on
using the rest of it.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

from aioclient._pages import PAGES

_NAME: Final = "aiohttp"
_BELOW: Final = f"{_NAME}."
_FRONT: Final = Path(__file__).with_name("aiohttp.py")
#: Of the modules of a real aiohttp, those that are shown: they and what begins like the last.
_OF_SERVER: Final = ("test_utils", "pytest_plugin", "worker", "web")


def install_as_aiohttp() -> None:
    """Let `import aiohttp` give aioclient, everywhere in this process, from now on.

    To be called before anything imports aiohttp: RuntimeError if something has, because that goes
    on using what it imported. Called again, it does nothing.

    `aiohttp.web` and the other modules of its server are those of an aiohttp that is installed, or
    an ImportError says that there is none.
    """
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    before = sorted(name for name in sys.modules if _is_of_aiohttp(name))
    if before:
        raise RuntimeError(
            f"{before[0]} was imported already, and whoever did goes on using it: call "
            "install_as_aiohttp before anything imports aiohttp"
        )
    sys.meta_path.insert(0, _Finder())


def uninstall() -> None:
    """Undo `install_as_aiohttp`: for tests.

    What was imported meanwhile keeps what it has; what is imported from now on gets a real aiohttp.
    """
    for finder in [each for each in sys.meta_path if isinstance(each, _Finder)]:
        sys.meta_path.remove(finder)
        _taken_out()


def _is_of_aiohttp(name: str) -> bool:
    return name == _NAME or name.startswith(_BELOW)


class _Finder(MetaPathFinder):
    """Answers for aiohttp and all below it."""

    def __init__(self) -> None:
        self._real = _RealAiohttp()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module is to come from."""
        if not _is_of_aiohttp(fullname) or self._real.is_loading:
            return None
        if fullname == _NAME:
            # A module of that name, so that what is imported from it is looked for below it.
            return spec_from_file_location(_NAME, _FRONT, submodule_search_locations=[])
        page = fullname.removeprefix(_BELOW)
        if page in PAGES:
            return ModuleSpec(fullname, _Alias(f"{__package__}.{page}"))
        if page.startswith(_OF_SERVER):
            return ModuleSpec(fullname, _ServerPart(self._real))
        return None  # and there is none


class _Alias(Loader):
    """Gives a module that there is under another name."""

    def __init__(self, target: str) -> None:
        self._target = target

    def exec_module(self, module: ModuleType) -> None:
        """Put the other module in the place of this one."""
        sys.modules[module.__name__] = importlib.import_module(self._target)


class _ServerPart(Loader):
    """Gives a module of a real aiohttp."""

    def __init__(self, real: "_RealAiohttp") -> None:
        self._real = real

    def exec_module(self, module: ModuleType) -> None:
        """Put the real module in the place of this one."""
        sys.modules[module.__name__] = self._real.load(module.__name__)


class _RealAiohttp:
    """An installed aiohttp, of whose modules nobody sees but those that were asked for."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        #: Are its own imports to be let pass?
        self.is_loading = False

    def load(self, name: str) -> ModuleType:
        """One of its modules. Raises ImportError if there is none."""
        known = self._modules.get(name)
        if known is not None:  # no need to let other threads see any of it again
            return known
        if PathFinder.find_spec(_NAME) is None:
            # No ModuleNotFoundError, which `from aiohttp import web` would turn into other words.
            raise ImportError(
                f"{name} is a part of aiohttp's server, which aioclient has not; it can be had by "
                "installing aiohttp as well",
                name=name,
            )
        with self._in_sight():
            return importlib.import_module(name)

    @contextmanager
    def _in_sight(self) -> Iterator[None]:
        """Let its modules be those of the process for a moment, and ours none."""
        ours = _taken_out()
        sys.modules.update(self._modules)
        self.is_loading = True
        try:
            yield
        finally:
            self.is_loading = False
            self._modules = _taken_out()
            sys.modules.update(ours)


def _taken_out() -> dict[str, ModuleType]:
    """The modules of aiohttp, which are none of the process's any more."""
    names = [name for name in sys.modules if _is_of_aiohttp(name)]
    return {name: sys.modules.pop(name) for name in names}
