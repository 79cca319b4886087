"""What the scenarios of other libraries have in common: a local server, and how they are run."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, urlsplit

#: How this scenario is played, see play.py.
WAY = sys.argv[2]


class Seen(NamedTuple):
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


#: Status, body, and more header fields.
Answer = tuple[int, bytes, dict[str, str]]


def json_answer(value: object, status: int = 200, **fields: str) -> Answer:
    """An answer in JSON."""
    return status, json.dumps(value).encode(), {"Content-Type": "application/json", **fields}


class Site:
    """An HTTP server on loopback that answers by a function and remembers what it saw."""

    def __init__(self, answer: Callable[[Seen], Answer]) -> None:
        self._answer = answer
        self.seen: list[Seen] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def check_client(self) -> None:
        """Was every request sent by aioclient? A library may have set its own User-Agent."""
        assert self.seen, "no request arrived"
        for seen in self.seen:
            assert "aiohttp/3" not in seen.headers.get("user-agent", ""), seen

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split(" ")
                fields = (line.partition(": ") for line in head[1:-2])
                headers = {name.lower(): value for name, _, value in fields}
                seen = Seen(
                    method,
                    urlsplit(target).path,
                    dict(parse_qsl(urlsplit(target).query)),
                    headers,
                    await self._body(reader, headers),
                )
                self.seen.append(seen)
                status, body, more = self._answer(seen)
                lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(
                    f"HTTP/1.1 {status} Some\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode()
                    + (b"" if method == "HEAD" else body)
                )
                await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError, ConnectionError):
            pass  # it is over
        finally:
            writer.close()

    async def _body(self, reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
        return body


def run(main: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario."""
    if WAY == "installed":
        import aiohttp

        import aioclient

        assert aiohttp.ClientSession is aioclient.ClientSession
    asyncio.run(main())  # type: ignore[arg-type]  # a coroutine function is what it is
    print("done")
