"""Which handlers are told of what, with which objects."""

from types import SimpleNamespace
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from running import asynchronous
from yarl import URL

import aioclient
from aioclient import TraceConfig
from aioclient._tracing.config import EVENTS
from aioclient._tracing.trace import Trace

SESSION = object()
URL_ = URL("http://a.example/")
HEADERS = CIMultiDict({"Accept": "*/*"})
RESPONSE: Any = object()
ERROR = OSError("of the request")

#: What is told of, by the name of the method; and the signal, if that has another name.
CALLS: list[tuple[str, tuple[Any, ...], str]] = [
    ("request_start", ("GET", URL_, HEADERS), "RequestStart"),
    ("request_headers_sent", ("GET", URL_, HEADERS, 7), "RequestHeadersSent"),
    ("request_chunk_sent", ("GET", URL_, b"a"), "RequestChunkSent"),
    ("request_redirect", ("GET", URL_, HEADERS, RESPONSE), "RequestRedirect"),
    ("request_end", ("GET", URL_, HEADERS, RESPONSE), "RequestEnd"),
    ("request_exception", ("GET", URL_, HEADERS, ERROR), "RequestException"),
    (
        "request_attempt_end",
        ("GET", URL_, HEADERS, RESPONSE, None, 1.5, 2.5),
        "RequestAttemptEnd",
    ),
    (
        "response_informational",
        ("GET", URL_, 103, CIMultiDictProxy(HEADERS)),
        "ResponseInformational",
    ),
    ("response_chunk_received", ("GET", URL_, b"a"), "ResponseChunkReceived"),
    ("response_end", ("GET", URL_, RESPONSE, 1, 2, ERROR, 3.5), "ResponseEnd"),
]
CONNECTION_CALLS: list[tuple[str, tuple[Any, ...], str]] = [
    ("queued_start", (), "ConnectionQueuedStart"),
    ("queued_end", (), "ConnectionQueuedEnd"),
    ("connection_create_start", (), "ConnectionCreateStart"),
    ("connection_create_end", (7,), "ConnectionCreateEnd"),
    ("reuseconn", (7,), "ConnectionReuseconn"),
    ("dns_resolvehost_start", ("a.example",), "DnsResolveHostStart"),
    ("dns_resolvehost_end", ("a.example",), "DnsResolveHostEnd"),
    ("dns_cache_hit", ("a.example",), "DnsCacheHit"),
    ("dns_cache_miss", ("a.example",), "DnsCacheMiss"),
    ("tls_handshake_start", ("a.example",), "TlsHandshakeStart"),
    ("tls_handshake_end", ("a.example", "TLSv1.3", "A"), "TlsHandshakeEnd"),
]


def recording(told: list[Any], **options: Any) -> TraceConfig[Any]:
    """A config that notes every event."""
    config = TraceConfig(**options)
    for event in EVENTS:

        async def handler(*args: Any, event: str = event) -> None:
            told.append((event, *args))

        getattr(config, f"on_{event}").append(handler)
    config.freeze()
    return config


def test_each_class_of_params_is_told_of() -> None:
    kinds = {kind for _, _, kind in CALLS + CONNECTION_CALLS}
    assert {f"Trace{kind}Params" for kind in kinds} == {
        name for name in aioclient.__all__ if name.startswith("Trace")
    } - {"TraceConfig"}
    assert len(EVENTS) == len(kinds)


@pytest.mark.parametrize(("method", "args", "kind"), CALLS + CONNECTION_CALLS)
@asynchronous
async def test_handlers_get_session_context_and_event(
    method: str, args: tuple[Any, ...], kind: str
) -> None:
    told: list[Any] = []
    trace = Trace(SESSION, [recording(told)], "of the request")
    await getattr(trace, method)(*args)
    context = SimpleNamespace(trace_request_ctx="of the request")
    params = getattr(aioclient, f"Trace{kind}Params")(*args)
    ((event, *given),) = told
    assert given == [SESSION, context, params]
    assert event.replace("_", "") == kind.lower()


@asynchronous
async def test_the_context_is_the_same_for_all_events_of_a_request() -> None:
    told: list[Any] = []
    configs = [recording(told), recording(told)]
    trace = Trace(SESSION, configs)
    await trace.queued_start()
    await trace.request_end("GET", URL_, HEADERS, RESPONSE)
    contexts = [context for _, _, context, _ in told]
    assert contexts[0] is contexts[2]
    assert contexts[1] is contexts[3]
    assert contexts[0] is not contexts[1]
    await Trace(SESSION, configs).queued_start()
    assert told[-1][2] is not contexts[1]


def test_contexts_are_what_the_factory_makes() -> None:
    def factory(trace_request_ctx: object) -> tuple[str, object]:
        return "context", trace_request_ctx

    config = TraceConfig(factory)
    assert config.trace_config_ctx() == ("context", None)
    assert config.trace_config_ctx(trace_request_ctx=7) == ("context", 7)
    assert TraceConfig().trace_config_ctx(7) == SimpleNamespace(trace_request_ctx=7)


@asynchronous
async def test_configs_are_told_in_their_order() -> None:
    told: list[str] = []
    configs = []
    for name in ("a", "b", "c"):
        config = TraceConfig()

        async def handler(*args: Any, name: str = name) -> None:
            told.append(name)

        config.on_request_start.append(handler)
        config.freeze()
        configs.append(config)
    await Trace(SESSION, configs).request_start("GET", URL_, HEADERS)
    assert told == ["a", "b", "c"]


@pytest.mark.parametrize(("method", "args", "kind"), CALLS + CONNECTION_CALLS)
@asynchronous
async def test_the_error_of_a_handler_goes_to_who_tells(
    method: str, args: tuple[Any, ...], kind: str
) -> None:
    async def fails(*args: Any) -> None:
        raise LookupError("of the handler")

    config = TraceConfig()
    for event in EVENTS:
        getattr(config, f"on_{event}").append(fails)
    config.freeze()
    with pytest.raises(LookupError, match="of the handler"):
        await getattr(Trace(SESSION, [config]), method)(*args)


@pytest.mark.parametrize(("method", "args", "kind"), CALLS)
@asynchronous
async def test_a_request_that_is_over_is_told_of_still(
    method: str, args: tuple[Any, ...], kind: str
) -> None:
    told: list[Any] = []
    trace = Trace(SESSION, [recording(told)])
    trace.finish()
    await getattr(trace, method)(*args)
    assert len(told) == 1


@pytest.mark.parametrize(("method", "args", "kind"), CONNECTION_CALLS)
@asynchronous
async def test_the_connection_of_a_request_that_is_over_is_not_told_of(
    method: str, args: tuple[Any, ...], kind: str
) -> None:
    told: list[Any] = []
    trace = Trace(SESSION, [recording(told)])
    assert not trace.is_over
    trace.finish()
    assert trace.is_over
    await getattr(trace, method)(*args)
    assert told == []


@asynchronous
async def test_the_next_config_is_not_told_if_the_request_ended_meanwhile() -> None:
    told: list[Any] = []
    first = TraceConfig()
    first.freeze()
    ending = TraceConfig()

    async def ends(*args: Any) -> None:
        trace.finish()

    ending.on_dns_cache_hit.append(ends)
    ending.freeze()
    trace = Trace(SESSION, [first, ending, recording(told)])
    await trace.dns_cache_hit("a.example")
    assert told == []


@pytest.mark.parametrize(
    ("event", "hears"),
    [
        ("request_chunk_sent", "hears_chunk_sent"),
        ("response_chunk_received", "hears_chunk_received"),
        ("response_informational", "hears_informational"),
        ("response_end", "hears_response_end"),
        ("request_attempt_end", "hears_attempt_end"),
    ],
)
def test_a_trace_says_whether_there_is_somebody_to_tell(event: str, hears: str) -> None:
    async def handler(*args: Any) -> None: ...

    config = TraceConfig()
    for each in EVENTS:
        if each != event:
            getattr(config, f"on_{each}").append(handler)
    assert not getattr(Trace(SESSION, [config]), hears)
    other = TraceConfig()
    getattr(other, f"on_{event}").append(handler)
    assert getattr(Trace(SESSION, [config, other]), hears)


@pytest.mark.parametrize("event", EVENTS)
def test_a_frozen_config_takes_no_handlers(event: str) -> None:
    async def handler(*args: Any) -> None: ...

    config = TraceConfig()
    signal = getattr(config, f"on_{event}")
    assert getattr(config, f"on_{event}") is signal
    config.freeze()
    assert signal.frozen
    with pytest.raises(RuntimeError):
        signal.append(handler)
    with pytest.raises(AttributeError):
        setattr(config, f"on_{event}", signal)
