"""What the pool needs of any connection, and what a request needs of its exchange."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from aioclient._body.payload import Payload
from aioclient._connection.exchange import Exchange
from aioclient._http.events import RequestHead
from aioclient._net.route import Route


class Connection(ABC):
    """A connection that can carry one exchange after another."""

    __slots__ = ("__weakref__", "idle_since", "may_be_kept", "on_gone", "on_lost", "route")

    def __init__(self, route: Route) -> None:
        self.route = route
        #: When it became idle; the pool's own note.
        self.idle_since = 0.0
        #: Would the pool keep it for another request? The pool says so.
        self.may_be_kept = True
        #: Called when it can carry nothing any more while no exchange is on it.
        self.on_lost: Callable[[Connection], None] | None = None
        #: Called when its link is gone.
        self.on_gone: Callable[[Connection], None] | None = None

    @abstractmethod
    def begin(self, head: RequestHead, payload: Payload | None, exchange: Exchange) -> None:
        """Send a request; `exchange` hears what comes back."""

    @property
    @abstractmethod
    def is_usable(self) -> bool:
        """Open, and nothing came that nobody had asked for."""

    @abstractmethod
    def close(self) -> None:
        """End it; an exchange on it fails."""

    @abstractmethod
    def abort(self) -> None:
        """End it at once, without the courtesies of TLS."""

    @abstractmethod
    async def wait_closed(self) -> None:
        """Wait until its link is gone."""
