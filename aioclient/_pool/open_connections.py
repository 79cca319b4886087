"""The connections of a pool whose links are not gone yet, idle or in use or saying goodbye."""

import asyncio
from collections.abc import Iterator

from aioclient._connection.interface import Connection


class OpenConnections:
    """They leave by themselves; the pool is not kept alive by them."""

    __slots__ = ("_all", "_none_left")

    def __init__(self) -> None:
        self._all: set[Connection] = set()
        self._none_left: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._all)

    def __iter__(self) -> Iterator[Connection]:
        """A copy's: closing one may take others away."""
        return iter(list(self._all))

    def add(self, connection: Connection) -> None:
        """A link was opened."""
        self._all.add(connection)

    def gone(self, connection: Connection) -> None:
        """Its link is gone."""
        self._all.discard(connection)
        if not self._all and self._none_left is not None and not self._none_left.done():
            self._none_left.set_result(None)

    def forget_all(self) -> None:
        """They ended with their event loop."""
        self._all.clear()

    async def all_gone(self, within_s: float) -> bool:
        """Wait until none is left; True if that is so in time."""
        if self._all:
            if self._none_left is None or self._none_left.done():
                self._none_left = asyncio.get_running_loop().create_future()
            await asyncio.wait([self._none_left], timeout=within_s)
        return not self._all
