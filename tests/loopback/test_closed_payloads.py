"""Payloads that have something to close are closed when their request is over, and not before."""

import asyncio

import pytest
from origin import Origin
from running import asynchronous, cancelled, started, until
from scripted import ScriptedServer, answers, silent

from aioclient import (
    ClientError,
    ClientSession,
    FormData,
    MultipartWriter,
    Payload,
    UploadTracker,
)


class Opened(Payload):
    """A payload that notes what is done with it."""

    def __init__(self, pieces: int = 1) -> None:
        super().__init__(None)
        self._pieces = pieces
        self.events: list[str] = []

    async def write(self, writer) -> None:  # type: ignore[no-untyped-def]
        self.events.append("begin")
        try:
            for _ in range(self._pieces):
                await writer.write(b"x" * 100_000)
        finally:
            self.events.append("end")

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.events.append("closed")


SENT_ONCE = ["begin", "end", "closed"]


@asynchronous
async def test_a_payload_is_closed_when_it_was_sent() -> None:
    async with Origin() as origin, ClientSession() as session:
        payload = Opened()
        assert not payload.autoclose
        async with session.post(origin.url("/echo"), data=payload) as response:
            assert response.status == 200
        await until(lambda: payload.events == SENT_ONCE)


@asynchronous
async def test_a_payload_is_closed_once_after_all_redirects() -> None:
    async with Origin() as target, ClientSession() as session:
        redirect = (
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
            % target.url("/echo").encode()
        )
        async with ScriptedServer(answers(redirect)) as server:
            payload = Opened()
            async with session.post(server.url(), data=payload) as response:
                assert response.status == 200
            await until(lambda: payload.events == ["begin", "end", "begin", "end", "closed"])


@asynchronous
async def test_a_payload_that_nobody_wanted_whole_is_closed() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedServer(answers(refusal)) as server, ClientSession() as session:
        payload = Opened(1000)
        response = await session.post(server.url(), data=payload)
        assert response.status == 413
        await until(lambda: payload.events == SENT_ONCE)


@asynchronous
async def test_a_payload_is_closed_when_its_request_is_cancelled() -> None:
    async with ScriptedServer(silent) as server, ClientSession() as session:
        payload = Opened(1000)
        task = await started(session.post(server.url(), data=payload))
        await until(lambda: payload.events)
        await cancelled(task)
        await until(lambda: payload.events == SENT_ONCE)


@asynchronous
async def test_a_payload_is_closed_even_if_nothing_of_it_was_sent() -> None:
    async with ClientSession() as session:
        payload = Opened()
        tracker = UploadTracker()
        with pytest.raises(ClientError):
            await session.post("http://127.0.0.1:1/", data=payload, upload_tracker=tracker)
        await until(lambda: payload.events == ["closed"])
        assert isinstance(tracker.upload_complete.exception(), ClientError)


@pytest.mark.parametrize("kind", ["form", "writer", "compressed"])
@asynchronous
async def test_a_payload_inside_of_another_is_closed(kind: str) -> None:
    async with Origin() as origin, ClientSession() as session:
        payload = Opened()
        data: object = payload
        if kind == "form":
            data = FormData({"a": payload})
        elif kind == "writer":
            data = MultipartWriter()
            data.append_payload(payload)
        compress = kind == "compressed"
        async with session.post(origin.url("/echo"), data=data, compress=compress) as response:
            assert response.status == 200
        await until(lambda: payload.events == SENT_ONCE)


def test_most_payloads_have_nothing_to_close() -> None:
    assert FormData({"a": "b"}, default_to_multipart=True)().autoclose
