"""Digest authentication as a middleware (RFC 7616).

A request is answered for when a server asks for that (401 with a challenge), or in advance, if it
has asked before. Each sending has a count of its own for its nonce, also with many at a time.

How often it is tried: a challenge is answered once. If the answer is refused, the login or the
password is wrong, and the 401 is the response; more tries would lock an account. There is one more
if the server says that only the nonce was too old (``stale``), and one if the nonce was one from
before. Weaker challenges are not tried after the strongest one.

What proves that the server knows the password, too (``rspauth``), is not looked at. A server, or
who pretends to be one, may leave it out, so that to refuse a wrong one would protect from nothing;
and there are servers that calculate it otherwise.
"""

from collections.abc import Iterable

from aioclient._aliases import StrOrURL
from aioclient._auth.challenge import parse_authentication_info, parse_challenges
from aioclient._auth.digest import DigestChallenge, digest_response, strongest_challenge
from aioclient._auth.digest_session import (
    MAX_ANSWERS,
    DigestSession,
    check_credentials,
    is_refusal,
)
from aioclient._http.header_names import AUTHORIZATION
from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType
from aioclient._message.response import ClientResponse
from aioclient._middlewares.own_origins import OwnOrigins
from aioclient._middlewares.protection_spaces import ProtectionSpaces


class DigestAuthMiddleware:
    """Answers for requests with a login and a password, when a server asks for Digest.

    One for all requests of a session, as the last of its `middlewares`: what comes after it must
    not change the request any more. It may be shared by sessions of one event loop.

    A request that has an Authorization header is left alone, wherever that is from: `headers` or
    `auth` of the caller or the session, a URL, the netrc file. A body that can be read but once is
    not sent again: then the 401 is the response, but the next request is answered for at once.
    """

    __slots__ = ("_login", "_own", "_password", "_preemptive", "_spaces")

    def __init__(
        self,
        login: str,
        password: str,
        preemptive: bool = True,
        *,
        origins: StrOrURL | Iterable[StrOrURL] | None = None,
    ) -> None:
        """Take a login and a password, for one origin or for some.

        Args:
            login: must have no colon in it.
            password: may be empty.
            preemptive: authenticate later requests to the same protection space without waiting to
                be asked. That is all of the origin, unless the challenge names paths.
            origins: URLs whose schemes, hosts and ports say who may challenge. By default it is the
                first origin that does, of those that the program asks: not behind a redirect.

        Raises ValueError for a login or password that cannot be sent, and for origins that are no
        http or https URLs.
        """
        check_credentials(login, password)
        self._login = login
        self._password = password
        self._preemptive = preemptive
        self._own = OwnOrigins(origins)
        self._spaces = ProtectionSpaces()

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """The response to a request, authenticated if the server wishes that."""
        if AUTHORIZATION in request.headers or not self._own.include(request):
            return await handler(request)
        session = await self._session_in_advance(request)
        response = await self._send(request, handler, session)
        for answers in range(MAX_ANSWERS):
            if response.status != 401:
                return response
            challenge = await self._challenge(request, response)
            if challenge is None or is_refusal(challenge, session, answers):
                break
            session = self._spaces.enter(request.origin, challenge, self._own)
            if not request.can_be_sent_again:
                session.space.in_advance = session  # so that the next one need not be
                return response
            response = await self._send(request, handler, session)
        if session is not None and response.status == 401:
            session.space.refuse()
        return response

    def __repr__(self) -> str:
        return f"<{type(self).__name__} preemptive={self._preemptive}>"

    async def _session_in_advance(self, request: ClientRequest) -> DigestSession | None:
        if not self._preemptive:
            return None
        session = self._spaces.take(request.origin, request.url.raw_path_qs)
        if session and session.challenge.needs_body and await request.sent_body() is None:
            return None
        return session

    async def _challenge(
        self, request: ClientRequest, response: ClientResponse
    ) -> DigestChallenge | None:
        """The challenge to answer; None if there is none, or the credentials are for others."""
        challenges = parse_challenges(response.headers.getall("WWW-Authenticate", ()))
        challenge = strongest_challenge(challenges)
        # What came after this middleware may have changed the URL.
        if challenge is None or not self._own.bind(request):
            return None
        if challenge.needs_body and await request.sent_body() is None:
            return strongest_challenge(challenges, has_body=False)
        return challenge

    async def _send(
        self, request: ClientRequest, handler: ClientHandlerType, session: DigestSession | None
    ) -> ClientResponse:
        """Send a request with the next answer of a session, or with None as it is."""
        if session is None:
            return await handler(request)
        challenge = session.challenge
        body = await request.sent_body() if "auth-int" in challenge.qop else None
        value = digest_response(
            challenge,
            method=request.method,
            uri=_digest_uri(request),
            login=self._login,
            password=self._password,
            cnonce=session.cnonce,
            count=session.next_count(),
            body_digest_input=body,
        )
        request.headers[AUTHORIZATION] = value
        try:
            response = await handler(request)
        finally:
            # Else it would be taken for the caller's if the request comes by again.
            if request.headers.get(AUTHORIZATION) == value:
                del request.headers[AUTHORIZATION]
        if response.status != 401:
            info = ", ".join(response.headers.getall("Authentication-Info", ()))
            session.space.accept(session, parse_authentication_info(info))
        return response


def _digest_uri(request: ClientRequest) -> str:
    """The target, as the server sees it: a proxy that forwards is told the whole URL.

    RFC 7616 section 3.4.
    """
    target = request.request_target
    return target if target.startswith(("/", "*")) else request.url.raw_path_qs
