"""Who catches errors by the names of `aiohttp.http_exceptions` catches them."""

import pytest
from pages import Pages
from running import asynchronous

from aioclient import ClientSession, http_exceptions


@asynchronous
async def test_a_broken_head_is_caught() -> None:
    async with Pages(a=b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n") as server, ClientSession() as session:
        for kind in (http_exceptions.HttpProcessingError, http_exceptions.BadHttpMessage):
            with pytest.raises(kind):
                await session.get(server.url("/a"))


@asynchronous
async def test_a_broken_body_is_caught() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"
    coded = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno"
    async with Pages(a=chunked, b=coded) as server, ClientSession() as session:
        with pytest.raises(http_exceptions.TransferEncodingError):
            await (await session.get(server.url("/a"))).read()
        with pytest.raises(http_exceptions.ContentEncodingError):
            await (await session.get(server.url("/b"))).read()
