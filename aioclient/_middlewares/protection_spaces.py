"""The Digest challenges that servers made, kept for later requests (RFC 7616 sections 3.3 and 3.6).

A protection space is a realm of an origin. What is kept of one are the URIs that belong to it and
its sessions, one for each nonce.
"""

from collections.abc import Container
from contextlib import suppress
from typing import Final

from yarl import URL

from aioclient._auth.digest import DigestChallenge
from aioclient._auth.digest_session import MAX_KEPT_CHARACTERS, DigestSession, DigestSessions
from aioclient._message.client_request import Origin
from aioclient._message.target import target_of
from aioclient.errors import NonHttpUrlClientError

#: Spaces that are kept; of more, those that were entered last.
MAX_SPACES: Final = 16
#: URIs of a ``domain`` that are looked at.
MAX_URIS: Final = 64


class ProtectionSpace(DigestSessions):
    """A realm of an origin."""

    __slots__ = ("uris",)

    def __init__(self) -> None:
        super().__init__()
        #: Those whose requests are answered for before they are challenged: origin and path.
        self.uris: tuple[tuple[Origin, str], ...] = ()

    def reach(self, origin: Origin, path: str) -> int:
        """How many characters of a path show that it is in the space; -1 if it is not."""
        return max(
            (len(uri) for where, uri in self.uris if where == origin and _covers(uri, path)),
            default=-1,
        )


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
        # No request can go there; IndexError is yarl's, for "http://[a]@".
        with suppress(ValueError, IndexError, NonHttpUrlClientError):
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
