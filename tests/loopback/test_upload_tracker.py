"""What an UploadTracker tells, against real servers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from origin import Origin
from running import asynchronous, cancelled, settled, started, until
from scripted import ScriptedServer, answers

from aioclient import ClientError, ClientSession, UploadAbortedError, UploadTracker


async def pieces(count: int, size: int = 1000) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@asynchronous
async def test_a_body_in_memory_is_followed_to_its_end() -> None:
    async with Origin() as origin, ClientSession() as session:
        tracker = UploadTracker()
        assert (tracker.attempts, tracker.bytes_written) == (0, 0)
        response = await session.post(origin.url("/echo"), data=b"hello", upload_tracker=tracker)
        assert response.status == 200
        await tracker.upload_complete
        assert (tracker.attempts, tracker.bytes_written) == (1, 5)


@pytest.mark.parametrize("kind", ["large", "pieces", "large pieces", "file", "json"])
@asynchronous
async def test_every_kind_of_body_is_counted_without_its_framing(kind: str, tmp_path: Path) -> None:
    size = 5_000_000
    async with Origin() as origin, ClientSession() as session:
        tracker = UploadTracker()
        path = tmp_path / "file"
        path.write_bytes(b"x" * size)
        with path.open("rb") as file:
            options = {
                "large": {"data": b"x" * size},
                "pieces": {"data": pieces(5000)},
                "large pieces": {"data": pieces(2, size // 2)},
                "file": {"data": file},
                "json": {"json": "x" * (size - 2)},
            }[kind]
            async with session.post(
                origin.url("/echo"),
                upload_tracker=tracker,
                **options,  # type: ignore[arg-type]
            ) as response:
                assert response.status == 200
        await tracker.upload_complete
        assert (tracker.attempts, tracker.bytes_written) == (1, size)


@asynchronous
async def test_what_the_server_does_not_take_is_not_counted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:  # and it never reads
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        async with ClientSession() as session:
            tracker = UploadTracker()
            task = await started(session.post(url, data=b"x" * 50_000_000, upload_tracker=tracker))
            await until(lambda: tracker.bytes_written)
            await asyncio.sleep(0.05)
            written = tracker.bytes_written
            assert 0 < written < 50_000_000
            assert not tracker.upload_complete.done()
            await cancelled(task)
            assert tracker.upload_complete.cancelled()
            assert tracker.bytes_written >= written


@asynchronous
async def test_an_answer_that_does_not_want_the_rest_aborts_the_upload() -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"
    async with ScriptedServer(answers(refusal)) as server, ClientSession() as session:
        tracker = UploadTracker()
        response = await session.post(server.url(), data=b"x" * 50_000_000, upload_tracker=tracker)
        assert response.status == 413
        with pytest.raises(UploadAbortedError):
            await tracker.upload_complete
        assert tracker.bytes_written < 50_000_000


@asynchronous
async def test_an_error_of_the_request_is_that_of_the_upload() -> None:
    async with ClientSession() as session:
        tracker = UploadTracker()
        with pytest.raises(ClientError) as raised:
            await session.post("http://127.0.0.1:1/", data=b"x", upload_tracker=tracker)
        assert tracker.upload_complete.exception() is raised.value
        assert (tracker.attempts, tracker.bytes_written) == (0, 0)


@asynchronous
async def test_nobody_has_to_look_at_a_failed_upload() -> None:
    # `asynchronous` fails if the loop hears of an exception that was never retrieved.
    async with ClientSession() as session:
        tracker = UploadTracker()
        with pytest.raises(ClientError):
            await session.post("http://127.0.0.1:1/", data=b"x", upload_tracker=tracker)
        del tracker
        await settled()


@asynchronous
async def test_a_redirect_that_keeps_the_body_is_another_attempt() -> None:
    async with Origin() as target, ClientSession() as session:
        redirect = (
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n"
            % target.url("/echo").encode()
        )
        async with ScriptedServer(answers(redirect)) as server:
            tracker = UploadTracker()
            response = await session.post(server.url(), data=b"hello", upload_tracker=tracker)
            assert response.status == 200
            await tracker.upload_complete
            assert (tracker.attempts, tracker.bytes_written) == (2, 5)


@asynchronous
async def test_a_request_without_a_body_is_complete_at_once() -> None:
    async with Origin() as origin, ClientSession() as session:
        tracker = UploadTracker()
        await session.get(origin.url("/json"), upload_tracker=tracker)
        await tracker.upload_complete
        assert (tracker.attempts, tracker.bytes_written) == (1, 0)


@asynchronous
async def test_a_tracker_is_for_one_request() -> None:
    async with Origin() as origin, ClientSession() as session:
        tracker = UploadTracker()
        await session.get(origin.url("/json"), upload_tracker=tracker)
        with pytest.raises(RuntimeError, match="one request only"):
            await session.get(origin.url("/json"), upload_tracker=tracker)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("http:///", {}),
        ("http://127.0.0.1/", {"data": object()}),
        ("http://127.0.0.1/", {"data": b"x", "ssl": "no"}),
    ],
)
@asynchronous
async def test_a_request_that_is_refused_fails_its_tracker(
    url: str, options: dict[str, object]
) -> None:
    async with ClientSession() as session:
        tracker = UploadTracker()
        with pytest.raises((TypeError, ValueError)) as caught:
            await session.post(url, upload_tracker=tracker, **options)  # type: ignore[arg-type]
        assert tracker.upload_complete.done()
        assert tracker.upload_complete.exception() is caught.value


@asynchronous
async def test_a_tracker_of_another_request_does_not_fail_when_it_is_refused() -> None:
    async with Origin() as origin, ClientSession() as session:
        tracker = UploadTracker()
        first = await started(
            session.post(origin.url("/echo"), data=pieces(3), upload_tracker=tracker), turns=1
        )
        with pytest.raises(RuntimeError, match="one request only"):
            await session.get(origin.url("/json"), upload_tracker=tracker)
        await first
        await tracker.upload_complete


@asynchronous
async def test_what_is_no_tracker_is_refused() -> None:
    async with ClientSession() as session:
        with pytest.raises(TypeError, match="upload_tracker must be an UploadTracker, not int"):
            await session.get("http://127.0.0.1/", upload_tracker=5)  # type: ignore[arg-type]


def test_a_tracker_needs_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        UploadTracker()
