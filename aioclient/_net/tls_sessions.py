"""TLS sessions that may be resumed: what saves a new connection most of its handshake."""

import ssl
from collections import OrderedDict
from typing import Final

from aioclient._net.route import Route

#: For so many routes one is kept; the one that was kept first goes first.
MAX_SESSIONS: Final = 256


class TlsSessions:
    """One session for each route, which has every input of the handshake in it.

    So none is used with another verification, name or pin than those that it was made with.
    """

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: OrderedDict[Route, ssl.SSLSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def take(self, route: Route) -> ssl.SSLSession | None:
        """The session of a route, which is not kept any longer.

        RFC 8446 appendix C.4: using a ticket once keeps observers from linking connections.
        """
        return self._sessions.pop(route, None)

    def keep(self, route: Route, session: ssl.SSLSession) -> None:
        """Keep a session in the place of the one before."""
        self._sessions[route] = session
        self._sessions.move_to_end(route)
        if len(self._sessions) > MAX_SESSIONS:
            self._sessions.popitem(last=False)
