"""The guide, "Named pipes in Windows"."""

import sys

import pytest
from pipe_server import PipeServer, new_pipe_name
from running import asynchronous
from scripted import answers

import aioclient as aiohttp

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# --- Named pipes in Windows ----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "win32", reason="named pipes are of Windows")
@asynchronous
async def test_requests_go_through_a_named_pipe() -> None:
    async with PipeServer(answers(OK)) as server:
        conn = aiohttp.NamedPipeConnector(path=server.path)
        session = aiohttp.ClientSession(connector=conn)
        async with session.get("http://localhost/") as resp:
            assert await resp.text() == "ok"
        await session.close()


@pytest.mark.skipif(sys.platform == "win32", reason="there are named pipes here")
@asynchronous
async def test_it_will_only_work_with_the_proactor_event_loop() -> None:
    with pytest.raises(RuntimeError, match="ProactorEventLoop"):
        aiohttp.NamedPipeConnector(path=new_pipe_name())
