"""The examples of the guide "Advanced Client Usage" that are about tracing, as programs.

Heading: Client Tracing. The code is that of the guide with `aioclient` as `aiohttp`; its
`http://example.com` is a server of the tests, its `mylib` two classes below. The guide's
`client.get(...)` is awaited here: there, too, nothing is sent before that.
"""

import asyncio
from types import SimpleNamespace

import pytest
from pages import Pages
from running import asynchronous

import aioclient as aiohttp


def site() -> Pages:
    return Pages().redirect("some/redirect/", "/some/page")


@asynchronous
async def test_start_and_end_of_a_request_are_followed(capsys: pytest.CaptureFixture[str]) -> None:
    async def on_request_start(session, trace_config_ctx, params):
        print("Starting request")

    async def on_request_end(session, trace_config_ctx, params):
        print("Ending request")

    trace_config = aiohttp.TraceConfig()
    trace_config.on_request_start.append(on_request_start)
    trace_config.on_request_end.append(on_request_end)
    async with site() as server:
        async with aiohttp.ClientSession(trace_configs=[trace_config]) as client:
            await client.get(server.url("/some/redirect/"))
    assert len(server.seen) == 2
    assert capsys.readouterr().out == "Starting request\nEnding request\n"


class AuditRequest(aiohttp.TraceConfig):
    """Writes down what is asked for."""

    def __init__(self, paths):
        super().__init__()
        self._paths = paths
        self.on_request_start.append(self._start)
        self.on_request_redirect.append(self._start)

    async def _start(self, session, trace_config_ctx, params):
        self._paths.append(("audit", params.url.path))


class XRay(aiohttp.TraceConfig):
    """Writes down what came of it."""

    def __init__(self, paths):
        super().__init__()
        self._paths = paths
        self.on_request_start.append(self._start)
        self.on_request_end.append(self._end)

    async def _start(self, session, trace_config_ctx, params):
        self._paths.append(("ray", params.url.path))

    async def _end(self, session, trace_config_ctx, params):
        self._paths.append(("ray", params.response.status))


@asynchronous
async def test_several_trace_configs_do_their_jobs_one_after_another():
    paths = []
    async with site() as server:
        async with aiohttp.ClientSession(
            trace_configs=[AuditRequest(paths), XRay(paths)]
        ) as client:
            await client.get(server.url("/some/redirect/"))
    assert paths == [
        ("audit", "/some/redirect/"),
        ("ray", "/some/redirect/"),
        ("audit", "/some/redirect/"),
        ("ray", 200),
    ]


@asynchronous
async def test_the_state_of_a_request_goes_from_one_signal_to_the_next(capsys):
    namespaces = []

    async def on_request_start(session, trace_config_ctx, params):
        assert session is client
        namespaces.append(trace_config_ctx)
        trace_config_ctx.start = asyncio.get_event_loop().time()

    async def on_request_end(session, trace_config_ctx, params):
        elapsed = asyncio.get_event_loop().time() - trace_config_ctx.start
        print(f"Request took {elapsed}")

    trace_config = aiohttp.TraceConfig()
    trace_config.on_request_start.append(on_request_start)
    trace_config.on_request_end.append(on_request_end)
    async with site() as server:
        async with aiohttp.ClientSession(trace_configs=[trace_config]) as client:
            await client.get(server.url("/some/redirect/"))
            await client.get(server.url("/some/redirect/"))
    words = capsys.readouterr().out.split()
    assert words[:2] + words[3:5] == ["Request", "took"] * 2
    assert 0 <= float(words[2]) < 10
    one, other = namespaces
    assert one is not other
    assert type(one) is type(other) is SimpleNamespace


@asynchronous
async def test_the_factory_of_the_context_can_be_overwritten():
    class Context(SimpleNamespace):
        pass

    made = []

    async def on_request_start(session, trace_config_ctx, params):
        made.append(trace_config_ctx)

    trace_config = aiohttp.TraceConfig(trace_config_ctx_factory=Context)
    trace_config.on_request_start.append(on_request_start)
    async with site() as server:
        async with aiohttp.ClientSession(trace_configs=[trace_config]) as client:
            await client.get(server.url(), trace_request_ctx="mine")
    assert made == [Context(trace_request_ctx="mine")]


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete", "head", "options"])
@asynchronous
async def test_data_that_is_only_there_at_request_time_is_passed(verb, capsys):
    async def on_request_start(session, trace_config_ctx, params):
        print(trace_config_ctx.trace_request_ctx)

    trace_config = aiohttp.TraceConfig()
    trace_config.on_request_start.append(on_request_start)
    async with Pages(page=b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        async with aiohttp.ClientSession(trace_configs=[trace_config]) as session:
            await getattr(session, verb)(server.url("/page"), trace_request_ctx={"foo": "bar"})
    assert capsys.readouterr().out == "{'foo': 'bar'}\n"
