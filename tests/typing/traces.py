"""What a type checker knows of tracing and timing: read by it, and never run."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, assert_type

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from aioclient import (
    ClientResponse,
    ClientSession,
    TraceConfig,
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
from aioclient.timing import Phases, TimingConfig, TimingRecord, to_har, write_har


class Context:
    """What a program keeps of one request."""

    def __init__(self, trace_request_ctx: object) -> None:
        self.asked_by = trace_request_ctx
        self.begun_at = 0.0


def each_signal_comes_with_its_own(config: TraceConfig[Context]) -> None:
    first: Callable[[ClientSession, Context, TraceRequestStartParams], Awaitable[object]]
    first = config.on_request_start[0]
    config.on_request_start.append(first)

    async def redirected(
        session: ClientSession, context: Context, params: TraceRequestRedirectParams
    ) -> None:
        assert_type(params.response, ClientResponse)

    async def headers_sent(
        session: ClientSession, context: Context, params: TraceRequestHeadersSentParams
    ) -> None:
        assert_type(params.connection_id, int)

    async def chunk_sent(
        session: ClientSession, context: Context, params: TraceRequestChunkSentParams
    ) -> None:
        assert_type(params.chunk, bytes)

    async def chunk_received(
        session: ClientSession, context: Context, params: TraceResponseChunkReceivedParams
    ) -> None:
        assert_type(params.chunk, bytes)

    async def ended(
        session: ClientSession, context: Context, params: TraceRequestEndParams
    ) -> None:
        assert_type(params.response.status, int)
        assert_type(params.headers, CIMultiDict[str])

    async def failed(
        session: ClientSession, context: Context, params: TraceRequestExceptionParams
    ) -> None:
        assert_type(params.exception, BaseException)

    async def attempt_ended(
        session: ClientSession, context: Context, params: TraceRequestAttemptEndParams
    ) -> None:
        assert_type(params.response, ClientResponse | None)
        assert_type(params.exception, BaseException | None)
        assert_type(params.sent_at, float | None)

    async def response_ended(
        session: ClientSession, context: Context, params: TraceResponseEndParams
    ) -> None:
        assert_type(params.received_bytes, int)

    async def informed(
        session: ClientSession, context: Context, params: TraceResponseInformationalParams
    ) -> None:
        assert_type(params.status, int)
        assert_type(params.headers, CIMultiDictProxy[str])

    config.on_request_redirect.append(redirected)
    config.on_request_headers_sent.append(headers_sent)
    config.on_request_chunk_sent.append(chunk_sent)
    config.on_response_chunk_received.append(chunk_received)
    config.on_request_end.append(ended)
    config.on_request_exception.append(failed)
    config.on_request_attempt_end.append(attempt_ended)
    config.on_response_end.append(response_ended)
    config.on_response_informational.append(informed)


def so_do_those_of_connections(config: TraceConfig[Context]) -> None:
    async def queued(
        session: ClientSession, context: Context, params: TraceConnectionQueuedStartParams
    ) -> None: ...

    async def not_queued(
        session: ClientSession, context: Context, params: TraceConnectionQueuedEndParams
    ) -> None: ...

    async def connecting(
        session: ClientSession, context: Context, params: TraceConnectionCreateStartParams
    ) -> None: ...

    async def connected(
        session: ClientSession, context: Context, params: TraceConnectionCreateEndParams
    ) -> None:
        assert_type(params.connection_id, int)

    async def reused(
        session: ClientSession, context: Context, params: TraceConnectionReuseconnParams
    ) -> None:
        assert_type(params.connection_id, int)

    async def resolving(
        session: ClientSession, context: Context, params: TraceDnsResolveHostStartParams
    ) -> None:
        assert_type(params.host, str)

    async def resolved(
        session: ClientSession, context: Context, params: TraceDnsResolveHostEndParams
    ) -> None:
        assert_type(params.host, str)

    async def known(
        session: ClientSession, context: Context, params: TraceDnsCacheHitParams
    ) -> None: ...

    async def unknown(
        session: ClientSession, context: Context, params: TraceDnsCacheMissParams
    ) -> None: ...

    async def greeting(
        session: ClientSession, context: Context, params: TraceTlsHandshakeStartParams
    ) -> None:
        assert_type(params.host, str)

    async def greeted(
        session: ClientSession, context: Context, params: TraceTlsHandshakeEndParams
    ) -> None:
        assert_type(params.version, str | None)

    config.on_connection_queued_start.append(queued)
    config.on_connection_queued_end.append(not_queued)
    config.on_connection_create_start.append(connecting)
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(reused)
    config.on_dns_resolvehost_start.append(resolving)
    config.on_dns_resolvehost_end.append(resolved)
    config.on_dns_cache_hit.append(known)
    config.on_dns_cache_miss.append(unknown)
    config.on_tls_handshake_start.append(greeting)
    config.on_tls_handshake_end.append(greeted)
    config.on_connection_reuseconn.append(connected)  # type: ignore[arg-type]
    config.on_request_start.append(queued)  # type: ignore[arg-type]


def the_context_is_what_the_factory_makes() -> None:
    assert_type(TraceConfig(), TraceConfig[SimpleNamespace])
    config = TraceConfig(Context)
    assert_type(config, TraceConfig[Context])
    assert_type(config.trace_config_ctx("a"), Context)

    @config.on_request_start
    async def begun(
        session: ClientSession, context: Context, params: TraceRequestStartParams
    ) -> None:
        assert_type(params.method, str)
        assert_type(params.url, URL)
        context.begun_at = 1.0

    ClientSession(trace_configs=[config, TraceConfig()])
    config.on_request_start.append(print)  # type: ignore[arg-type]
    ClientSession(trace_configs=[begun])  # type: ignore[list-item]


def times_are_recorded() -> None:
    def heard(record: TimingRecord) -> None:
        assert_type(record.method, str)
        assert_type(record.url, str)
        assert_type(record.status, int | None)
        assert_type(record.is_reused, bool)
        assert_type(record.phases, Phases)
        assert_type(record.phases.connect_s, float | None)
        assert_type(record.phases.total_s, float)
        for name, seconds in record.phases.items():
            assert_type(seconds, float)
            print(name.upper())

    config = TimingConfig(max_records=10, on_record=heard, bodies=True)
    assert_type(config.records, list[TimingRecord])
    assert_type(config.clear(), None)
    ClientSession(trace_configs=[config])
    assert_type(to_har(config.records), dict[str, Any])
    assert_type(write_har(Path("a.har"), config.records, secrets=True), None)
    TimingConfig(nonsense=1)  # type: ignore[call-arg]
    write_har(1, config.records)  # type: ignore[arg-type]
