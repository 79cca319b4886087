"""The Digest challenges that servers made, kept for later requests (RFC 7616 sections 3.3 and 3.6).

A protection space is a realm of an origin. What is kept of one are the URIs that belong to it and
its sessions, one for each nonce: the challenge, the cnonce, and how many requests had them. A
session that is not the latest stays for a while, for servers give a nonce again, to another request
at the same time for instance; its count must then go on, as two requests with one count are one
that is replayed.

Nothing here waits, so whoever counts and sends has a count that nobody else has. There are no
credentials here.
"""

import os
from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Final

from yarl import URL

from aioclient._auth.digest import MAX_COUNT, DigestChallenge
from aioclient._message.client_request import Origin
from aioclient._message.target import target_of
from aioclient.errors import NonHttpUrlClientError

#: Spaces that are kept; of more, those that were entered last.
MAX_SPACES: Final = 16
#: Sessions that are kept of each space.
MAX_SESSIONS: Final = 64
#: Characters of nonce, realm and opaque together; a session with more of them is not kept.
MAX_KEPT_CHARACTERS: Final = 4096
#: URIs of a ``domain`` that are looked at.
MAX_URIS: Final = 64


class DigestSession:
    """What requests with one nonce have in common."""

    __slots__ = ("challenge", "cnonce", "count", "is_proven", "space")

    def __init__(
        self, challenge: DigestChallenge, space: "ProtectionSpace", cnonce: str | None = None
    ) -> None:
        self.challenge = challenge
        self.space = space
        #: One for the whole session, which the "-sess" algorithms are named for.
        self.cnonce = os.urandom(16).hex() if cnonce is None else cnonce
        #: Requests so far.
        self.count = 0
        #: Has the server taken an answer?
        self.is_proven = False

    @property
    def is_used_up(self) -> bool:
        """Has the nonce had as many requests as can be counted?"""
        return self.count >= MAX_COUNT

    def next_count(self) -> int:
        """The count for one more request."""
        self.count += 1
        return self.count


class ProtectionSpace:
    """A realm of an origin."""

    __slots__ = ("_sessions", "in_advance", "uris")

    def __init__(self) -> None:
        #: Those whose requests are answered for before they are challenged: origin and path.
        self.uris: tuple[tuple[Origin, str], ...] = ()
        #: The session for that. One that is not proven is for one request, who takes it away: there
        #: are servers that take a nonce once, and only the last one that they gave.
        self.in_advance: DigestSession | None = None
        # By nonce, the latest last.
        self._sessions: dict[str, DigestSession] = {}

    def reach(self, origin: Origin, path: str) -> int:
        """How many characters of a path show that it is in the space; -1 if it is not."""
        return max(
            (len(uri) for where, uri in self.uris if where == origin and _covers(uri, path)),
            default=-1,
        )

    def session_for(self, challenge: DigestChallenge) -> DigestSession:
        """The session that a challenge begins, or goes on with."""
        session = self._sessions.pop(challenge.nonce, None)
        if session is None or session.is_used_up:
            session = DigestSession(challenge, self)
        session.challenge = challenge
        self._keep(session)
        return session

    def accept(self, session: DigestSession, info: Mapping[str, str]) -> None:
        """A server has taken an answer of a session, and says so in Authentication-Info.

        Later requests go on with it, or with the ``nextnonce`` that the field may have. What comes
        late, when they go on with another one, changes nothing: of many requests at a time each may
        bring another nonce.
        """
        if not session.is_proven:
            session.is_proven = True
            self.in_advance = session
        following = session.challenge.with_next_nonce(info)
        if following is session.challenge or session is not self.in_advance:
            return
        if len(following.nonce) <= MAX_KEPT_CHARACTERS:
            known = self._sessions.pop(following.nonce, None)
            self.in_advance = known or DigestSession(following, self, session.cnonce)
            self._keep(self.in_advance)

    def refuse(self) -> None:
        """A server does not take an answer: answer none but those who are asked."""
        self.in_advance = None

    def _keep(self, session: DigestSession) -> None:
        self._sessions[session.challenge.nonce] = session
        if len(self._sessions) > MAX_SESSIONS:
            del self._sessions[next(iter(self._sessions))]


class ProtectionSpaces:
    """All that one middleware has come across."""

    __slots__ = ("_spaces",)

    def __init__(self) -> None:
        # The latest last.
        self._spaces: dict[tuple[Origin, str], ProtectionSpace] = {}

    def take(self, origin: Origin, path: str) -> DigestSession | None:
        """The session for a request that nobody has challenged yet.

        That of the space whose URI is the most specific one for its path and query; of several the
        latest.
        """
        found, longest = None, -1
        for space in reversed(self._spaces.values()):
            session = space.in_advance
            if session is not None and not session.is_used_up:
                reach = space.reach(origin, path)
                if reach > longest:
                    found, longest = session, reach
        if found is not None and not found.is_proven:
            found.space.in_advance = None
        return found

    def enter(
        self, origin: Origin, challenge: DigestChallenge, trusted: Container[Origin]
    ) -> DigestSession:
        """The session for a request that an origin has challenged.

        The challenge may say that URIs of other origins belong to the space; that counts if they
        are trusted, too.
        """
        parts = (challenge.realm, challenge.nonce, challenge.opaque or "")
        if sum(map(len, parts)) > MAX_KEPT_CHARACTERS:
            return ProtectionSpace().session_for(challenge)
        space = self._spaces.pop((origin, challenge.realm), None) or ProtectionSpace()
        space.uris = _uris(origin, challenge.domain, trusted)
        self._spaces[origin, challenge.realm] = space
        if len(self._spaces) > MAX_SPACES:
            del self._spaces[next(iter(self._spaces))]
        return space.session_for(challenge)


def _uris(
    origin: Origin, domain: tuple[str, ...], trusted: Container[Origin]
) -> tuple[tuple[Origin, str], ...]:
    """What ``domain`` says; all of the origin if it says nothing (RFC 7616 section 3.3)."""
    if not domain:
        return ((origin, "/"),)
    found = []
    for uri in domain[:MAX_URIS]:
        with suppress(ValueError, NonHttpUrlClientError):  # no request can go there
            if uri.startswith("/") and not uri.startswith("//"):
                found.append((origin, URL(uri).raw_path_qs))
                continue
            target = target_of(URL(uri), None)
            where = Origin.of(target)
            if where == origin or where in trusted:
                found.append((where, target.path_and_query))
    return tuple(found)


def _covers(uri: str, path: str) -> bool:
    """Is a URI of a ``domain`` the begin of a path? Its last segment counts as a whole."""
    return path.startswith(uri) and (uri.endswith("/") or path[len(uri) : len(uri) + 1] in "/?")
