"""The guide, from "Uploading pre-compressed data" to what it says of JSON with a wrong type.

The code is that of the guide with `aioclient` as `aiohttp`; its `http://httpbin.org` is httpbin on
loopback.
"""

import base64
import json
import zlib

import pytest
from running import asynchronous
from scripted import ScriptedServer, answers

import aioclient as aiohttp
from aioclient import ClientSession

# --- Uploading pre-compressed data ---------------------------------------------------------------


@asynchronous
async def test_compressed_data_is_sent_as_it_is(httpbin: str) -> None:
    answers = []

    async def my_coroutine(session, headers, my_data):
        data = zlib.compress(my_data)
        headers = {'Content-Encoding': 'deflate'}  # fmt: skip
        # In the guide this line lacks its colon.
        async with session.post(f"{httpbin}/post",
                                data=data,
                                headers=headers) as resp:  # fmt: skip
            answers.append(await resp.read())

    my_data = b"my data " * 100
    async with ClientSession() as session:
        await my_coroutine(session, {}, my_data)
    seen = json.loads(answers[0])
    assert seen["headers"]["Content-Encoding"] == "deflate"
    assert seen["headers"]["Content-Length"] == str(len(zlib.compress(my_data)))
    assert base64.b64decode(seen["data"].partition("base64,")[2]) == zlib.compress(my_data)


# --- Disabling content type validation for JSON responses ----------------------------------------


def json_server(media_type: str) -> ScriptedServer:
    """A server that sends JSON, and says that it is of this type."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: 8\r\n\r\n"
    return ScriptedServer(answers(f"{head}[1, 2.5]".encode()))


@pytest.mark.parametrize("media_type", ["application/json", "application/vnd.custom-type+json"])
@asynchronous
async def test_json_types_are_accepted_by_default(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json() == [1, 2.5]


@pytest.mark.parametrize("media_type", ["text/html", "custom/type"])
@asynchronous
async def test_other_types_are_not_accepted_by_default(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            with pytest.raises(aiohttp.ContentTypeError):
                await resp.json()


@asynchronous
async def test_the_expected_type_can_be_said_and_then_is_strict() -> None:
    async with json_server("custom/type") as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json(content_type="custom/type") == [1, 2.5]
    async with json_server("custom/xxx+type") as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            with pytest.raises(aiohttp.ContentTypeError):
                await resp.json(content_type="custom/type")


@pytest.mark.parametrize("media_type", ["text/html", "custom/xxx+type"])
@asynchronous
async def test_the_check_can_be_disabled(media_type: str) -> None:
    async with json_server(media_type) as server, ClientSession() as session:
        async with session.get(server.url()) as resp:
            assert await resp.json(content_type=None) == [1, 2.5]
