"""The example for OpenTelemetry gives the spans and metrics that its conventions describe."""

import asyncio
import importlib.util
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pages import Pages, page
from planted import SERVER
from running import asynchronous, cancelled, closed_port, settled, started, until
from scripted import ScriptedServer, silent

import aioclient

PATH = Path(__file__).parent.parent / "examples" / "opentelemetry_tracing.py"
_spec = importlib.util.spec_from_file_location("example_opentelemetry_tracing", PATH)
example: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)


class Telemetry:
    """Providers that keep what they are told, and sessions that tell them."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider(shutdown_on_exit=False)
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meters = MeterProvider([self._reader], shutdown_on_exit=False)

    def session(
        self, *before: aioclient.TraceConfig[Any], **options: Any
    ) -> aioclient.ClientSession:
        config = example.OpenTelemetry(self.tracers, self.meters)
        return aioclient.ClientSession(trace_configs=[*before, config], **options)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    @property
    def span(self) -> ReadableSpan:
        (span,) = self.spans
        return span

    def points(self, metric: str) -> list[Any]:
        """What a metric says now."""
        data = self._reader.get_metrics_data()
        return [
            point
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for each in scope.metrics
            if each.name == metric
            for point in each.data.data_points
        ]

    def active(self) -> list[int]:
        return [point.value for point in self.points("http.client.active_requests")]


@asynchronous
async def test_a_request_is_a_span() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        await session.get(server.url("/path"))
        assert telemetry.span.name == "GET"
        assert telemetry.span.kind is trace.SpanKind.CLIENT
        assert telemetry.span.status.status_code is trace.StatusCode.UNSET
        assert dict(telemetry.span.attributes or {}) == {
            "http.request.method": "GET",
            "url.full": server.url("/path"),
            "url.scheme": "http",
            "server.address": "127.0.0.1",
            "server.port": server.port,
            "http.response.status_code": 200,
            "network.protocol.version": "1.1",
            "network.peer.address": "127.0.0.1",
            "network.peer.port": server.port,
        }


@asynchronous
async def test_the_server_is_told_of_the_span() -> None:
    telemetry = Telemetry()
    async with Pages().redirect("a", "/b") as server, telemetry.session() as session:
        with telemetry.tracers.get_tracer("test").start_as_current_span("outer") as outer:
            await session.get(server.url("/a"))
        span, _ = telemetry.spans
        assert span.parent == outer.get_span_context()
        context = span.context
        traceparent = f"00-{context.trace_id:032x}-{context.span_id:016x}-"
        assert len(server.seen) == 2
        assert all(seen.headers["Traceparent"].startswith(traceparent) for seen in server.seen)


@asynchronous
async def test_what_is_sent_again_is_counted() -> None:
    telemetry = Telemetry()
    retry = aioclient.RetryMiddleware(backoff=0)
    async with (
        Pages(b=[page(b"", status="503 X"), page()]).redirect("a", "/b") as server,
        telemetry.session(middlewares=[retry]) as session,
    ):
        await session.get(server.url("/a"))
        assert len(server.seen) == 3
    attributes = telemetry.span.attributes or {}
    assert attributes["http.request.resend_count"] == 2
    assert attributes["http.response.status_code"] == 200
    assert attributes["url.full"] == server.url("/a")


@pytest.mark.parametrize(
    ("status", "error"), [(204, None), (304, None), (404, "404"), (500, "500")]
)
@asynchronous
async def test_statuses_from_400_on_are_errors(status: int, error: str | None) -> None:
    telemetry = Telemetry()
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    async with Pages(a=answer) as server, telemetry.session() as session:
        await session.get(server.url("/a"))
    code = trace.StatusCode.UNSET if error is None else trace.StatusCode.ERROR
    assert telemetry.span.status.status_code is code
    assert (telemetry.span.attributes or {}).get("error.type") == error


@asynchronous
async def test_a_status_that_is_raised_is_the_error() -> None:
    telemetry = Telemetry()
    session = telemetry.session(raise_for_status=True)
    async with Pages(a=page(status="500 X")) as server, session:
        with pytest.raises(aioclient.ClientResponseError):
            await session.get(server.url("/a"))
    attributes = telemetry.span.attributes or {}
    assert attributes["http.response.status_code"] == 500
    assert attributes["error.type"] == "500"


@asynchronous
async def test_an_error_is_named_and_not_quoted() -> None:
    telemetry = Telemetry()
    async with telemetry.session() as session:
        with pytest.raises(aioclient.ClientConnectorError):
            await session.get(SERVER.url(f"http://127.0.0.1:{closed_port()}/?a={SERVER.quoted}"))
    span = telemetry.span
    assert span.status.status_code is trace.StatusCode.ERROR
    attributes = span.attributes or {}
    assert attributes["error.type"] == "aioclient.errors.ClientConnectorError"
    assert "http.response.status_code" not in attributes
    assert span.events == ()


@asynchronous
async def test_a_cancelled_request_is_over() -> None:
    telemetry = Telemetry()
    async with ScriptedServer(silent) as server, telemetry.session() as session:
        task = await started(session.get(server.url()))
        await until(lambda: server.accepted)
        assert telemetry.active() == [1]
        await cancelled(task)
    assert (telemetry.span.attributes or {})["error.type"] == "asyncio.exceptions.CancelledError"
    assert telemetry.active() == [0]


@asynchronous
async def test_a_name_has_the_template_that_the_caller_gave() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        await session.get(server.url("/items/7"), trace_request_ctx="/items/{id}")
    assert telemetry.span.name == "GET /items/{id}"
    assert (telemetry.span.attributes or {})["url.template"] == "/items/{id}"


@asynchronous
async def test_a_method_that_nobody_knows_is_another() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        await session.request("BREW", server.url())
    attributes = telemetry.span.attributes or {}
    assert telemetry.span.name == "HTTP"
    assert attributes["http.request.method"] == "_OTHER"
    assert attributes["http.request.method_original"] == "BREW"


@asynchronous
async def test_no_secret_is_in_a_span() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        await session.get(SERVER.url(server.url(f"/path?a={SERVER.quoted}#{SERVER.quoted}")))
        shown = telemetry.span.to_json()
        assert [form for form in SERVER.forms.values() if form in shown] == []
        url = (telemetry.span.attributes or {})["url.full"]
        assert url == server.url("/path?a=REDACTED")


# --- metrics -------------------------------------------------------------------------------------


@asynchronous
async def test_durations_are_recorded_in_the_buckets_that_are_advised() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        for _ in range(3):
            await session.get(server.url("/path"))
        (point,) = telemetry.points("http.client.request.duration")
        assert (point.count, tuple(point.explicit_bounds)) == (3, example.BUCKETS_S)
        assert 0 < point.sum < 10
        assert dict(point.attributes) == {
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "network.protocol.version": "1.1",
            "server.address": "127.0.0.1",
            "server.port": server.port,
            "url.scheme": "http",
        }


@asynchronous
async def test_active_requests_are_counted() -> None:
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session() as session:
        await asyncio.gather(*(session.get(server.url()) for _ in range(5)))
        assert telemetry.active() == [0]


@asynchronous
async def test_a_request_that_another_config_fails_is_not_counted() -> None:
    async def failing(session: Any, context: Any, params: Any) -> None:
        raise LookupError("no")

    other = aioclient.TraceConfig()
    other.on_request_start.append(failing)
    telemetry = Telemetry()
    async with Pages() as server, telemetry.session(other) as session:
        with pytest.raises(LookupError):
            await session.get(server.url())
    assert telemetry.active() == []
    assert telemetry.spans == ()


@asynchronous
async def test_open_connections_are_told_by_state() -> None:
    telemetry = Telemetry()
    connector = aioclient.TCPConnector()
    example.observe_connections(connector, telemetry.meters)

    def now() -> dict[tuple[int, str], int]:
        values = {}
        for point in telemetry.points("http.client.open_connections"):
            at = dict(point.attributes)
            assert at.pop("server.address") == "127.0.0.1"
            values[at.pop("server.port"), at.pop("http.connection.state")] = point.value
            assert at == {}
        return values

    session = telemetry.session(connector=connector)
    async with ScriptedServer(silent) as other, Pages() as server, session:
        assert now() == {}
        await session.get(server.url())
        assert now() == {(server.port, "active"): 0, (server.port, "idle"): 1}
        task = await started(session.get(other.url()))
        await until(lambda: other.accepted)
        await settled()
        assert now()[other.port, "active"] == 1
        await cancelled(task)


@asynchronous
async def test_it_runs_by_itself() -> None:
    async with Pages() as server:
        command = [sys.executable, str(PATH), server.url("/path")]
        run = partial(subprocess.run, command, capture_output=True, text=True, timeout=60)
        ran = await asyncio.to_thread(run)
    assert ran.returncode == 0, ran.stderr
    assert '"http.response.status_code": 200' in ran.stdout
    assert "http.client.request.duration" in ran.stdout
