"""WebSocket servers that others wrote, each with the same few manners.

Each gives every message back as it came, agrees to the subprotocol "chat", closes with 4001 "bye"
when it is told "close", and pings the client before it gives back "ping", if it can do that.
"""

import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import pytest

#: Opens a server on loopback, plain or with TLS; its port.
Serving = Callable[[ssl.SSLContext | None], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def websockets(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """The package websockets."""
    module = pytest.importorskip("websockets.asyncio.server")
    exceptions = pytest.importorskip("websockets.exceptions")

    async def talk(end: Any) -> None:
        with contextlib.suppress(exceptions.ConnectionClosed):
            async for message in end:
                if message == "close":
                    await end.close(4001, "bye")
                    return
                if message == "ping":
                    await (await end.ping())
                await end.send(message)

    async with module.serve(
        talk,
        "127.0.0.1",
        0,
        ssl=context,
        select_subprotocol=lambda _, offered: "chat" if "chat" in offered else None,
        max_size=None,
        ping_interval=None,
    ) as server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def aiohttp(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """aiohttp's server."""
    web = pytest.importorskip("aiohttp.web")

    async def talk(request: Any) -> Any:
        end = web.WebSocketResponse(protocols=["chat"], max_msg_size=0, compress=True)
        await end.prepare(request)
        async for message in end:
            if message.data == "close":
                await end.close(code=4001, message=b"bye")
                break
            if message.data == "ping":
                await end.ping(b"abc")
            if isinstance(message.data, str):
                await end.send_str(message.data)
            else:
                await end.send_bytes(message.data)
        return end

    app = web.Application()
    app.router.add_get("/{path:.*}", talk)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    try:
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def picows(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """picows, which gives frames, knows nothing of subprotocols, and does not compress."""
    module = pytest.importorskip("picows")
    kinds = module.WSMsgType

    class Listener(module.WSListener):  # type: ignore[misc,name-defined]  # it is Any
        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            payload = frame.get_payload_as_bytes()
            if frame.msg_type == kinds.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            elif payload == b"close":
                transport.send_close(4001, b"bye")
            elif frame.msg_type != kinds.PONG:
                if payload == b"ping":
                    transport.send_ping(b"abc")
                transport.send(frame.msg_type, payload, frame.fin)

    server = await module.ws_create_server(
        lambda _request: Listener(), "127.0.0.1", 0, ssl=context, max_frame_size=2**26
    )
    async with server:
        yield server.sockets[0].getsockname()[1]


SERVERS: Final[dict[str, Serving]] = {
    "websockets": websockets,
    "aiohttp": aiohttp,
    "picows": picows,
}
