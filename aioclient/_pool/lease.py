"""The right to one slot of one connection; given back once."""

from collections.abc import Callable

from aioclient._connection.interface import Connection


class Lease:
    """A connection lent to one request."""

    __slots__ = ("_give_back", "connection", "was_kept")

    def __init__(
        self,
        connection: Connection,
        give_back: "Callable[[Lease, bool], None] | None",
        was_kept: bool,
    ) -> None:
        self.connection: Connection = connection
        #: It was not made for this request, and the server may have closed it meanwhile.
        self.was_kept: bool = was_kept
        self._give_back = give_back

    def give_back(self, reusable: bool) -> None:
        """Return the connection: kept if it may be used again, else closed. Counts once."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back(self, reusable)
