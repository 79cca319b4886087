"""TLS sessions that may be resumed: what saves a new connection most of its handshake.

To read a session is dear: Python copies it, which parses the certificate once more and takes as
long as a third of a handshake; and before 3.12.8 and 3.13.1 the memory of a copy is lost (issue
116810 of CPython), so that only so many are read there. So what is kept of a handshake is the TLS
object, which is asked for its session when another connection wants it.

For the same reason a session serves until the server does not resume it any more. RFC 8446 appendix
C.4 would use each ticket once, so that nobody on the way sees that connections have the same
client; who needs that resumes nothing. Where a server resumes nothing, trying is soon left alone.
"""

import itertools
import ssl
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

from aioclient._net.route import Route

#: For so many routes one is kept; the one that was used longest ago goes first. Each may be some 40
#: KB, if its connection is gone.
MAX_SESSIONS: Final = 128
#: A server that never resumes is tried again after so many connections at most.
MAX_PAUSE: Final = 1023
#: So many sessions are read in a process where the memory of each is lost: 7 KB, of a short chain.
MAX_LOST: Final = 1000


def loses_what_is_read(version: tuple[int, int, int]) -> bool:
    """Is this a CPython with issue 116810?"""
    return version < (3, 12, 8) or (3, 13) <= version < (3, 13, 1)


#: Gives None for each reading that there may be.
_readings: Iterator[None] = (
    itertools.repeat(None, MAX_LOST)
    if loses_what_is_read(sys.version_info[:3])
    else itertools.repeat(None)
)


class RouteSession:
    """The session of one route, and the certificate that its server showed last."""

    __slots__ = (
        "_certificate",
        "_has_served",
        "_pause",
        "_session",
        "_shown",
        "_tls",
        "_to_skip",
    )

    def __init__(self) -> None:
        self._shown: bytes | None = None
        self._certificate: Mapping[str, object] | None = None
        self._tls: ssl.SSLObject | None = None  # which was not asked for its session yet
        self._session: ssl.SSLSession | None = None
        self._has_served = False
        self._pause = 0
        self._to_skip = 0

    def offer(self) -> ssl.SSLSession | None:
        """What a new connection may try to resume."""
        if self._to_skip:
            self._to_skip -= 1
            return None
        tls, self._tls = self._tls, None
        if tls is not None and next(_readings, False) is None:
            session = tls.session
            # Over TLS 1.3 a server may have sent no ticket, over 1.2 neither that nor a name.
            if session is not None and (session.has_ticket or session.id):
                self._session = session
            else:
                self._try_less_often()
        return self._session

    def agreed(self, tls: ssl.SSLObject, was_offered: bool) -> None:
        """A handshake is done, for which a session was offered or not."""
        if tls.session_reused:
            self._has_served = True
            self._pause = 0
            return
        if was_offered:
            self._try_less_often()
        self._tls = tls
        self._session = None

    def certificate(self, tls: ssl.SSLObject) -> Mapping[str, object] | None:
        """As `ssl.SSLObject.getpeercert` gives it; parsed when another is shown than before."""
        shown = tls.getpeercert(binary_form=True)
        if not self._certificate or shown != self._shown:
            self._certificate = tls.getpeercert()
            self._shown = shown
        return self._certificate

    def forget(self) -> None:
        """A connection failed in TLS.

        RFC 5246 section 7.2.2: its session must not be resumed. And a server that fails with one
        should be asked without.
        """
        self._tls = self._session = None

    def _try_less_often(self) -> None:
        # One that was resumed before has only come of age.
        self._pause = 0 if self._has_served else min(2 * self._pause + 1, MAX_PAUSE)
        self._has_served = False
        self._to_skip = self._pause


class TlsSessions:
    """One session for each route, which has every input of the handshake in it.

    So none is used with another verification, name or pin than those that it was made with.
    """

    __slots__ = ("_sessions",)

    def __init__(self) -> None:
        self._sessions: OrderedDict[Route, RouteSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def of(self, route: Route) -> RouteSession:
        """That of a route."""
        session = self._sessions.get(route)
        if session is None:
            session = self._sessions[route] = RouteSession()
            if len(self._sessions) > MAX_SESSIONS:
                self._sessions.popitem(last=False)
        else:
            self._sessions.move_to_end(route)
        return session
