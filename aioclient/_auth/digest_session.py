"""What requests with one nonce have in common, and which of them are kept (RFC 7616 section 3.3).

A session that is not the latest stays for a while, for servers give a nonce again, to another
request at the same time for instance; its count must then go on, as two requests with one count are
one that is replayed.

Nothing here waits, so whoever counts and sends has a count that nobody else has. There are no
credentials here.
"""

import os
from collections.abc import Mapping
from typing import Final

from aioclient._auth.digest import MAX_COUNT, DigestChallenge

#: Challenges to one request that are answered: the second one if it is stale.
MAX_ANSWERS: Final = 2
#: Sessions that are kept of each protection space.
MAX_SESSIONS: Final = 64
#: Characters of nonce, realm and opaque together; a session with more of them is not kept.
MAX_KEPT_CHARACTERS: Final = 4096


class DigestSession:
    """What requests with one nonce have in common."""

    __slots__ = ("challenge", "cnonce", "count", "is_proven", "space")

    def __init__(
        self, challenge: DigestChallenge, space: "DigestSessions", cnonce: str | None = None
    ) -> None:
        self.challenge: DigestChallenge = challenge
        self.space: DigestSessions = space
        #: One for the whole session, which the "-sess" algorithms are named for.
        self.cnonce: str = os.urandom(16).hex() if cnonce is None else cnonce
        #: Requests so far.
        self.count: int = 0
        #: Has the server taken an answer?
        self.is_proven: bool = False

    @property
    def is_used_up(self) -> bool:
        """Has the nonce had as many requests as can be counted?"""
        return self.count >= MAX_COUNT

    def next_count(self) -> int:
        """The count for one more request."""
        self.count += 1
        return self.count


class DigestSessions:
    """Those of one protection space."""

    __slots__ = ("_sessions", "in_advance")

    def __init__(self) -> None:
        #: The one for requests that are answered for before they are challenged. One that is not
        #: proven is for one request, who takes it away: there are servers that take a nonce once,
        #: and only the last one that they gave.
        self.in_advance: DigestSession | None = None
        # By nonce, the latest last.
        self._sessions: dict[str, DigestSession] = {}

    def take(self) -> "DigestSession | None":
        """The session for a request that nobody has challenged yet."""
        session = self.in_advance
        if session is None or session.is_used_up:
            return None
        if not session.is_proven:
            self.in_advance = None
        return session

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


def is_refusal(challenge: DigestChallenge, session: DigestSession | None, answers: int) -> bool:
    """Does a challenge say that the answer before it was wrong, and not only too old?

    `session` is that of the answer, None if there was none; `answers` counts those that were not
    given in advance.
    """
    if session is None:
        return False
    answered = session.challenge
    if (challenge.nonce, challenge.realm) == (answered.nonce, answered.realm):
        return True
    # RFC 7616 section 3.3, stale. Not every server says that of a nonce from before.
    return answers > 0 and not challenge.stale


def check_credentials(login: str, password: str) -> None:
    """Find what cannot be sent before anything is; no error has either in it.

    Raises TypeError for what is no str, ValueError for what cannot be sent.
    """
    for what, text in ("login", login), ("password", password):
        if not isinstance(text, str):
            raise TypeError(
                f"{what} for Digest authentication must be str, not {type(text).__name__}"
            )
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ValueError(f"{what} for Digest authentication cannot be encoded in UTF-8")
    if ":" in login:  # it could not be told from the one that ends it
        raise ValueError('a login for Digest authentication must not contain ":"')
    if any(character < " " or character == "\x7f" for character in login):
        raise ValueError("a login for Digest authentication must not have control characters")
