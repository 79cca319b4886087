"""One WebSocket of an ASGI app (RFC 6455), whose frames wsproto reads and writes."""

import asyncio
from typing import Any, Final

from aioclient._websocket.handshake import accept_value

from ._asgi import ASGIApp, Message, Scope, decoded
from ._asgi_http import LOG
from ._errors import note_origin
from ._memory_server import Served
from ._server_side import BadRequest, ServerExchange

try:
    from wsproto import ConnectionType
    from wsproto.connection import Connection
    from wsproto.events import (
        BytesMessage,
        CloseConnection,
        Event,
        Ping,
        TextMessage,
    )
    from wsproto.extensions import PerMessageDeflate
    from wsproto.handshake import server_extensions_handshake
    from wsproto.utilities import RemoteProtocolError
except ImportError as error:
    raise RuntimeError(
        "WebSockets of an ASGIConnector need the package wsproto: "
        "pip install 'aioclient-http[testing]'"
    ) from error

#: So many messages may wait for the app to receive them, before the client has to wait.
_MAX_WAITING: Final = 32


class WebSocketCall:
    """Calls an app for one WebSocket."""

    def __init__(
        self, served: Served, exchange: ServerExchange, scope: dict[str, Any], raises: bool
    ) -> None:
        self._served = served
        self._exchange = exchange
        headers = exchange.head.headers
        protocols = ", ".join(headers.getall("Sec-WebSocket-Protocol", ())).split(",")
        scope["subprotocols"] = [name.strip() for name in protocols if name.strip()]
        scope["extensions"] = {"websocket.http.response": {}}
        self._scope: Scope = scope
        self._raises = raises
        self._frames: Connection | None = None  # from when it was accepted
        self._arrived: asyncio.Queue[Message] = asyncio.Queue(_MAX_WAITING)
        self._arrived.put_nowait({"type": "websocket.connect"})
        self._disconnect: Message | None = None
        self._is_told = False  # was the app told of the end?
        self._is_closing = False  # has this side sent a Close?
        self._has_ended = False  # has the app?
        self._refusal: Message | None = None
        # Set when it was accepted or refused, or the app or the client is gone.
        self._decided = asyncio.Event()
        served.end.on_lost = self._decided.set

    # --- the connection ---------------------------------------------------------------------------

    async def serve(self) -> None:
        """Read what the client sends, until its end."""
        await self._decided.wait()
        frames = self._frames
        code, reason = 1006, ""
        if frames is not None:
            try:
                code, reason = await self._read(frames)
            except RemoteProtocolError as error:
                hint = error.event_hint
                code = int(hint.code) if isinstance(hint, CloseConnection) else 1002
                LOG.error("the client broke the rules of WebSocket: %s", error)
            except ConnectionResetError:
                pass
        self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
        try:
            self._arrived.put_nowait(self._disconnect)
        except asyncio.QueueFull:
            pass  # it is told when the rest has been received
        self._served.end.close()

    async def _read(self, frames: Connection) -> tuple[int, str]:
        """Hand on messages, until there is a Close: its code and reason."""
        text, data = "", b""
        while piece := await self._served.side.read_some():
            frames.receive_data(piece)
            for event in frames.events():
                if isinstance(event, TextMessage):
                    text += event.data
                    if event.message_finished:
                        await self._hand_over({"type": "websocket.receive", "text": text})
                        text = ""
                elif isinstance(event, BytesMessage):
                    data += event.data
                    if event.message_finished:
                        await self._hand_over({"type": "websocket.receive", "bytes": data})
                        data = b""
                elif isinstance(event, Ping):
                    await self._served.end.write(frames.send(event.response()))
                elif isinstance(event, CloseConnection):
                    if not self._is_closing:
                        await self._served.end.write(frames.send(event.response()))
                    return int(event.code), event.reason or ""
        return 1006, ""

    async def _hand_over(self, message: Message) -> None:
        if not self._has_ended:
            await self._arrived.put(message)

    # --- the app ----------------------------------------------------------------------------------

    async def run(self, app: ASGIApp) -> BaseException | None:
        """Call the app; gives an error that its caller did not hear of."""
        try:
            await app(self._scope, self._receive, self._send)
            if self._frames is not None:
                await self._close(1000, "")
            elif not (self._exchange.is_written or self._served.end.is_lost):
                raise RuntimeError(f"the app has not accepted the WebSocket {self._name}")
            return None
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # those of pytest are no Exceptions
            return await self._failed(error)
        finally:
            self._has_ended = True
            while not self._arrived.empty():  # so that the client's Close is seen behind them
                self._arrived.get_nowait()
            self._decided.set()

    async def _failed(self, error: BaseException) -> BaseException | None:
        is_open = self._frames is not None
        if is_open and not self._served.end.is_lost:
            try:
                await self._close(1011, "")
            except ConnectionResetError:
                pass
        if self._is_told or (self._served.end.is_lost and isinstance(error, OSError)):
            LOG.info("the app ended WebSocket %s by %r", self._name, error)
            return None  # it is the way of many to take note of the end
        if self._raises and is_open:
            return error
        if self._raises and not self._served.end.is_lost:
            note_origin(error, "the app")
            self._served.fail(error)
            return None
        LOG.error("the app failed in WebSocket %s", self._name, exc_info=error)
        if not is_open and not self._served.end.is_lost and not self._exchange.has_begun:
            await self._refuse(500, [], b"Internal Server Error")
        return None

    @property
    def _name(self) -> str:
        return str(self._scope["path"])

    async def _receive(self) -> Message:
        if self._disconnect is not None and (self._is_told or self._arrived.empty()):
            return self._disconnect
        message = await self._arrived.get()
        self._is_told = message is self._disconnect
        return message

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if self._disconnect is not None or self._served.end.is_lost:
            raise ConnectionResetError("the WebSocket is closed")
        frames = self._frames
        if frames is None:
            await self._answer(kind, message)
        elif self._is_closing:
            raise RuntimeError(f"unexpected message {kind!r} of the app: it has sent a Close")
        elif kind == "websocket.send":
            text = message.get("text")
            event: Event = (
                BytesMessage(bytes(message["bytes"])) if text is None else TextMessage(str(text))
            )
            await self._served.end.write(frames.send(event))
        elif kind == "websocket.close":
            await self._close(int(message.get("code") or 1000), str(message.get("reason") or ""))
        else:
            raise RuntimeError(f"unexpected message {kind!r} of the app")

    async def _answer(self, kind: str, message: Message) -> None:
        """Answer the handshake."""
        if kind == "websocket.accept":
            await self._accept(message)
        elif kind == "websocket.close":
            await self._refuse(403, [], b"")
        elif kind == "websocket.http.response.start" and self._refusal is None:
            self._refusal = message
        elif kind == "websocket.http.response.body" and self._refusal is not None:
            await self._refuse(
                int(self._refusal["status"]),
                decoded(self._refusal.get("headers", ())),
                bytes(message.get("body", b"")),
                more=bool(message.get("more_body", False)),
            )
        else:
            raise RuntimeError(f"unexpected message {kind!r} of the app")

    async def _accept(self, message: Message) -> None:
        headers = self._exchange.head.headers
        key = headers.get("Sec-WebSocket-Key")
        if key is None or self._exchange.is_written:
            raise BadRequest("no WebSocket can be accepted here")
        deflate = PerMessageDeflate()
        offers = headers.getall("Sec-WebSocket-Extensions", [])
        agreed = server_extensions_handshake(offers, [deflate]) if offers else None
        fields = [("Upgrade", "websocket"), ("Sec-WebSocket-Accept", accept_value(key))]
        if message.get("subprotocol") is not None:
            fields.append(("Sec-WebSocket-Protocol", str(message["subprotocol"])))
        if agreed:
            fields.append(("Sec-WebSocket-Extensions", agreed.decode()))
        fields += decoded(message.get("headers", ()))
        self._frames = Connection(ConnectionType.SERVER, [deflate] if agreed else [])
        await self._exchange.switch(fields)
        self._decided.set()

    async def _refuse(
        self, status: int, fields: list[tuple[str, str]], body: bytes, *, more: bool = False
    ) -> None:
        exchange = self._exchange
        exchange.persists = False
        if exchange.has_begun:
            await exchange.write(body)
        else:
            await exchange.begin(status, fields, None if more else len(body), body=body)
        if not more:
            await exchange.finish()
            self._decided.set()

    async def _close(self, code: int, reason: str) -> None:
        frames = self._frames
        if frames is None or self._is_closing or self._disconnect is not None:
            return
        self._is_closing = True
        await self._served.end.write(frames.send(CloseConnection(code, reason)))
