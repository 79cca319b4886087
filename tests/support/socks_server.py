"""SOCKS servers that answer what a test says, a client for them, and what no error may show."""

import asyncio
import socket
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from fake_resolver import FakeResolver
from running import settled
from scripted import ScriptedServer

from aioclient import BasicAuth, ClientConnectorError
from aioclient._net.dns_cache import DnsCache
from aioclient._net.route import Proxy, Route
from aioclient._net.socks import SocksDialer
from aioclient._net.tcp import AddrInfoType, TcpDialer

#: Here variables may have them.
_TESTS: Final = Path(__file__).parents[1]

LOGIN: Final = "a-login"
PASSWORD: Final = "a-secret"
AUTH: Final = BasicAuth(LOGIN, PASSWORD)
#: How a SOCKS5 client begins, without and with credentials, and shows those.
HELLO: Final = b"\5\1\0"
HELLO_WITH_AUTH: Final = b"\5\2\0\2"
CREDENTIALS: Final = b"\1\x07a-login\x08a-secret"
#: What a server says to it: no credentials wanted, credentials wanted, credentials accepted.
ANONYMOUS: Final = b"\5\0"
WANTED: Final = b"\5\2"
ACCEPTED: Final = b"\1\0"
#: That it is connected, with the address from which.
CONNECTED: Final = b"\5\0\0\1\x7f\0\0\1\x04\xd2"
CONNECTED_4: Final = b"\0\x5a\x04\xd2\x7f\0\0\1"
TO_THE_ADDRESS: Final = b"\5\1\0\1\xc0\0\2\1\0\x50"


class SocksServer(ScriptedServer):
    """Answers each message of a client by the next of a script, and sends back what follows.

    The first connection has the first script, those after the last script have that one.
    """

    def __init__(
        self,
        *scripts: Sequence[bytes],
        then: str = "echo",
        slowly: bool = False,
        host: str = "127.0.0.1",
    ) -> None:
        super().__init__(self._answer, host=host)
        self._scripts = scripts
        self._then = then
        self._slowly = slowly
        #: The messages of each connection.
        self.got: list[list[bytes]] = []

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._slowly:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        script = self._scripts[min(len(self.got), len(self._scripts) - 1)]
        got: list[bytes] = []
        self.got.append(got)
        for answer in script:
            got.append(await reader.read(65536))
            await self._write(writer, answer)
        if self._then == "close":
            writer.write_eof()
        while data := await reader.read(65536):
            got.append(data)
            if self._then == "echo":
                writer.write(data)

    async def _write(self, writer: asyncio.StreamWriter, answer: bytes) -> None:
        pieces = [bytes([byte]) for byte in answer] if self._slowly else [answer]
        for piece in pieces:
            writer.write(piece)
            await settled(3)  # it has left, and the client looked at it


class SocksClient:
    """Dials through a server as its proxy, and remembers the sockets it made."""

    def __init__(
        self,
        port: int,
        scheme: str = "socks5",
        auth: BasicAuth | None = None,
        *,
        addresses: Sequence[str] = ("192.0.2.1",),
        proxy_host: str = "127.0.0.1",
        guard: Callable[[Any], bool] | None = None,
        proxy_guard: Callable[[Any], bool] | None = None,
        kind: type[socket.socket] = socket.socket,
    ) -> None:
        self._kind = kind
        self.proxy = Proxy(scheme, proxy_host, port, auth=auth)
        self.made: list[socket.socket] = []
        self.resolver = FakeResolver({"a.example": addresses})
        names = DnsCache(self.resolver)
        dialer = TcpDialer(names, socket_factory=self._make, guard=proxy_guard)
        self._dialer = SocksDialer(dialer.connect, names.lookup, guard)

    def _make(self, addr_info: AddrInfoType) -> socket.socket:
        self.made.append(self._kind(*addr_info[:3]))
        return self.made[-1]

    async def dial(self, host: str = "a.example", port: int = 80) -> socket.socket:
        route = Route(host, port, False, True, None, self.proxy)
        return await self._dialer.connect(route, asyncio.get_running_loop())

    async def failure(self, host: str = "a.example", port: int = 80) -> ClientConnectorError:
        with pytest.raises(ClientConnectorError) as raised:
            await self.dial(host, port)
        assert self.all_closed
        assert_is_free_of_credentials(raised.value)
        return raised.value

    @property
    def all_closed(self) -> bool:
        return {sock.fileno() for sock in self.made} <= {-1}


def assert_is_free_of_credentials(error: BaseException) -> None:
    """Neither what it says nor what led to it has them, variables on the way included."""
    for each in chain(error):
        assert_has_no_credentials(str(each))
        assert_has_no_credentials(repr(each))
        assert_has_no_credentials(repr(each.args))
    assert_has_no_credentials("".join(traceback.format_exception(error)))
    with_variables = traceback.TracebackException.from_exception(error, capture_locals=True)
    links: list[traceback.TracebackException | None] = [with_variables]
    while links:
        link = links.pop()
        if link is not None:
            links += [link.__cause__, link.__context__]
            for frame in link.stack:
                if not Path(frame.filename).is_relative_to(_TESTS):
                    assert_has_no_credentials(str(frame.locals))


def assert_has_no_credentials(text: str) -> None:
    assert LOGIN not in text
    assert PASSWORD not in text


def chain(error: BaseException | None) -> list[BaseException]:
    if error is None:
        return []
    return [error, *chain(error.__cause__), *chain(error.__context__)]
