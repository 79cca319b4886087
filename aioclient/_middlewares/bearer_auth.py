"""A bearer token for each request, as a middleware (RFC 6750).

The token is a text, or something to call for one. What is called is asked once for all requests
that wait for a token at the same time, and again when a server has refused the token (401). The
refused request is then sent once more.

A token that was refused, but has been replaced by another one meanwhile, is no reason to ask: the
request takes that one.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from contextvars import ContextVar
from typing import Final, TypeAlias

from aioclient._aliases import StrOrURL
from aioclient._http.header_names import AUTHORIZATION
from aioclient._message.client_request import ClientRequest
from aioclient._message.handler import ClientHandlerType
from aioclient._message.response import ClientResponse
from aioclient._middlewares.own_origins import OwnOrigins

#: Gives a token, or something to await for one.
TokenSource: TypeAlias = Callable[[], str | Awaitable[str]]


class BearerAuthMiddleware:
    """Sends ``Authorization: Bearer`` with each request to the origin that a token is for.

    A request that has an Authorization header is left alone, and so are those that the token's
    source makes itself in order to get one. A request whose body can be read but once is not sent
    again; its 401 is the response, and the next request asks for another token.
    """

    __slots__ = ("_own", "_tokens")

    def __init__(
        self,
        token: str | TokenSource,
        *,
        origins: StrOrURL | Iterable[StrOrURL] | None = None,
    ) -> None:
        """Take a token, or a function for it, plain or async.

        Args:
            token: without the word "Bearer". A function is asked before the first request, and
                again after a 401; what it raises is raised by all requests that wait for it.
            origins: URLs whose schemes, hosts and ports say where the token may go. By default it
                is the origin that is asked first through this middleware, redirects left out.

        Raises ValueError for a token that is no header value, and TypeError for what is no str; for
        what a function gives, the request does so.
        """
        self._tokens = _Tokens(token)
        self._own = OwnOrigins(origins)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """The response to a request with the token."""
        tokens = self._tokens
        if AUTHORIZATION in request.headers or tokens.is_asking or not self._own.bind(request):
            return await handler(request)
        token = await tokens.current()
        response = await _send(request, handler, token)
        if response.status != 401:
            return response
        tokens.refuse(token)
        if not tokens.can_change or not request.can_be_sent_again or not self._own.include(request):
            return response
        another = await tokens.current()
        if another.text == token.text:
            return response
        response = await _send(request, handler, another)
        if response.status == 401:
            tokens.refuse(another)
        return response

    def __repr__(self) -> str:
        return f"<{type(self).__name__} token=***>"


async def _send(
    request: ClientRequest, handler: ClientHandlerType, token: "_Token"
) -> ClientResponse:
    value = f"Bearer {token.text}"
    request.headers[AUTHORIZATION] = value
    try:
        return await handler(request)
    finally:
        # Else it would be taken for the caller's if the request comes by again.
        if request.headers.get(AUTHORIZATION) == value:
            del request.headers[AUTHORIZATION]


class _Token:
    """One that was given; another one with the same text is another one."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


#: Marks of what is asked for by whoever runs in this context. No more than marks: connections
#: that are opened meanwhile keep the context for as long as they are open.
_ASKING: Final[ContextVar[tuple[object, ...]]] = ContextVar("aioclient_asking", default=())


class _Tokens:
    """The latest token, and the one task that asks for the next."""

    __slots__ = ("_asked", "_latest", "_mark", "_source", "_waiting")

    def __init__(self, token: str | TokenSource) -> None:
        self._source: TokenSource | None = None
        self._latest: _Token | None = None
        self._asked: asyncio.Task[_Token] | None = None
        # Of the task's context.
        self._mark: object | None = None
        # Requests that wait for the task.
        self._waiting = 0
        if callable(token):
            self._source = token
        else:
            self._latest = _Token(_checked(token))

    @property
    def can_change(self) -> bool:
        """Is there anything to ask for another token?"""
        return self._source is not None

    @property
    def is_asking(self) -> bool:
        """Is this called by what was asked? It would wait for itself."""
        return self._mark is not None and self._mark in _ASKING.get()

    def refuse(self, token: _Token) -> None:
        """Forget a token that a server did not take, unless there is a later one already."""
        if self._source is not None and self._latest is token:
            self._latest = None

    async def current(self) -> _Token:
        """The latest token; if there is none, what the source gives.

        A caller that is cancelled leaves the others waiting; the last one takes the task along.
        """
        if self._latest is not None:
            return self._latest
        task = self._asked
        if task is None:
            self._asked = task = asyncio.get_running_loop().create_task(self._ask())
            task.add_done_callback(self._has_asked)
        self._waiting += 1
        try:
            await asyncio.wait((task,))
        finally:
            self._waiting -= 1
            if not self._waiting and not task.done():
                task.cancel()
                self._asked = None  # who comes now asks anew
        return task.result()

    async def _ask(self) -> _Token:
        if self._source is None:
            raise RuntimeError("there is nothing to ask for a token")
        mark = self._mark = object()
        _ASKING.set((*_ASKING.get(), mark))
        try:
            given = self._source()
            text = await given if inspect.isawaitable(given) else given
        finally:
            if self._mark is mark:
                self._mark = None
        return _Token(_checked(text))

    def _has_asked(self, task: "asyncio.Task[_Token]") -> None:
        if self._asked is task:
            self._asked = None
            if not task.cancelled() and task.exception() is None:
                self._latest = task.result()
        elif not task.cancelled():
            task.exception()  # it ended otherwise than it was told to, and nobody waits for it


def _checked(token: object) -> str:
    """A token that can be sent. No error has it in it.

    More than RFC 6750 section 2.1 has is taken: what servers give out as tokens they take back.
    """
    if not isinstance(token, str):
        raise TypeError(f"a bearer token must be a str, not {type(token).__name__}")
    if not token or not all("!" <= character <= "~" for character in token):
        raise ValueError(
            "a bearer token must be visible ASCII characters: no blanks, no end of line, and not "
            'the word "Bearer"'
        )
    return token
