"""Requests as spans and metrics of OpenTelemetry, by its semantic conventions for HTTP clients.

pip install "aioclient-http[otel]" opentelemetry-sdk
python examples/opentelemetry_tracing.py URL

A span is one call of the session, from its beginning to the head of its last response; redirects,
and whatever is sent again, are in it and counted. The context goes to the server in `traceparent`.
Nothing secret is in a span: of a URL it has neither login, password and fragment nor the values of
the query, and of an error only the class.
"""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Final

from opentelemetry import metrics, propagate, trace
from yarl import URL

import aioclient

METHODS: Final = aioclient.ClientRequest.ALL_METHODS | {"CONNECT"}
# What the conventions advise for http.client.request.duration, in seconds.
BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
SCOPE: Final = "aioclient"

Attributes = Mapping[str, str | int]


class Call:
    """What is known of one call; `trace_request_ctx` may be the template of its URL's path."""

    def __init__(self, trace_request_ctx: object) -> None:
        self.template = trace_request_ctx if isinstance(trace_request_ctx, str) else None
        self.span: trace.Span | None = None
        self.begun_at = 0.0
        self.sendings = 0
        # Of the metrics: few different values.
        self.common: dict[str, str | int] = {}


class OpenTelemetry(aioclient.TraceConfig[Call]):
    """For `ClientSession(trace_configs=[OpenTelemetry()])`."""

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        super().__init__(trace_config_ctx_factory=Call)
        self._tracer = trace.get_tracer(SCOPE, aioclient.__version__, tracer_provider)
        meter = metrics.get_meter(SCOPE, aioclient.__version__, meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=BUCKETS_S,
        )
        self._active = meter.create_up_down_counter(
            "http.client.active_requests", "{request}", "Number of active HTTP requests."
        )
        self.on_request_start.append(self._start)
        self.on_request_headers_sent.append(self._sent)
        self.on_request_end.append(self._end)
        self.on_request_exception.append(self._fail)

    async def _start(
        self,
        session: aioclient.ClientSession,
        call: Call,
        params: aioclient.TraceRequestStartParams,
    ) -> None:
        is_known = params.method in METHODS
        method = params.method if is_known else "_OTHER"
        call.common = {"http.request.method": method, **server_of(params.url)}
        attributes = {**call.common, "url.full": shown(params.url)}
        if not is_known:
            attributes["http.request.method_original"] = params.method
        name = method if is_known else "HTTP"
        if call.template is not None:
            attributes["url.template"] = call.template
            name = f"{name} {call.template}"
        call.begun_at = time.perf_counter()
        call.span = self._tracer.start_span(name, kind=trace.SpanKind.CLIENT, attributes=attributes)
        self._active.add(1, call.common)
        propagate.inject(params.headers, trace.set_span_in_context(call.span))

    async def _sent(
        self,
        session: aioclient.ClientSession,
        call: Call,
        params: aioclient.TraceRequestHeadersSentParams,
    ) -> None:
        call.sendings += 1

    async def _end(
        self, session: aioclient.ClientSession, call: Call, params: aioclient.TraceRequestEndParams
    ) -> None:
        response = params.response
        outcome: dict[str, str | int] = {
            "http.response.status_code": response.status,
            "network.protocol.version": f"{response.version.major}.{response.version.minor}",
        }
        if response.status >= 400:
            outcome["error.type"] = str(response.status)
        self._finish(call, outcome, peer_of(response))

    async def _fail(
        self,
        session: aioclient.ClientSession,
        call: Call,
        params: aioclient.TraceRequestExceptionParams,
    ) -> None:
        error = params.exception
        if isinstance(error, aioclient.ClientResponseError) and error.status:
            status = error.status
            outcome: Attributes = {
                "http.response.status_code": status,
                "error.type": str(status) if status >= 400 else name_of(error),
            }
        else:
            outcome = {"error.type": name_of(error)}
        self._finish(call, outcome, {})

    def _finish(self, call: Call, outcome: Attributes, more: Attributes) -> None:
        span = call.span
        if span is None:  # another config's handler failed before it began, or it is over already
            return
        call.span = None
        self._active.add(-1, call.common)
        context = trace.set_span_in_context(span)  # for exemplars
        took_s = time.perf_counter() - call.begun_at
        self._duration.record(took_s, {**call.common, **outcome}, context)
        span.set_attributes({**outcome, **more})
        if call.sendings > 1:
            span.set_attribute("http.request.resend_count", call.sendings - 1)
        if "error.type" in outcome:
            span.set_status(trace.StatusCode.ERROR)
        span.end()


def observe_connections(
    connector: aioclient.BaseConnector, meter_provider: metrics.MeterProvider | None = None
) -> None:
    """Tell how many connections a connector has, by server, in use and idle."""

    def look(options: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
        for (host, port, _), stats in connector.stats().per_host.items():
            for state, count in {"active": stats.active, "idle": stats.idle}.items():
                attributes: dict[str, str | int] = {
                    "http.connection.state": state,
                    "server.address": host,
                    "server.port": port,
                }
                yield metrics.Observation(count, attributes)

    meter = metrics.get_meter(SCOPE, aioclient.__version__, meter_provider)
    meter.create_observable_up_down_counter(
        "http.client.open_connections",
        [look],
        "{connection}",
        "Number of outbound HTTP connections that are currently active or idle on the client.",
    )


def server_of(url: URL) -> dict[str, str | int]:
    """Which server is asked."""
    return {
        "server.address": url.host or "",
        "server.port": url.port or 0,
        "url.scheme": url.scheme,
    }


def shown(url: URL) -> str:
    """A URL with nothing secret in it, unless that is in its path."""
    query = [(name, "REDACTED") for name in url.query]
    return str(url.with_user(None).with_fragment(None).with_query(query))


def peer_of(response: aioclient.ClientResponse) -> Attributes:
    """To which address the connection of a response goes; a proxy's if there is one."""
    match response.connection.peername:
        case (str(address), int(port), *_):
            return {"network.peer.address": address, "network.peer.port": port}
        case _:
            return {}


def name_of(error: BaseException) -> str:
    """The name of an error's class, as one would import it."""
    kind = type(error)
    is_builtin = kind.__module__ == "builtins"
    return kind.__qualname__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}"


async def main(url: str) -> None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import (
        ConsoleMetricExporter,
        PeriodicExportingMetricReader,
    )
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

    tracers = TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    meters = MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter())])
    connector = aioclient.TCPConnector()
    observe_connections(connector, meters)
    telemetry = OpenTelemetry(tracers, meters)
    async with aioclient.ClientSession(connector=connector, trace_configs=[telemetry]) as session:
        async with session.get(url) as response:
            await response.read()
        meters.force_flush()
    meters.shutdown()
    tracers.shutdown()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
