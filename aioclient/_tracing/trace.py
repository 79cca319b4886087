"""Tells the handlers of one request what happens to it.

An event that nobody has a handler for costs a look at each `TraceConfig`: no object is made for it.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient._message.response import ClientResponse
from aioclient._tracing import params
from aioclient._tracing.config import TraceConfig
from aioclient._tracing.signal import Signal

#: The signals that have handlers, each with the object of the request that these get.
_Hearers: TypeAlias = list[tuple[Signal[Any, Any, Any], object]]


class Trace:
    """One request as it is told to those who trace it; it is an `Observer` of its connection.

    Arguments: `session`, which handlers get; `configs`, told one after another; `trace_request_ctx`
    of the request. Raises what the `trace_config_ctx_factory` of one of them does.

    Each method awaits the handlers of one event, and raises what one of them does.
    """

    __slots__ = ("_contexts", "_session", "is_over")

    def __init__(
        self,
        session: object,
        configs: Iterable[TraceConfig[Any]],
        trace_request_ctx: object = None,
    ) -> None:
        self._session = session
        self._contexts = [(each, each.trace_config_ctx(trace_request_ctx)) for each in configs]
        #: Has the request ended or failed, so that a connection still being made is not for it?
        self.is_over: bool = False

    def finish(self) -> None:
        """The request waits for no connection any more: tell nothing of one."""
        self.is_over = True

    # --- who hears -----------------------------------------------------------------------------

    @property
    def hears_chunk_sent(self) -> bool:
        """Is somebody told of the pieces of the request's body?"""
        return bool(self._hearers("request_chunk_sent"))

    @property
    def hears_chunk_received(self) -> bool:
        """Is somebody told of the pieces of the response's body?"""
        return bool(self._hearers("response_chunk_received"))

    @property
    def hears_informational(self) -> bool:
        """Is somebody told of informational responses?"""
        return bool(self._hearers("response_informational"))

    @property
    def hears_response_end(self) -> bool:
        """Is somebody told of the end of the response?"""
        return bool(self._hearers("response_end"))

    @property
    def hears_attempt_end(self) -> bool:
        """Is somebody told of each time that the request was sent?"""
        return bool(self._hearers("request_attempt_end"))

    def _hearers(self, event: str) -> _Hearers:
        return [
            (signal, context)
            for config, context in self._contexts
            if (signal := config.signal(event))
        ]

    def _hearers_of_connection(self, event: str) -> _Hearers:
        return [] if self.is_over else self._hearers(event)

    async def _tell(self, hearers: _Hearers, event: object) -> None:
        for signal, context in hearers:
            await signal.send(self._session, context, event)

    async def _tell_of_connection(self, hearers: _Hearers, event: object) -> None:
        for signal, context in hearers:
            if self.is_over:  # while the handler before was at it
                return
            await signal.send(self._session, context, event)

    # --- the request -----------------------------------------------------------------------------

    async def request_start(self, method: str, url: URL, headers: CIMultiDict[str]) -> None:
        """It begins; handlers may change its headers."""
        if hearers := self._hearers("request_start"):
            await self._tell(hearers, params.TraceRequestStartParams(method, url, headers))

    async def request_headers_sent(
        self, method: str, url: URL, headers: CIMultiDict[str], connection_id: int = 0
    ) -> None:
        """Its head was given to a connection."""
        if hearers := self._hearers("request_headers_sent"):
            event = params.TraceRequestHeadersSentParams(method, url, headers, connection_id)
            await self._tell(hearers, event)

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of its body was given to a connection."""
        if hearers := self._hearers("request_chunk_sent"):
            await self._tell(hearers, params.TraceRequestChunkSentParams(method, url, chunk))

    async def request_redirect(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ClientResponse
    ) -> None:
        """A response sends it on to another place."""
        if hearers := self._hearers("request_redirect"):
            event = params.TraceRequestRedirectParams(method, url, headers, response)
            await self._tell(hearers, event)

    async def request_end(
        self, method: str, url: URL, headers: CIMultiDict[str], response: ClientResponse
    ) -> None:
        """The head of the last response is there."""
        if hearers := self._hearers("request_end"):
            event = params.TraceRequestEndParams(method, url, headers, response)
            await self._tell(hearers, event)

    async def request_exception(
        self, method: str, url: URL, headers: CIMultiDict[str], exception: BaseException
    ) -> None:
        """It failed."""
        if hearers := self._hearers("request_exception"):
            event = params.TraceRequestExceptionParams(method, url, headers, exception)
            await self._tell(hearers, event)

    async def request_attempt_end(
        self,
        method: str,
        url: URL,
        headers: CIMultiDict[str],
        response: ClientResponse | None,
        exception: BaseException | None,
        begun_at: float,
        sent_at: float | None,
    ) -> None:
        """It was sent once, with a response or an error as the outcome."""
        if hearers := self._hearers("request_attempt_end"):
            event = params.TraceRequestAttemptEndParams(
                method, url, headers, response, exception, begun_at, sent_at
            )
            await self._tell(hearers, event)

    # --- the response ----------------------------------------------------------------------------

    async def response_informational(
        self, method: str, url: URL, status: int, headers: CIMultiDictProxy[str]
    ) -> None:
        """An informational response has come."""
        if hearers := self._hearers("response_informational"):
            event = params.TraceResponseInformationalParams(method, url, status, headers)
            await self._tell(hearers, event)

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        """A piece of its body was read."""
        if hearers := self._hearers("response_chunk_received"):
            await self._tell(hearers, params.TraceResponseChunkReceivedParams(method, url, chunk))

    async def response_end(
        self,
        method: str,
        url: URL,
        response: ClientResponse | None,
        sent_bytes: int,
        received_bytes: int,
        exception: BaseException | None = None,
        ended_at: float = 0.0,
    ) -> None:
        """It is over; `exception` is None if it arrived whole."""
        if hearers := self._hearers("response_end"):
            event = params.TraceResponseEndParams(
                method, url, response, sent_bytes, received_bytes, exception, ended_at
            )
            await self._tell(hearers, event)

    # --- the connection: as an `Observer` --------------------------------------------------------

    async def queued_start(self) -> None:
        """The request has its place in the queue of the pool."""
        if hearers := self._hearers_of_connection("connection_queued_start"):
            await self._tell_of_connection(hearers, params.TraceConnectionQueuedStartParams())

    async def queued_end(self) -> None:
        """It need not queue any more."""
        if hearers := self._hearers_of_connection("connection_queued_end"):
            await self._tell_of_connection(hearers, params.TraceConnectionQueuedEndParams())

    async def connection_create_start(self) -> None:
        """A new connection is about to be made."""
        if hearers := self._hearers_of_connection("connection_create_start"):
            await self._tell_of_connection(hearers, params.TraceConnectionCreateStartParams())

    async def connection_create_end(self, connection_id: int) -> None:
        """It can be used."""
        if hearers := self._hearers_of_connection("connection_create_end"):
            event = params.TraceConnectionCreateEndParams(connection_id)
            await self._tell_of_connection(hearers, event)

    async def reuseconn(self, connection_id: int) -> None:
        """A kept connection serves the request."""
        if hearers := self._hearers_of_connection("connection_reuseconn"):
            event = params.TraceConnectionReuseconnParams(connection_id)
            await self._tell_of_connection(hearers, event)

    async def dns_resolvehost_start(self, host: str) -> None:
        """A resolver is about to be asked for the addresses of a name."""
        if hearers := self._hearers_of_connection("dns_resolvehost_start"):
            await self._tell_of_connection(hearers, params.TraceDnsResolveHostStartParams(host))

    async def dns_resolvehost_end(self, host: str) -> None:
        """It gave some."""
        if hearers := self._hearers_of_connection("dns_resolvehost_end"):
            await self._tell_of_connection(hearers, params.TraceDnsResolveHostEndParams(host))

    async def dns_cache_hit(self, host: str) -> None:
        """The addresses of a name are known."""
        if hearers := self._hearers_of_connection("dns_cache_hit"):
            await self._tell_of_connection(hearers, params.TraceDnsCacheHitParams(host))

    async def dns_cache_miss(self, host: str) -> None:
        """They are not known."""
        if hearers := self._hearers_of_connection("dns_cache_miss"):
            await self._tell_of_connection(hearers, params.TraceDnsCacheMissParams(host))

    async def tls_handshake_start(self, host: str) -> None:
        """A handshake has begun."""
        if hearers := self._hearers_of_connection("tls_handshake_start"):
            await self._tell_of_connection(hearers, params.TraceTlsHandshakeStartParams(host))

    async def tls_handshake_end(self, host: str, version: str | None, cipher: str | None) -> None:
        """It is done."""
        if hearers := self._hearers_of_connection("tls_handshake_end"):
            event = params.TraceTlsHandshakeEndParams(host, version, cipher)
            await self._tell_of_connection(hearers, event)
