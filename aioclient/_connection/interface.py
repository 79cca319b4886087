"""What the pool needs of any connection, and what a request needs of its exchange."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from itertools import count
from math import inf
from typing import Final

from aioclient._body.payload import Payload
from aioclient._connection.exchange import Exchange
from aioclient._http.events import RequestHead
from aioclient._net.route import Route

_ids: Final = count(1)


class Connection(ABC):
    """A connection that can carry one exchange after another."""

    __slots__ = (
        "__weakref__",
        "closed_because",
        "expires_at",
        "id",
        "idle_since",
        "may_be_kept",
        "on_gone",
        "on_lost",
        "on_open",
        "opened_at",
        "peer_keeps_s",
        "route",
    )

    def __init__(self, route: Route) -> None:
        #: No other connection of this process has it.
        self.id: int = next(_ids)
        self.route: Route = route
        # The pool's own notes, in seconds of its clock: when it was opened, when it became idle,
        # when it may not be used any more; and why it was closed, if it was.
        self.opened_at: float = 0.0
        self.idle_since: float = 0.0
        self.expires_at: float = 0.0
        self.closed_because: str | None = None
        #: For how long the server keeps it without a request; 0: not at all.
        self.peer_keeps_s: float = inf
        #: Would the pool keep it for another request? The pool says so.
        self.may_be_kept: bool = True
        #: Called once, when it can be used.
        self.on_open: Callable[[Connection], None] | None = None
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

    @property
    @abstractmethod
    def has_unseen_input(self) -> bool:
        """Has something arrived, or the server closed, and the loop has not heard of it yet?"""

    @abstractmethod
    def close(self, why: str = "connection was closed") -> None:
        """End it; an exchange on it fails, and is told why."""

    @abstractmethod
    def abort(self) -> None:
        """End it at once, without the courtesies of TLS."""

    @abstractmethod
    async def wait_closed(self) -> None:
        """Wait until its link is gone."""
