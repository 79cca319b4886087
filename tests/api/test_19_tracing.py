"""Section 19 of the reference: tracing."""

import asyncio
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
from pages import Pages
from reference import Call, Line, Missing, Names
from running import asynchronous, until
from told import Told, get, session

import aioclient
from aioclient import TraceConfig

#: Each signal of the reference, and the fields of what its handlers get, in order.
SIGNALS = {
    "request_start": "method url headers",
    "request_headers_sent": "method url headers",
    "request_chunk_sent": "method url chunk",
    "response_chunk_received": "method url chunk",
    "request_redirect": "method url headers response",
    "request_end": "method url headers response",
    "request_exception": "method url headers exception",
    "connection_queued_start": "",
    "connection_queued_end": "",
    "connection_create_start": "",
    "connection_create_end": "",
    "connection_reuseconn": "",
    "dns_resolvehost_start": "host",
    "dns_resolvehost_end": "host",
    "dns_cache_hit": "host",
    "dns_cache_miss": "host",
}


def params_of(signal: str) -> str:
    """The class of what handlers get."""
    words = signal.replace("resolvehost", "resolve_host").split("_")
    return f"Trace{''.join(map(str.title, words))}Params"


_ORDER = "tests/loopback/test_tracing.py::"
_BODIES = "tests/loopback/test_tracing_bodies.py::"
_HANDLERS = "tests/loopback/test_tracing_handlers.py::"
_FAILURES = "tests/loopback/test_tracing_failures.py::"
_FAILING = "tests/loopback/test_tracing_failing_handlers.py::"

ROWS = (
    Call("TraceConfig", "trace_config_ctx_factory=SimpleNamespace"),
    Call("TraceConfig.trace_config_ctx", "trace_request_ctx=None"),
    Call("TraceConfig.freeze"),
    Names("TraceConfig", " ".join(f"on_{signal}" for signal in SIGNALS)),
    *(Call(params_of(signal), ", ".join(names.split())) for signal, names in SIGNALS.items()),
    Line("params have their fields in this order", "test_params_have_their_fields_in_order"),
    Line(
        "a handler gets the session, the context and the params",
        "test_handlers_get_session_context_and_params",
    ),
    Line("a context is a SimpleNamespace by default", "test_contexts"),
    Line(
        "a signal is a list of aiosignal, to which handlers are appended until it is frozen",
        "test_signals_are_lists_that_can_be_frozen",
        "Signals are lists of our own, not of the package aiosignal",
    ),
    Line(
        "the observed order of a POST with a redirect",
        f"{_ORDER}test_a_post_with_a_redirect_is_told_in_the_order_of_the_reference",
    ),
    Line(
        "response_chunk_received is told once, by read(), after request_end",
        f"{_ORDER}test_a_get_to_an_address",
    ),
    Line(
        "streaming tells of no pieces",
        f"{_BODIES}test_the_pieces_that_are_told_together_are_the_body",
        "`response_chunk_received` is told of each piece of a body as it is read",
    ),
    Line(
        "request_end means that the head is there",
        f"{_BODIES}test_the_pieces_that_are_told_together_are_the_body",
    ),
    Line(
        "nothing is told of the TLS handshake",
        f"{_ORDER}test_https_has_a_handshake",
        "New signals: `tls_handshake_start` and `tls_handshake_end`",
    ),
    Line(
        "connections have no number",
        f"{_ORDER}test_the_number_of_a_connection_is_that_of_its_responses",
        "New fields: `connection_id` of `TraceConnectionCreateEndParams`",
    ),
    Line(
        "no bytes are counted",
        f"{_BODIES}test_a_large_download_is_counted_to_its_end",
        "`response_end`, when no more of a response comes, with what was counted",
    ),
    Line("handlers are awaited: a slow one slows the request", "test_slow_handlers_slow_requests"),
    Line(
        "what a handler raises, the request fails with",
        f"{_FAILING}test_a_request_fails_with_the_error_of_a_handler",
        "What a handler of `request_chunk_sent` raises is the cause of a ClientPayloadError",
    ),
    Line(
        "request_exception is told of what the request fails with",
        f"{_FAILURES}test_an_error_is_told_when_it_is_raised "
        f"{_FAILURES}test_a_cancelled_request_is_told_of_as_one_that_failed",
    ),
    Line(
        "headers may be changed in on_request_start",
        f"{_HANDLERS}test_headers_that_are_changed_at_the_start_are_sent_also_after_a_redirect",
    ),
    Line(
        "trace_request_ctx of a request comes to the factory by its name",
        f"{_HANDLERS}test_each_config_has_a_context_for_each_request",
    ),
    Missing(
        "aioclient",
        "Trace",
        "`Trace`, which tells the handlers, is in `aioclient.tracing` only.",
    ),
)

#: Added behind those of the reference, each with a default.
ADDED_FIELDS = {
    "request_headers_sent": ["connection_id"],
    "connection_create_end": ["connection_id"],
    "connection_reuseconn": ["connection_id"],
}


@pytest.mark.parametrize("signal", SIGNALS)
def test_params_have_their_fields_in_order(signal: str) -> None:
    kind = getattr(aioclient, params_of(signal))
    names = [field.name for field in fields(kind)]
    assert names == SIGNALS[signal].split() + ADDED_FIELDS.get(signal, [])
    values = [object() for _ in SIGNALS[signal].split()]
    made = kind(*values)
    assert [getattr(made, name) for name in SIGNALS[signal].split()] == values


@asynchronous
async def test_handlers_get_session_context_and_params() -> None:
    seen: list[Any] = []

    async def handler(session: Any, trace_config_ctx: Any, params: Any) -> None:
        seen.append((session, trace_config_ctx, params))

    config = TraceConfig()
    config.on_request_start.append(handler)
    async with Pages() as server, session(config) as client:
        await get(client, server.url(), trace_request_ctx=7)
        ((of_session, context, params),) = seen
        assert of_session is client
    assert context == SimpleNamespace(trace_request_ctx=7)
    assert isinstance(params, aioclient.TraceRequestStartParams)


def test_contexts() -> None:
    assert TraceConfig().trace_config_ctx() == SimpleNamespace(trace_request_ctx=None)
    assert TraceConfig().trace_config_ctx(1) == SimpleNamespace(trace_request_ctx=1)
    config = TraceConfig(trace_config_ctx_factory=lambda trace_request_ctx: [trace_request_ctx])
    assert config.trace_config_ctx(trace_request_ctx=2) == [2]


@pytest.mark.parametrize("signal", SIGNALS)
def test_signals_are_lists_that_can_be_frozen(signal: str) -> None:
    async def handler(session: Any, trace_config_ctx: Any, params: Any) -> None:
        pass

    config = TraceConfig()
    handlers = getattr(config, f"on_{signal}")
    handlers.append(handler)
    assert list(handlers) == [handler]
    assert not handlers.frozen
    config.freeze()
    assert handlers.frozen
    with pytest.raises(RuntimeError):
        handlers.append(handler)


@asynchronous
async def test_slow_handlers_slow_requests() -> None:
    may_go_on = asyncio.Event()

    async def slow(session: Any, trace_config_ctx: Any, params: Any) -> None:
        await may_go_on.wait()

    config, told = TraceConfig(), Told()
    config.on_request_headers_sent.append(slow)
    async with Pages() as server, session(told, config) as client:
        task = asyncio.ensure_future(get(client, server.url()))
        await until(lambda: server.seen)
        assert told.names[-1] == "request_headers_sent"
        assert not task.done()
        may_go_on.set()
        assert await task == b"ok"
