"""The guide, "Client Tracing".

The code is that of the guide with `aioclient` as `aiohttp`; its `http://example.com` is a server of
the tests, its `mylib` two classes below. The guide's `client.get(...)` is awaited here: there, too,
nothing is sent before that.
"""

import asyncio
import gc
from types import SimpleNamespace

import pytest
from pages import Pages
from running import asynchronous

import aioclient as aiohttp


def site() -> Pages:
    return Pages().redirect("some/redirect/", "/some/page")


# --- Client Tracing: signals ---------------------------------------------------------------------


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
        async with aiohttp.ClientSession(
                trace_configs=[trace_config]) as client:  # fmt: skip
            await client.get(server.url("/some/redirect/"))
    assert len(server.seen) == 2
    assert capsys.readouterr().out == "Starting request\nEnding request\n"


@asynchronous
async def test_a_request_that_is_not_awaited_is_not_sent() -> None:
    """As the guide has it, without `await`; Python says so, of aiohttp's request as well."""
    async with site() as server:
        async with aiohttp.ClientSession() as client:

            def forget() -> None:
                client.get(server.url("/some/redirect/"))
                gc.collect()

            with pytest.warns(RuntimeWarning, match="never awaited"):
                forget()
    assert server.accepted == 0


@asynchronous
async def test_signals_are_those_of_sessions_that_were_given_a_config() -> None:
    told = []

    async def on_request_start(session, trace_config_ctx, params):
        told.append(session)

    trace_config = aiohttp.TraceConfig()
    trace_config.on_request_start.append(on_request_start)
    async with site() as server:
        async with aiohttp.ClientSession() as other:
            await other.get(server.url())
        async with aiohttp.ClientSession(trace_configs=[trace_config]) as client:
            await client.get(server.url())
    assert told == [client]


# --- Client Tracing: several configs -------------------------------------------------------------

#: What both of the following have written down.
NOTES: list[tuple[str, str | int]] = []


class AuditRequest(aiohttp.TraceConfig):
    """Writes down what is asked for."""

    def __init__(self):
        super().__init__()
        self.on_request_start.append(self._start)
        self.on_request_redirect.append(self._start)

    async def _start(self, session, trace_config_ctx, params):
        NOTES.append(("audit", params.url.path))


class XRay(aiohttp.TraceConfig):
    """Writes down what came of it."""

    def __init__(self):
        super().__init__()
        self.on_request_start.append(self._start)
        self.on_request_end.append(self._end)

    async def _start(self, session, trace_config_ctx, params):
        NOTES.append(("ray", params.url.path))

    async def _end(self, session, trace_config_ctx, params):
        NOTES.append(("ray", params.response.status))


@asynchronous
async def test_several_trace_configs_do_their_jobs_one_after_another():
    NOTES.clear()
    async with site() as server:
        async with aiohttp.ClientSession(
                trace_configs=[AuditRequest(), XRay()]) as client:  # fmt: skip
            await client.get(server.url("/some/redirect/"))
    assert NOTES == [
        ("audit", "/some/redirect/"),
        ("ray", "/some/redirect/"),
        ("audit", "/some/redirect/"),
        ("ray", 200),
    ]


# --- Client Tracing: what the signals of a request share -----------------------------------------


@asynchronous
async def test_the_state_of_a_request_goes_from_one_signal_to_the_next(capsys):
    namespaces = []

    async def on_request_start(session, trace_config_ctx, params):
        assert session is client
        namespaces.append(trace_config_ctx)
        trace_config_ctx.start = asyncio.get_event_loop().time()

    async def on_request_end(session, trace_config_ctx, params):
        elapsed = asyncio.get_event_loop().time() - trace_config_ctx.start
        print("Request took {}".format(elapsed))  # noqa: UP032

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
            get = getattr(session, verb)
            await get(server.url("/page"),
                      trace_request_ctx={'foo': 'bar'})  # fmt: skip
    assert capsys.readouterr().out == "{'foo': 'bar'}\n"
