"""What a program wants to be told of its requests, and by which functions."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar, overload

from aioclient._tracing.params import (
    TraceConnectionCreateEndParams,
    TraceConnectionCreateStartParams,
    TraceConnectionQueuedEndParams,
    TraceConnectionQueuedStartParams,
    TraceConnectionReuseconnParams,
    TraceDnsCacheHitParams,
    TraceDnsCacheMissParams,
    TraceDnsResolveHostEndParams,
    TraceDnsResolveHostStartParams,
    TraceRequestAttemptEndParams,
    TraceRequestChunkSentParams,
    TraceRequestEndParams,
    TraceRequestExceptionParams,
    TraceRequestHeadersSentParams,
    TraceRequestRedirectParams,
    TraceRequestStartParams,
    TraceResponseChunkReceivedParams,
    TraceResponseEndParams,
    TraceResponseInformationalParams,
    TraceTlsHandshakeEndParams,
    TraceTlsHandshakeStartParams,
)
from aioclient._tracing.signal import Signal

if TYPE_CHECKING:
    from aioclient._session.session import ClientSession  # of a floor above: for its type only

_C = TypeVar("_C")
_P = TypeVar("_P")
#: Its handlers are called with the session, the object of this request, and the event.
_SignalOf: TypeAlias = Signal["ClientSession", _C, _P]

#: The signals, each of which is a property with "on_" before it.
EVENTS: Final = (
    "request_start",
    "request_headers_sent",
    "request_chunk_sent",
    "response_chunk_received",
    "request_redirect",
    "request_end",
    "request_exception",
    "connection_queued_start",
    "connection_queued_end",
    "connection_create_start",
    "connection_create_end",
    "connection_reuseconn",
    "dns_resolvehost_start",
    "dns_resolvehost_end",
    "dns_cache_hit",
    "dns_cache_miss",
    "tls_handshake_start",
    "tls_handshake_end",
    "response_informational",
    "response_end",
    "request_attempt_end",
)


class TraceConfig(Generic[_C]):
    """Functions that are told of the events of requests, for `ClientSession(trace_configs=[...])`.

    Each ``on_...`` is a list to which coroutine functions are appended. They are called with the
    session, an object that `trace_config_ctx_factory` makes for each request, and an object that
    says what happened. They are awaited, so they slow the request down; what one raises, the
    request fails with. Nothing can be appended once a session has the config.

    Arguments: `trace_config_ctx_factory`, called with ``trace_request_ctx=`` what the request was
    given by that name.
    """

    @overload
    def __init__(
        self: "TraceConfig[SimpleNamespace]",
        trace_config_ctx_factory: type[SimpleNamespace] = ...,
    ) -> None: ...
    @overload
    def __init__(self, trace_config_ctx_factory: Callable[..., _C]) -> None: ...
    def __init__(self, trace_config_ctx_factory: Callable[..., Any] = SimpleNamespace) -> None:
        self._factory = trace_config_ctx_factory
        self._signals: dict[str, _SignalOf[_C, Any]] = {name: Signal() for name in EVENTS}

    @classmethod
    def of_aiohttp(cls, theirs: Any) -> "TraceConfig[Any]":  # Any: no need to have it installed
        """The same functions as in a TraceConfig of aiohttp, which it has so far.

        For a library that brings one, where it is not installed in aiohttp's place.
        """
        config: TraceConfig[Any] = TraceConfig(theirs.trace_config_ctx)
        for event, signal in config._signals.items():
            signal.extend(getattr(theirs, f"on_{event}", ()))
        return config

    def trace_config_ctx(self, trace_request_ctx: object = None) -> _C:
        """The object that the handlers get for one request."""
        context: _C = self._factory(trace_request_ctx=trace_request_ctx)
        return context

    def freeze(self) -> None:
        """Let nothing be appended any more."""
        for signal in self._signals.values():
            signal.freeze()

    def signal(self, event: str) -> _SignalOf[_C, Any]:
        """The signal of one of the `EVENTS`."""
        return self._signals[event]

    # --- requests --------------------------------------------------------------------------------

    @property
    def on_request_start(self) -> _SignalOf[_C, TraceRequestStartParams]:
        """A request begins; its headers may still be changed."""
        return self._signals["request_start"]

    @property
    def on_request_headers_sent(self) -> _SignalOf[_C, TraceRequestHeadersSentParams]:
        """Its head was given to a connection."""
        return self._signals["request_headers_sent"]

    @property
    def on_request_chunk_sent(self) -> _SignalOf[_C, TraceRequestChunkSentParams]:
        """A piece of its body was given to a connection."""
        return self._signals["request_chunk_sent"]

    @property
    def on_response_chunk_received(self) -> _SignalOf[_C, TraceResponseChunkReceivedParams]:
        """A piece of the response's body was read."""
        return self._signals["response_chunk_received"]

    @property
    def on_request_redirect(self) -> _SignalOf[_C, TraceRequestRedirectParams]:
        """A response sends it on to another place."""
        return self._signals["request_redirect"]

    @property
    def on_request_end(self) -> _SignalOf[_C, TraceRequestEndParams]:
        """The head of the last response is there."""
        return self._signals["request_end"]

    @property
    def on_request_exception(self) -> _SignalOf[_C, TraceRequestExceptionParams]:
        """It failed."""
        return self._signals["request_exception"]

    # --- connections -----------------------------------------------------------------------------

    @property
    def on_connection_queued_start(self) -> _SignalOf[_C, TraceConnectionQueuedStartParams]:
        """It has to wait for a connection, because of a limit of the connector."""
        return self._signals["connection_queued_start"]

    @property
    def on_connection_queued_end(self) -> _SignalOf[_C, TraceConnectionQueuedEndParams]:
        """It need not wait any more."""
        return self._signals["connection_queued_end"]

    @property
    def on_connection_create_start(self) -> _SignalOf[_C, TraceConnectionCreateStartParams]:
        """A new connection is about to be made."""
        return self._signals["connection_create_start"]

    @property
    def on_connection_create_end(self) -> _SignalOf[_C, TraceConnectionCreateEndParams]:
        """It can be used."""
        return self._signals["connection_create_end"]

    @property
    def on_connection_reuseconn(self) -> _SignalOf[_C, TraceConnectionReuseconnParams]:
        """A kept connection serves the request."""
        return self._signals["connection_reuseconn"]

    @property
    def on_dns_resolvehost_start(self) -> _SignalOf[_C, TraceDnsResolveHostStartParams]:
        """A resolver is about to be asked for addresses."""
        return self._signals["dns_resolvehost_start"]

    @property
    def on_dns_resolvehost_end(self) -> _SignalOf[_C, TraceDnsResolveHostEndParams]:
        """It gave some."""
        return self._signals["dns_resolvehost_end"]

    @property
    def on_dns_cache_hit(self) -> _SignalOf[_C, TraceDnsCacheHitParams]:
        """Addresses are known, or were being asked for already."""
        return self._signals["dns_cache_hit"]

    @property
    def on_dns_cache_miss(self) -> _SignalOf[_C, TraceDnsCacheMissParams]:
        """Addresses are not known."""
        return self._signals["dns_cache_miss"]

    @property
    def on_tls_handshake_start(self) -> _SignalOf[_C, TraceTlsHandshakeStartParams]:
        """A TLS handshake has begun."""
        return self._signals["tls_handshake_start"]

    @property
    def on_tls_handshake_end(self) -> _SignalOf[_C, TraceTlsHandshakeEndParams]:
        """It is done."""
        return self._signals["tls_handshake_end"]

    # --- not in aiohttp --------------------------------------------------------------------------

    @property
    def on_request_attempt_end(self) -> _SignalOf[_C, TraceRequestAttemptEndParams]:
        """It was sent, once more perhaps, and the head of a response is there, or it failed."""
        return self._signals["request_attempt_end"]

    @property
    def on_response_informational(self) -> _SignalOf[_C, TraceResponseInformationalParams]:
        """An informational response has come."""
        return self._signals["response_informational"]

    @property
    def on_response_end(self) -> _SignalOf[_C, TraceResponseEndParams]:
        """The response is over, whole or not."""
        return self._signals["response_end"]
