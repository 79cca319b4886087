"""A server that answers each path with what it was told, and remembers what was sent to it."""

import asyncio
import ssl
from typing import NamedTuple, Self

from multidict import CIMultiDict
from scripted import ScriptedServer, head_of

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Seen(NamedTuple):
    """A request as it arrived; a chunked body without its framing."""

    line: str
    headers: CIMultiDict[str]
    body: bytes

    @property
    def method(self) -> str:
        return self.line.split(" ")[0]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]


#: Of an answer None, the server hangs up.
Answer = bytes | None


class Pages(ScriptedServer):
    """Answers each path, its query left out, with its page, and others with `OK`.

    A page that is a list gives one answer after the other, and its last for ever.
    """

    def __init__(
        self, ssl_context: ssl.SSLContext | None = None, /, **pages: bytes | list[Answer]
    ) -> None:
        super().__init__(self._talk, ssl_context)
        #: Pages by their path without the slash.
        self.pages = pages
        self.seen: list[Seen] = []

    @property
    def last(self) -> Seen:
        """The request that arrived last."""
        return self.seen[-1]

    def redirect(self, name: str, location: str, status: int = 302, fields: str = "") -> Self:
        """Let the page of this name redirect."""
        start = f"HTTP/1.1 {status} Moved\r\nContent-Length: 0\r\n"
        self.pages[name] = f"{start}Location: {location}\r\n{fields}\r\n".encode()
        return self

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            line, *fields = (await head_of(reader)).decode().split("\r\n")[:-2]
            pairs = [field.partition(": ") for field in fields]
            headers = CIMultiDict([(name, value) for name, _, value in pairs])
            if headers.get("Expect"):
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            seen = Seen(line, headers, await read_body(reader, headers))
            self.seen.append(seen)
            page = self.page_for(seen)
            if page is None:
                return
            writer.write(page)
            await writer.drain()

    def page_for(self, seen: Seen) -> Answer:
        """What a request is answered with; None to close the connection instead."""
        name = seen.target.partition("?")[0].removeprefix("/")
        page = self.pages.get(name, OK)
        if isinstance(page, list):
            page = page.pop(0) if len(page) > 1 else page[0]
        return page


async def read_body(reader: asyncio.StreamReader, headers: CIMultiDict[str]) -> bytes:
    """The body of a request, without its framing."""
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    if "Transfer-Encoding" in headers:
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readexactly(2)
    return body


def page(body: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    """An answer with a body and these header lines."""
    lines = "".join(f"{field}\r\n" for field in fields)
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{lines}\r\n".encode() + body
