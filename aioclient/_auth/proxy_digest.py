"""Digest authentication with HTTP proxies (RFC 7616 section 3.8).

A proxy is asked for two things: to make a tunnel (`_net/tunnel.py`), and to forward a request
(`_message/proxy_digest.py`). Both answer its challenges by this.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from aioclient._auth.challenge import parse_authentication_info
from aioclient._auth.digest import DigestChallenge, digest_response
from aioclient._auth.digest_session import (
    MAX_ANSWERS,
    DigestSession,
    DigestSessions,
    check_credentials,
    is_refusal,
)

#: A proxy: scheme, host and port.
ProxyKey: TypeAlias = tuple[str, str, int]

#: Proxies whose challenges are kept; of more, those that were asked last.
_MAX_PROXIES: Final = 16


class ProxyDigestAuth:
    """A login and a password for a proxy that asks for Digest: for `proxy_auth`.

    New here. The proxy is told nothing before it asks; afterwards its challenge is answered in
    advance. One object is for all requests through a proxy, of one event loop. Two with the same
    login and password are equal.

    Raises TypeError for what is no str, ValueError for a login with a colon or control characters,
    and for what cannot be encoded.
    """

    __slots__ = ("_login", "_password", "_proxies")

    def __init__(self, login: str, password: str) -> None:
        check_credentials(login, password)
        self._login = login
        self._password = password
        # The latest last.
        self._proxies: dict[ProxyKey, DigestSessions] = {}

    def answers(self, proxy: ProxyKey) -> "ProxyAnswers":
        """The answers for one request through a proxy."""
        sessions = self._proxies.pop(proxy, None) or DigestSessions()
        self._proxies[proxy] = sessions
        if len(self._proxies) > _MAX_PROXIES:
            del self._proxies[next(iter(self._proxies))]
        return ProxyAnswers(self._login, self._password, sessions)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProxyDigestAuth):
            return NotImplemented
        return (self._login, self._password) == (other._login, other._password)

    def __hash__(self) -> int:
        return hash((self._login, self._password))

    def __reduce__(self) -> str:
        raise TypeError("a ProxyDigestAuth cannot be pickled: it is a secret")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(login=***, password=***)"


class ProxyAnswers:
    """What one request says to a proxy, each time that it is sent."""

    __slots__ = ("_count", "_login", "_password", "_session", "_sessions")

    def __init__(self, login: str, password: str, sessions: DigestSessions) -> None:
        self._login = login
        self._password = password
        self._sessions = sessions
        self._session: DigestSession | None = sessions.take()
        self._count = 0

    @property
    def needs_body(self) -> bool:
        """Is the body of the request wanted for the next answer?"""
        return self._session is not None and "auth-int" in self._session.challenge.qop

    def field(self, method: str, uri: str, body: bytes | None = b"") -> str | None:
        """The next value of Proxy-Authorization; None if the proxy has asked for nothing yet.

        `uri` is what the first line says; `body` is None if it cannot be had.
        """
        session = self._session
        if session is None or (body is None and session.challenge.needs_body):
            return None
        return digest_response(
            session.challenge,
            method=method,
            uri=uri,
            login=self._login,
            password=self._password,
            cnonce=session.cnonce,
            count=session.next_count(),
            body_digest_input=body if self.needs_body else None,
        )

    def challenged(self, challenge: DigestChallenge | None) -> bool:
        """The proxy asks (407), by this challenge or by none to answer: is there another answer?"""
        if (
            challenge is None
            or self._count >= MAX_ANSWERS
            or is_refusal(challenge, self._session, self._count)
        ):
            self._sessions.refuse()
            return False
        self._session = self._sessions.session_for(challenge)
        self._count += 1
        return True

    def postpone(self) -> None:
        """The answer cannot be given, as the request is not sent again: the next one gives it."""
        self._sessions.in_advance = self._session

    def accepted(self, fields: Sequence[str] = ()) -> None:
        """The proxy is content, and may say more in Proxy-Authentication-Info."""
        if self._session is not None:
            info = parse_authentication_info(", ".join(fields))
            self._sessions.accept(self._session, info)
