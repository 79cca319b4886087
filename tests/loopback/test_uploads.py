"""Request bodies over real sockets: files, 100 Continue, early answers, peers that stop reading."""

import asyncio
import base64
import contextlib
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from origin import Origin
from running import asynchronous
from scripted import ScriptedServer, head_of

from aioclient import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
    ClientSession,
    ClientTimeout,
    SocketTimeoutError,
)
from aioclient._aliases import BodyData

SIZE = 16 * 2**20  # more than two sockets hold
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def content() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture(scope="module")
def path(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "content.png"
    path.write_bytes(content)
    return path


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65536


class Taker:
    """A server that answers each request with the hash of its body; notes heads and reads."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await head_of(reader)
            self.heads.append(head)
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            self.bodies.append(await reader.readexactly(size))
            digest = sha256(self.bodies[-1]).hexdigest().encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 64\r\n\r\n" + digest)


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [0, 12345])
@asynchronous
async def test_a_file_arrives_as_it_is(path: Path, content: bytes, start: int) -> None:
    taker = Taker()
    async with ScriptedServer(taker) as server, ClientSession() as session:
        with path.open("rb") as file:
            for _ in range(2):
                file.seek(start)
                async with session.post(server.url(), data=file) as response:
                    assert await response.text() == sha256(content[start:]).hexdigest()
                assert file.tell() == SIZE
                assert not file.closed
        assert server.accepted == 1
    assert b"Content-Type: image/png\r\n" in taker.heads[0]


@pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this system has no sendfile")
@asynchronous
async def test_a_file_leaves_by_sendfile_where_it_can(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    sendfile = os.sendfile

    def counted(*arguments: int) -> int:
        count = sendfile(*arguments)
        sent.append(count)
        return count

    monkeypatch.setattr(os, "sendfile", counted)
    async with ScriptedServer(Taker()) as server, ClientSession() as session:
        with path.open("rb") as file:
            assert (await session.post(server.url(), data=file)).status == 200
    assert sum(sent) == SIZE


@asynchronous
async def test_a_file_over_tls_arrives_as_it_is(
    path: Path, content: bytes, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with ScriptedServer(Taker(), server_tls) as server, ClientSession() as session:
        with path.open("rb") as file:
            async with session.post(server.url(), data=file, ssl=trusting) as response:
                assert await response.text() == sha256(content).hexdigest()
            assert file.tell() == SIZE


@asynchronous
async def test_a_file_can_be_sent_in_chunks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "part"
    path.write_bytes(content[:1_000_000])
    async with Origin() as origin, ClientSession() as session:
        with path.open("rb") as file:
            response = await session.post(origin.url("/echo"), data=file, chunked=True)
            seen = await response.json()
    assert base64.b64decode(seen["body"]) == content[:1_000_000]
    assert ["Transfer-Encoding", "chunked"] in [list(pair) for pair in seen["headers"]]


@pytest.mark.skipif(
    not hasattr(os, "pread"), reason="without pread a file is read where its owner closes it"
)
@asynchronous
async def test_a_file_that_is_closed_while_it_is_sent_is_not_another_one(
    path: Path, content: bytes, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"secret" * (SIZE // 6 + 1))
    got_head = asyncio.Event()
    go_on = asyncio.Event()
    received = bytearray()

    async def takes_later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        got_head.set()
        await go_on.wait()
        while len(received) < SIZE:
            received.extend(await reader.read(2**20))
        writer.write(OK)
        await reader.read()

    async with ScriptedServer(takes_later) as server, ClientSession() as session:
        file = path.open("rb")
        task = asyncio.ensure_future(session.post(server.url(), data=file))
        await got_head.wait()
        await asyncio.sleep(0.01)
        number = file.fileno()
        file.close()
        with other.open("rb") as secret:
            assert secret.fileno() == number
            go_on.set()
            assert (await task).status == 200
    assert received == content


@asynchronous
async def test_a_file_that_becomes_shorter_breaks_the_request_off(tmp_path: Path) -> None:
    path = tmp_path / "shrinks"
    path.write_bytes(b"x" * SIZE)

    async def takes_a_little(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        path.write_bytes(b"")
        while await reader.read(65536):
            pass

    async with ScriptedServer(takes_a_little) as server, ClientSession() as session:
        with path.open("rb") as file, pytest.raises(ClientPayloadError, match="became shorter"):
            await session.post(server.url(), data=file)


@asynchronous
async def test_a_server_that_goes_while_it_gets_a_file_is_an_error(path: Path) -> None:
    async def goes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.abort()

    async with ScriptedServer(goes) as server, ClientSession() as session:
        for _ in range(2):
            with path.open("rb") as file, pytest.raises(ClientConnectionError):
                await session.post(server.url(), data=file)


@asynchronous
async def test_a_cancelled_upload_of_a_file_leaves_nothing(path: Path) -> None:
    got_head = asyncio.Event()

    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        got_head.set()
        await asyncio.sleep(60)

    async with ScriptedServer(stops) as server, ClientSession() as session:
        with path.open("rb") as file:
            task = asyncio.create_task(session.post(server.url(), data=file))
            await got_head.wait()
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not file.closed


# --- early answers -------------------------------------------------------------------------------


def refusing(answer: bytes) -> ScriptedServer:
    """Answers when it has the head, and reads no more until the client is gone."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(answer)
        await writer.drain()
        await asyncio.sleep(60)

    return ScriptedServer(handler)


@pytest.mark.parametrize("kind", ["iterator", "bytes", "file"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 401 Unauthorized\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n",
    ],
)
@asynchronous
async def test_an_answer_is_given_although_the_body_is_stuck(
    kind: str, answer: bytes, path: Path, content: bytes
) -> None:
    async with refusing(answer) as server, ClientSession() as session:
        with path.open("rb") as file:
            data = {"iterator": endless(), "bytes": content, "file": file}[kind]
            async with session.post(server.url(), data=data) as response:
                assert response.status in (200, 401, 413)
                assert await response.read() == b"no"
            async with session.get(server.url()) as response:
                assert await response.read() == b"no"
        assert server.accepted == 2  # the first connection was of no use any more


async def post(session: ClientSession, port: int, data: BodyData) -> tuple[int, bytes]:
    async with session.post(f"http://127.0.0.1:{port}/", data=data) as response:
        return response.status, await response.read()


@contextlib.contextmanager
def hanging_up(answer: bytes) -> Iterator[int]:
    """A server in a thread that answers when the body begins, and closes; yields its port.

    It leaves bytes unread, so the client gets a reset right behind the answer.
    """

    def serve() -> None:
        while True:
            connection, _ = listening.accept()
            with connection:
                head = connection.recv(1000)
                if not head:
                    return
                while not head.partition(b"\r\n\r\n")[2]:  # the body has begun
                    head += connection.recv(1000) or b"\r\n\r\n!"
                connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port
        finally:
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join()


#: What arrives right before a reset gets lost on Windows, in the system or in asyncio.
LOST_WITH_THE_CONNECTION = (ClientOSError,) if sys.platform == "win32" else ()


@pytest.mark.parametrize("kind", ["iterator", "bytes", "file"])
@asynchronous
async def test_an_answer_is_given_although_the_server_hung_up(
    kind: str, path: Path, content: bytes
) -> None:
    answer = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"
    with hanging_up(answer) as port:
        async with ClientSession() as session:
            for _ in range(10):
                with path.open("rb") as file:
                    data = {"iterator": endless(), "bytes": content, "file": file}[kind]
                    with contextlib.suppress(*LOST_WITH_THE_CONNECTION):
                        assert await post(session, port, data) == (413, b"no")


# A body that ends with the connection is not among the answers to a file: the system tells a reset
# only once, and sendfile may have swallowed that.
@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        *((kind, b"HTTP/1.1 413 Too") for kind in ("iterator", "bytes", "file")),
        *((kind, b"HTTP/1.1 413 Too Large\r\n\r\nno") for kind in ("iterator", "bytes")),
    ],
)
@asynchronous
async def test_a_part_of_an_answer_is_not_a_whole_one_if_the_server_hung_up(
    kind: str, answer: bytes, path: Path, content: bytes
) -> None:
    with hanging_up(answer) as port:
        async with ClientSession() as session:
            for _ in range(5):
                with path.open("rb") as file:
                    data = {"iterator": endless(), "bytes": content, "file": file}[kind]
                    with pytest.raises(ClientConnectionError):
                        await post(session, port, data)


@asynchronous
async def test_a_server_may_answer_while_it_reads() -> None:
    async def echoes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                line = await reader.readline()
                data = await reader.readexactly(int(line, 16) + 2)
                writer.write(line + data)
                if data == b"\r\n":
                    break

    asked: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def questions() -> AsyncIterator[bytes]:
        while (question := await asked.get()) is not None:
            yield question

    async with ScriptedServer(echoes) as server, ClientSession() as session:
        for _ in range(2):
            async with session.post(server.url(), data=questions()) as response:
                for word in (b"one", b"two"):
                    asked.put_nowait(word)
                    assert await response.content.readany() == word
                asked.put_nowait(None)
                assert await response.content.readany() == b""
        assert server.accepted == 1


# --- 100 Continue --------------------------------------------------------------------------------


class Asking:
    """A server that notes whether a body came before it said what it has to say."""

    def __init__(self, answer: bytes, *, reads_body: bool = True) -> None:
        self.answer = answer
        self.reads_body = reads_body
        self.heads: list[bytes] = []
        self.early: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await head_of(reader))
        try:
            async with asyncio.timeout(0.05):
                self.early.append(await reader.read(100))
        except TimeoutError:
            self.early.append(b"")
        writer.write(self.answer)
        if self.reads_body:
            await reader.readexactly(5 - len(self.early[-1]))
            writer.write(OK)
        await reader.read()


@pytest.mark.parametrize("options", [{"expect100": True}, {"headers": {"expect": "100-Continue"}}])
@asynchronous
async def test_the_body_waits_until_the_server_asks_for_it(options: dict[str, object]) -> None:
    asking = Asking(b"HTTP/1.1 100 Continue\r\n\r\n")
    async with ScriptedServer(asking) as server, ClientSession() as session:
        response = await session.post(server.url(), data=b"hello", **options)  # type: ignore[arg-type]
        assert await response.read() == b"ok"
        assert response.request_info.headers["Expect"].lower() == "100-continue"
    assert asking.early == [b""]
    assert b"expect: 100-continue\r\n" in asking.heads[0].lower()


@pytest.mark.parametrize("where", ["request", "session"])
@asynchronous
async def test_the_body_waits_no_longer_than_it_was_told(where: str) -> None:
    asking = Asking(b"")
    session_options = {"expect100_timeout": 0.01} if where == "session" else {}
    options = {"expect100_timeout": 0.01} if where == "request" else {}
    async with ScriptedServer(asking) as server, ClientSession(**session_options) as session:
        response = await session.post(
            server.url(),
            data=b"hello",
            expect100=True,
            **options,  # type: ignore[arg-type]
        )
        assert await response.read() == b"ok"
    assert asking.early == [b"hello"]


@asynchronous
async def test_the_body_waits_for_a_second_by_default() -> None:
    begin = time.monotonic()
    async with ScriptedServer(Asking(b"")) as server, ClientSession() as session:
        response = await session.post(server.url(), data=b"hello", expect100=True)
        assert await response.read() == b"ok"
    assert 0.9 < time.monotonic() - begin < 5


@asynchronous
async def test_a_refusal_is_given_at_once_and_the_body_stays_here() -> None:
    answer = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 2\r\n\r\nno"
    asking = Asking(answer, reads_body=False)
    async with ScriptedServer(asking) as server, ClientSession() as session:
        response = await session.post(
            server.url(), data=b"hello", expect100=True, expect100_timeout=60
        )
        assert (response.status, await response.read()) == (417, b"no")
    assert asking.early == [b""]


@asynchronous
async def test_a_request_without_a_body_expects_nothing() -> None:
    asking = Asking(OK, reads_body=False)
    async with ScriptedServer(asking) as server, ClientSession() as session:
        assert (await session.get(server.url(), expect100=True)).status == 200
    assert b"expect" not in asking.heads[0].lower()


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), "1", True])
@asynchronous
async def test_a_time_to_wait_that_is_none_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError), match="expect100_timeout"):
        ClientSession(expect100_timeout=value)
    async with ClientSession() as session:
        with pytest.raises((TypeError, ValueError), match="expect100_timeout"):
            await session.post(
                "http://127.0.0.1:9/", data=b"x", expect100=True, expect100_timeout=value
            )


# --- a peer that stops reading -------------------------------------------------------------------


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("kind", ["iterator", "bytes", "file"])
@asynchronous
async def test_a_server_that_does_not_read_is_given_up(
    kind: str,
    tls: bool,
    path: Path,
    content: bytes,
    server_tls: ssl.SSLContext,
    trusting: ssl.SSLContext,
) -> None:
    async def stops(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        await asyncio.sleep(60)

    timeout = ClientTimeout(write=0.2)
    async with (
        ScriptedServer(stops, server_tls if tls else None) as server,
        ClientSession(timeout=timeout) as session,
    ):
        with path.open("rb") as file:
            data = {"iterator": endless(), "bytes": content, "file": file}[kind]
            with pytest.raises(SocketTimeoutError) as caught:
                await session.post(server.url(), data=data, ssl=trusting)
        assert (caught.value.limit, caught.value.phase) == ("write", "request")


@pytest.mark.parametrize("kind", ["iterator", "bytes", "file"])
@asynchronous
async def test_a_server_that_reads_slowly_is_not_given_up(
    kind: str, path: Path, content: bytes
) -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        received = 0
        while received < 3 * 2**20:
            await asyncio.sleep(0.01)
            received += len(await reader.read(2**15))  # far less than a socket holds
        writer.write(OK)
        await asyncio.sleep(60)

    async with ScriptedServer(slow) as server, ClientSession() as session:
        with path.open("rb") as file:
            data = {"iterator": endless(), "bytes": content, "file": file}[kind]
            async with session.post(
                server.url(), data=data, timeout=ClientTimeout(write=0.5)
            ) as response:
                assert await response.read() == b"ok"
