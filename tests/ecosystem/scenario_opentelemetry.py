"""opentelemetry-instrumentation-aiohttp-client: spans of requests and errors, the trace header."""

import aiohttp
from opentelemetry.instrumentation.aiohttp_client import (
    AioHttpClientInstrumentor,
    create_trace_config,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from scenario import WAY, Answer, Seen, Site, json_answer, run

import aioclient


def answer(seen: Seen) -> Answer:
    return json_answer(
        {"traceparent": seen.headers.get("traceparent")}, 404 if "no" in seen.path else 200
    )


async def main() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with Site(answer) as site:
        if WAY == "given":
            await use_trace_config(site, exporter, provider)
            return
        AioHttpClientInstrumentor().instrument(tracer_provider=provider)
        async with aiohttp.ClientSession() as session:
            async with session.get(site.url("/a?b=c")) as response:
                parent = (await response.json())["traceparent"]
            await (await session.post(site.url("/no"))).read()
            try:
                await session.get("http://127.0.0.1:1/")
            except aiohttp.ClientConnectorError:
                pass
            else:
                raise AssertionError("no error")
        AioHttpClientInstrumentor().uninstrument()
        async with aiohttp.ClientSession() as session:
            await (await session.get(site.url("/a"))).read()
        first, second, third = exporter.get_finished_spans()
        assert (first.name, second.name, third.name) == ("GET", "POST", "GET")
        assert first.attributes["http.status_code"] == 200
        assert f"{first.context.trace_id:032x}" in parent
        assert second.attributes["http.status_code"] == 404
        assert not third.status.is_ok
        exporter.clear()

        await use_trace_config(site, exporter, provider)


async def use_trace_config(
    site: Site, exporter: InMemorySpanExporter, provider: TracerProvider
) -> None:
    config = create_trace_config(tracer_provider=provider)
    async with aioclient.ClientSession(trace_configs=[config]) as session:
        await (await session.get(site.url("/b"))).read()
    (span,) = exporter.get_finished_spans()
    assert span.attributes["http.url"].endswith("/b")
    assert span.attributes["http.status_code"] == 200
    site.check_client()


run(main)
