"""An HTTP proxy that keeps what it was told and what it passed on."""

import asyncio
import contextlib
import ssl

from running import while_connected
from scripted import ScriptedServer, head_of

AGREED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_KEPT_BYTES = 2**20
FORWARDED = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nforwarded"


class RecordingProxy(ScriptedServer):
    """Makes the tunnels that are asked for; what it should forward it answers itself.

    `connect_answer` takes the place of a tunnel; `destination` that of the host asked for.
    """

    def __init__(
        self,
        tls: ssl.SSLContext | None = None,
        *,
        connect_answer: bytes | None = None,
        agreed: bytes = AGREED,
        destination: tuple[str, int] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(self._play, tls, host)
        self.connect_answer = connect_answer
        self._agreed = agreed
        self._destination = destination
        #: Of all requests to the proxy itself.
        self.heads: list[str] = []
        #: What went through tunnels to servers, as far as its beginning.
        self.passed_on = bytearray()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await head_of(reader)).decode("latin-1")
                self.heads.append(head)
                method, target, _ = head.split(" ", 2)
                if method != "CONNECT":
                    writer.write(FORWARDED)
                elif self.connect_answer is not None:
                    writer.write(self.connect_answer)
                    return
                else:
                    await self._tunnel(target, reader, writer)
                    return

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        host, _, port = target.rpartition(":")
        there = self._destination or (host.strip("[]"), int(port))
        await pass_on(there, self._agreed, reader, writer, self.passed_on)


async def pass_on(
    there: tuple[str, int],
    agreed: bytes,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    kept: bytearray,
) -> None:
    """Make a tunnel, until both ends have had enough; `kept` gets the beginning of what goes in."""
    there_reader, there_writer = await asyncio.open_connection(*there)
    back = asyncio.ensure_future(_pump(there_reader, writer))
    try:
        writer.write(agreed)
        while data := await reader.read(65536):
            if len(kept) < _KEPT_BYTES:
                kept += data
            there_writer.write(data)
            await there_writer.drain()
        if there_writer.can_write_eof():
            there_writer.write_eof()
        await back
    finally:
        back.cancel()
        there_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with while_connected(writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
