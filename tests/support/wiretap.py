"""Stands between a client and a proxy, passes on what each says, and writes it down."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field

from proxy_servers import Entrance
from running import while_connected
from scripted import ScriptedServer


@dataclass(slots=True)
class Overheard:
    """One connection: all that went each way."""

    sent: bytearray = field(default_factory=bytearray)
    received: bytearray = field(default_factory=bytearray)


class Wiretap(ScriptedServer):
    """Before an entrance, from `async with` on; a client uses `entrance`, that of the tap.

    It listens at the address that the proxy has, at another port.

    With a TLS context it takes TLS away, so before an entrance without it there is one with TLS and
    any certificate, and what goes through it can be read all the same.
    """

    def __init__(self, entrance: Entrance, ssl_context: ssl.SSLContext | None = None) -> None:
        assert ssl_context is None or entrance.scheme == "http"
        super().__init__(self._pass_on, ssl_context, entrance.host)
        self._beyond = entrance
        self._is_tls = ssl_context is not None
        #: Each connection so far.
        self.overheard: list[Overheard] = []

    @property
    def entrance(self) -> Entrance:
        """The way to the proxy that leads through the tap."""
        return self._beyond.moved(self._beyond.host, self.port, self._is_tls)

    @property
    def sent(self) -> bytes:
        """All that clients have sent, one connection after the other."""
        return b"".join(bytes(each.sent) for each in self.overheard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        overheard = Overheard()
        self.overheard.append(overheard)
        there, back = await asyncio.open_connection(self._beyond.host, self._beyond.port)
        both = [
            asyncio.ensure_future(_copy(reader, back, overheard.sent)),
            asyncio.ensure_future(_copy(there, writer, overheard.received)),
        ]
        try:
            with while_connected(back):
                await asyncio.gather(*both)
        finally:
            back.transport.abort()  # first: the wait below may be cancelled
            for task in both:
                task.cancel()
            await asyncio.wait(both)


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, copy: bytearray
) -> None:
    while data := await reader.read(65536):
        copy += data
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError):  # the other side is gone as well
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()
