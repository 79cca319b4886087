"""What a call of the session tells those who trace it."""

import asyncio
import copy
import weakref
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from multidict import CIMultiDictProxy
from yarl import URL

from aioclient._connection.exchange import Exchange
from aioclient._message.client_request import ClientRequest
from aioclient._message.request import Request
from aioclient._message.response import ClientResponse
from aioclient._pool.lease import Lease
from aioclient._tracing.config import TraceConfig
from aioclient._tracing.observed_body import ObservedPayload, ObservedSource
from aioclient._tracing.trace import Trace
from aioclient.errors import ClientPayloadError

# Handlers that are told of what happens while nobody waits for it: the loop alone would not keep
# their tasks alive.
_telling: set[asyncio.Task[None]] = set()


class Traced:
    """The trace of one call, and what has to be wrapped so that there is something to tell.

    Handlers are awaited where something happens. Only of informational responses, and of the end of
    a body that has not arrived with its head, the connection hears while it cannot wait: they are
    told by a task of their own, before whoever waits for the response or its body goes on.
    """

    __slots__ = ("_ending", "_received_at", "_sent_at", "trace")

    def __init__(
        self, session: object, configs: Sequence[TraceConfig[Any]], trace_request_ctx: object
    ) -> None:
        self.trace = Trace(session, configs, trace_request_ctx)
        # Tells of the end of the last response.
        self._ending: asyncio.Task[None] | None = None
        # When the request was out, and the last response was here, as far as they were.
        self._sent_at = _Moment()
        self._received_at = _Moment()

    async def start(self, given: ClientRequest) -> Request:
        """The request begins; handlers may change its headers."""
        await self.trace.request_start(given.method, given.original_url, given.headers)
        return given.to_send()

    def followed(self, request: Request) -> Request:
        """A request that is about to be sent, of which all is told that somebody wants to hear.

        Made anew for each sending: what follows a redirect, or a middleware makes, has another URL.
        """
        if self.trace.hears_informational:
            request = self._telling_of_informational(request)
        payload = request.payload
        if payload is None or not self.trace.hears_chunk_sent:
            return request
        tell = partial(self.trace.request_chunk_sent, request.head.method, request.target.url)
        observed = copy.copy(request)
        observed.payload = ObservedPayload(payload, tell)
        return observed

    def _telling_of_informational(self, request: Request) -> Request:
        reading = request.wishes.reading
        method, url, own = request.head.method, request.target.url, reading.on_informational

        def tell(status: int, headers: CIMultiDictProxy[str]) -> None:
            if own is not None:
                own(status, headers)
            _ = _tell_soon(self.trace.response_informational(method, url, status, headers))

        changed = copy.copy(request)
        changed.wishes = request.wishes.replaced(reading=reading.replaced(on_informational=tell))
        return changed

    async def reused(self, lease: Lease) -> None:
        """A kept connection serves the request; it is given back if a handler fails."""
        try:
            await self.trace.reuseconn(lease.connection.id)
        except BaseException:
            lease.give_back(True)  # nothing was sent
            raise

    async def sent(self, request: Request, lease: Lease, exchange: Exchange) -> None:
        """The head was given to the connection, and the body will be, or was with it."""
        exchange.is_traced = True
        self._sent_at = sent_at = _Moment()
        if exchange.upload is None:
            sent_at.note()
        elif self.trace.hears_attempt_end:
            exchange.upload.over().add_done_callback(sent_at.note)
        await self.trace.request_headers_sent(
            request.head.method,
            request.target.url,
            request.sent_headers(),
            lease.connection.id,
        )

    async def attempt_failed(self, request: Request, begun_at: float, error: BaseException) -> None:
        """The request was sent once, or not even that, and failed."""
        if self.trace.hears_attempt_end:
            await self._tell_attempt(request, None, error, begun_at)

    async def attempt_ended(
        self, request: Request, begun_at: float, response: ClientResponse
    ) -> None:
        """The request was sent once, and the head of a response is there."""
        if self.trace.hears_attempt_end:
            await self._tell_attempt(request, response, None, begun_at)

    async def _tell_attempt(
        self,
        request: Request,
        response: ClientResponse | None,
        error: BaseException | None,
        begun_at: float,
    ) -> None:
        sent_at, self._sent_at = self._sent_at.at, _Moment()
        await self.trace.request_attempt_end(
            request.head.method,
            request.target.url,
            request.sent_headers(),
            response,
            error,
            begun_at,
            sent_at,
        )

    def received(self, request: Request, response: ClientResponse, exchange: Exchange) -> None:
        """The head of a response is there: its body is told piece by piece as it is read."""
        self._received_at = received_at = _Moment()
        if exchange.stream is None:
            received_at.at = exchange.head_at
        elif self.trace.hears_response_end:
            exchange.stream.on_end(received_at.note)
        if self.trace.hears_chunk_received or self.trace.hears_response_end:
            tell = partial(
                self.trace.response_chunk_received, request.head.method, request.target.url
            )
            # What nobody can decode, whoever reads it hears of: the head is none the worse for it.
            with suppress(ClientPayloadError):
                response.content.read_through(
                    partial(ObservedSource, tell=tell, at_end=self._end_is_told)
                )

    async def _end_is_told(self) -> None:
        """Who reads the end of the body goes on when everybody knows of it.

        A handler that is just told of the end, and reads the body, would wait for itself.
        """
        ending = self._ending
        if ending is not None and ending is not asyncio.current_task():
            await asyncio.wait([ending])

    async def redirect(self, request: Request, response: ClientResponse) -> None:
        """A response is followed."""
        await self.trace.request_redirect(
            request.head.method, request.target.url, request.sent_headers(), response
        )

    async def end(self, request: Request, response: ClientResponse) -> None:
        """The head of the last response is there."""
        self.trace.finish()
        await self.trace.request_end(
            request.head.method, request.target.url, request.sent_headers(), response
        )

    async def fail(self, request: Request, error: BaseException) -> None:
        """The request fails."""
        self.trace.finish()
        await self.trace.request_exception(
            request.head.method, request.target.url, request.sent_headers(), error
        )

    async def response_end(self, response: ClientResponse, exchange: Exchange) -> None:
        """Tell when no more of the response comes; at once if that is now."""
        if not self.trace.hears_response_end:
            return
        method, url, stream = response.method, response.url, exchange.stream
        received_at = self._received_at
        if exchange.has_ended or stream is None:
            await self._tell_end(method, url, response, exchange, received_at)
            return
        # What the connection holds must not hold the response: one that is dropped is over.
        seen = weakref.ref(response)

        def ended() -> None:
            self._ending = _tell_soon(self._tell_end(method, url, seen(), exchange, received_at))

        stream.on_end(ended)

    async def _tell_end(
        self,
        method: str,
        url: URL,
        response: ClientResponse | None,
        exchange: Exchange,
        received_at: "_Moment",
    ) -> None:
        stream = exchange.stream
        await self.trace.response_end(
            method,
            url,
            response,
            exchange.sent_bytes,
            len(exchange.body) if stream is None else stream.total_bytes,
            exchange.error,
            monotonic() if received_at.at is None else received_at.at,
        )


class _Moment:
    """When something happened, in seconds of `time.monotonic`; None if it has not."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: float | None = None

    def note(self, _: object = None) -> None:
        """It happens now."""
        self.at = monotonic()


def _tell_soon(telling: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(telling)
    _telling.add(task)
    task.add_done_callback(_told)
    return task


def _told(task: asyncio.Task[None]) -> None:
    """What a handler raises that nobody waits for, the loop says, as of any callback."""
    _telling.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
