"""Exceptions of real requests go into a pickle and come out of it."""

import asyncio
import copy
import pickle
import ssl
from collections.abc import Callable
from typing import TypeVar

import pytest
from origin import Origin
from running import asynchronous, closed_port
from scripted import ScriptedServer, head_of

from aioclient import (
    BasicAuth,
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientResponseError,
    ClientSession,
    ContentTypeError,
    TooManyRedirects,
)

ErrorT = TypeVar("ErrorT")
BY_PICKLE = pytest.param(lambda error: pickle.loads(pickle.dumps(error)), id="pickle")
TRANSFERS = [BY_PICKLE, pytest.param(copy.deepcopy, id="deepcopy")]


@pytest.mark.parametrize("transfer", TRANSFERS)
@asynchronous
async def test_the_error_of_a_status_after_a_redirect(
    transfer: Callable[[ErrorT], ErrorT],
) -> None:
    async with Origin() as origin:

        async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await head_of(reader)
            location = f"Location: {origin.url('/status/404')}\r\n"
            fields = f"{location}Set-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n"
            writer.write(f"HTTP/1.1 302 Found\r\n{fields}".encode())

        async with ScriptedServer(redirect) as server, ClientSession() as session:
            with pytest.raises(ClientResponseError) as caught:
                await session.get(
                    server.url("/a#b"), auth=BasicAuth("me", "secret"), raise_for_status=True
                )
            error = caught.value
            again = transfer(error)
            assert type(again) is ClientResponseError
            assert (again.status, again.message) == (404, "Not Found")
            assert again.headers == error.headers
            assert again.headers is not None
            assert again.headers["content-type"] == "application/json"
            assert again.request_info == error.request_info
            assert str(again) == str(error)
            (before,) = again.history
            assert isinstance(before, tuple)
            assert (before.status, before.reason, before.method) == (302, "Found", "GET")
            assert before.headers.getall("set-cookie") == ["a=b", "c=d"]
            assert str(before.url) == server.url("/a")
            assert str(before.real_url) == server.url("/a#b")
            assert before.request_info.headers["authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("transfer", [*TRANSFERS, pytest.param(copy.copy, id="copy")])
@asynchronous
async def test_the_error_of_a_chain_that_is_too_long(
    transfer: Callable[[ErrorT], ErrorT],
) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n")

    async with ScriptedServer(redirect) as server, ClientSession() as session:
        with pytest.raises(TooManyRedirects) as caught:
            await session.get(server.url(), max_redirects=2)
        again = transfer(caught.value)
        assert [response.status for response in again.history] == [302, 302, 302]


@pytest.mark.parametrize("transfer", TRANSFERS)
@asynchronous
async def test_the_error_of_a_media_type(transfer: Callable[[ErrorT], ErrorT]) -> None:
    async with Origin() as origin, ClientSession() as session:
        response = await session.get(origin.url("/bytes/3"))
        with pytest.raises(ContentTypeError) as caught:
            await response.json()
        again = transfer(caught.value)
        assert (again.status, again.message) == (200, caught.value.message)


@pytest.mark.parametrize("transfer", TRANSFERS)
@asynchronous
async def test_the_error_of_a_closed_port(transfer: Callable[[ErrorT], ErrorT]) -> None:
    port = closed_port()
    async with ClientSession() as session:
        with pytest.raises(ClientConnectorError) as caught:
            await session.get(f"http://127.0.0.1:{port}/")
        again = transfer(caught.value)
        assert (again.host, again.port, again.errno) == ("127.0.0.1", port, caught.value.errno)
        assert str(again) == str(caught.value)


@pytest.mark.parametrize("transfer", TRANSFERS)
@asynchronous
async def test_the_error_of_a_certificate(
    transfer: Callable[[ErrorT], ErrorT], server_tls: ssl.SSLContext
) -> None:
    async with Origin(server_tls) as origin, ClientSession() as session:
        with pytest.raises(ClientConnectorCertificateError) as caught:
            await session.get(origin.url("/json"), ssl=ssl.create_default_context())
        again = transfer(caught.value)
        assert again.ssl is True
        assert again.certificate_error.args == caught.value.certificate_error.args
        assert str(again) == str(caught.value)
