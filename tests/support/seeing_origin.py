"""An origin that says in its answer what it saw, and keeps all that each connection sent."""

import asyncio
import json
import ssl
from dataclasses import asdict, dataclass, field

import trustme
from recording import Arrived, first_request
from scripted import ScriptedServer
from tls_site import site_context
from websocket_site import Peer, echo, switching

#: Names for its certificate: what a client can call it, and what proxies alone can.
ORIGIN_NAMES = ("127.0.0.1", "::1", "localhost", "*.only-at-proxy.test", "origin.test")


@dataclass(slots=True)
class Visit:
    """One connection."""

    #: The address and port it came from.
    came_from: tuple[str, int]
    #: The name that the client asked for in its handshake (RFC 6066 section 3), if any.
    asked_name: str | None = None
    #: Every byte inside of TLS.
    received: bytearray = field(default_factory=bytearray)
    requests: list[Arrived] = field(default_factory=list)


class SeeingOrigin(ScriptedServer):
    """Answers every request, from `async with` on, with JSON: the fields of `Arrived`.

    A request for a WebSocket opens one, which is the last of its connection.

    With a certificate it speaks https.
    """

    def __init__(
        self, certificate: trustme.LeafCert | None = None, host: str = "127.0.0.1"
    ) -> None:
        super().__init__(self._answer, self._seeing_context(certificate), host)
        self._is_tls = certificate is not None
        self._asked_names: dict[object, str | None] = {}
        #: All connections so far; with TLS, those whose handshake was done.
        self.visits: list[Visit] = []

    @property
    def requests(self) -> list[Arrived]:
        """All requests so far."""
        return [request for visit in self.visits for request in visit.requests]

    @property
    def received(self) -> bytes:
        """All bytes so far, one connection after the other."""
        return b"".join(bytes(visit.received) for visit in self.visits)

    def _seeing_context(self, certificate: trustme.LeafCert | None) -> ssl.SSLContext | None:
        if certificate is None:
            return None
        context = site_context(certificate)
        context.sni_callback = self._see_name
        return context

    def _see_name(self, tls: object, name: str | None, _context: ssl.SSLContext) -> None:
        self._asked_names[tls] = name

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visit = Visit(writer.get_extra_info("peername")[:2])
        visit.asked_name = self._asked_names.get(writer.get_extra_info("ssl_object"))
        self.visits.append(visit)
        scheme = "https" if self._is_tls else "http"
        unread = b""
        while data := await reader.read(65536):
            visit.received += data
            unread += data
            while unread and (first := first_request(unread, scheme, self.port)):
                request, rest = first
                visit.requests.append(request)
                if ("Upgrade", "websocket") in request.fields:
                    writer.write(switching(unread[: len(unread) - len(rest)]))
                    await self._give_back(visit, reader, writer)
                    return
                unread = rest
                writer.write(_seen(request))
            await writer.drain()

    async def _give_back(
        self, visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A WebSocket, on which each message comes back; what is sent there is kept, too."""
        kept = Keeping(reader, visit.received)
        await echo(Peer(b"", kept, writer))


class Keeping(asyncio.StreamReader):
    """What another reader reads, of which all is kept."""

    def __init__(self, reader: asyncio.StreamReader, kept: bytearray) -> None:
        super().__init__()
        self._reader = reader
        self._kept = kept

    async def readexactly(self, n: int) -> bytes:
        data = await self._reader.readexactly(n)
        self._kept += data
        return data


def _seen(request: Arrived) -> bytes:
    what = asdict(request) | {"body": request.body.decode("latin-1")}
    body = b"" if request.method == "HEAD" else json.dumps(what).encode()
    fields = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"HTTP/1.1 200 OK\r\n{fields}\r\n".encode() + body
