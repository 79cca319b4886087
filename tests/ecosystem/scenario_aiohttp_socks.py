"""aiohttp-socks: http and https through a SOCKS5 proxy, with and without a login, and a chain."""

import asyncio
import contextlib
import ssl
from typing import Self

import trustme
from aiohttp import ClientSession
from aiohttp_socks import ChainProxyConnector, ProxyConnector, ProxyError
from python_socks import ProxyType
from scenario import Answer, Seen, Site, json_answer, run


def answer(seen: Seen) -> Answer:
    return json_answer({"path": seen.path})


class Socks:
    """A SOCKS5 proxy that knows one login."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if 2 in methods:
            writer.write(b"\x05\x02")
            _, size = await reader.readexactly(2)
            login = await reader.readexactly(size)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            is_known = (login, password) == (b"user", b"secret")
            writer.write(b"\x01\x00" if is_known else b"\x01\x01")
            if not is_known:
                writer.close()
                return
        else:
            writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append((host, port))
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(their_writer)
        writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
        with contextlib.suppress(asyncio.CancelledError):  # it is over
            await asyncio.gather(pump(reader, their_writer), pump(their_reader, writer))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


async def main() -> None:
    authority = trustme.CA()
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("a.example").configure_cert(server_context)
    context = ssl.create_default_context()
    authority.configure_trust(context)

    async with Site(answer) as site, Socks() as socks:
        connector = ProxyConnector.from_url(
            f"socks5://user:secret@127.0.0.1:{socks.port}", rdns=True
        )
        async with ClientSession(connector=connector) as session:
            for _ in range(3):
                async with session.get(f"http://a.example:{site.port}/x") as response:
                    assert await response.json() == {"path": "/x"}
        assert socks.asked == [("a.example", site.port)]  # one connection for all three

        wrong = ProxyConnector.from_url(f"socks5://user:wrong@127.0.0.1:{socks.port}", rdns=True)
        async with ClientSession(connector=wrong) as session:
            try:
                await session.get(f"http://a.example:{site.port}/x")
            except ProxyError:
                pass
            else:
                raise AssertionError("a wrong password was taken")

        chain = ChainProxyConnector.from_urls([f"socks5://127.0.0.1:{socks.port}"] * 2)
        async with ClientSession(connector=chain) as session:
            async with session.get(f"http://127.0.0.1:{site.port}/y") as response:
                assert await response.json() == {"path": "/y"}
        site.check_client()

        tls = await asyncio.start_server(serve_once, "127.0.0.1", 0, ssl=server_context)
        port = tls.sockets[0].getsockname()[1]
        connector = ProxyConnector(
            host="127.0.0.1", port=socks.port, proxy_type=ProxyType.SOCKS5, rdns=True, ssl=context
        )
        async with ClientSession(connector=connector) as session:
            async with session.get(f"https://a.example:{port}/") as response:
                assert await response.text() == "secure"
        tls.close()


async def serve_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecure")
    writer.close()


run(main)
