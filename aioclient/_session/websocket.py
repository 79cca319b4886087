"""A WebSocket as the caller sees it."""

import asyncio
import json as json_module
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, Self, TypeVar, overload

from aioclient._aliases import BytesLike, JSONBytesEncoder, JSONEncoder
from aioclient._connection.websocket import INLINE_BYTES, WebSocketConnection
from aioclient._message.response import ClientResponse
from aioclient._websocket.close_frames import close_payload
from aioclient._websocket.messages import (
    CompressedMessage,
    Fragment,
    ReaderEvent,
    WSMessage,
    WSMessageBinary,
    WSMessageClosed,
    WSMessageClosing,
    WSMessageError,
    WSMessageNoDecodeText,
    WSMessageText,
    WSMessageTextBytes,
    WSMsgType,
)
from aioclient._websocket.text import TextDecoder, decoded_text
from aioclient.errors import ClientConnectionError, WebSocketError, WSMessageTypeError

if TYPE_CHECKING:
    import typing_extensions  # which type checkers know; it need not be installed

    from aioclient._message.connection_info import ConnectionInfo
    from aioclient._websocket.handshake import Agreed

    #: Is text decoded? It is, for who writes `ClientWebSocketResponse` without saying so.
    DecodesText = typing_extensions.TypeVar(
        "DecodesText", bound=bool, covariant=True, default=Literal[True]
    )
else:
    DecodesText = TypeVar("DecodesText", bound=bool, covariant=True)

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CONTINUATION: Final = WSMsgType.CONTINUATION
_CLOSED: Final = WSMessageClosed(WSMsgType.CLOSED)
_CLOSING: Final = WSMessageClosing(WSMsgType.CLOSING)
#: After one of these there is nothing more.
_ENDS: Final = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})
#: Of a message that is received in pieces, inflated.
_PIECE_BYTES: Final = 256 * 1024


class ClientWSTimeout(NamedTuple):
    """Limits of a WebSocket, in seconds; None is no limit.

    `ws_receive` is for each `receive` that brings no limit of its own, `ws_close` for the server's
    answer to a Close.
    """

    ws_receive: float | None = None
    ws_close: float | None = None


DEFAULT_WS_TIMEOUT: Final = ClientWSTimeout(None, 10.0)


class ClientWebSocketResponse(Generic[DecodesText]):
    """A WebSocket that is open: messages both ways (RFC 6455).

    ``async for message in ws`` receives until it is closed; ``async with`` closes it at the end.
    One coroutine may receive while others send.

    Made by `ClientSession.ws_connect`.
    """

    def __init__(
        self,
        connection: WebSocketConnection,
        response: ClientResponse,
        agreed: "Agreed",
        timeout: ClientWSTimeout = DEFAULT_WS_TIMEOUT,
        *,
        autoclose: bool = True,
        autoping: bool = True,
        decode_text: bool = True,
    ) -> None:
        self._connection = connection
        self._response = response
        self._agreed = agreed
        self._timeout = timeout
        self._autoclose = autoclose
        self._autoping = autoping
        self._decode_text = decode_text
        self._is_closed = False
        self._is_receiving = False
        self._inflating: _Inflating | None = None
        self._has_ended = False

    # --- what is known of it ---------------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Was it closed, here or by the server, or was the connection lost?"""
        return self._is_closed

    @property
    def close_code(self) -> int | None:
        """The code of the server's Close, 1006 if there was none; None while it is open."""
        return self._connection.close_code

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._agreed.protocol

    @property
    def compress(self) -> int:
        """The window bits that messages are compressed with; 0: they are not."""
        deflate = self._agreed.deflate
        return 0 if deflate is None else deflate.client_max_window_bits

    @property
    def client_notakeover(self) -> bool:
        """Is each message compressed by itself?"""
        deflate = self._agreed.deflate
        return deflate is not None and deflate.client_no_context_takeover

    @property
    def response(self) -> ClientResponse:
        """The answer to the handshake (new here): headers, cookies, URL, history."""
        return self._response

    @property
    def connection(self) -> "ConnectionInfo":
        """Addresses and TLS of its connection (new here)."""
        return self._response.connection

    @property
    def latency(self) -> float | None:
        """Seconds that the answer to the last ping took (new here); None before there was one."""
        return self._connection.latency_s

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows by this name, as ``"peername"``; see `asyncio.BaseTransport`."""
        transport = self._connection.link.transport
        return default if transport is None else transport.get_extra_info(name, default)

    def exception(self) -> Exception | None:
        """What ended it, if that was no Close."""
        return self._connection.error

    def __repr__(self) -> str:
        state = f"closed {self.close_code}" if self._is_closed else "open"
        return f"<{type(self).__name__} {self._response.url} [{state}]>"

    # --- receiving -------------------------------------------------------------------------------

    @overload
    async def receive(
        self: "ClientWebSocketResponse[Literal[True]]", timeout: float | None = None
    ) -> WSMessage: ...
    @overload
    async def receive(
        self: "ClientWebSocketResponse[Literal[False]]", timeout: float | None = None
    ) -> WSMessageNoDecodeText: ...
    @overload
    async def receive(self, timeout: float | None = None) -> WSMessage | WSMessageNoDecodeText: ...
    async def receive(self, timeout: float | None = None) -> WSMessage | WSMessageNoDecodeText:
        """The next message: of a type in `WSMsgType`, which says what its `data` is.

        At the end that is CLOSE, with the server's code and reason, then CLOSED; ERROR, with the
        exception, if the server broke the rules or its silence was too long.

        Raises TimeoutError after `timeout` seconds, or those of `ClientWSTimeout`, and RuntimeError
        while another coroutine receives. Cancelled, it has taken nothing.
        """
        limit_s = timeout or self._timeout.ws_receive
        connection = self._connection
        if limit_s:
            async with asyncio.timeout(limit_s):
                return await self._receive()
        if (
            self._is_receiving
            or self._is_closed
            or self._inflating is not None
            or connection.has_events
            or connection.is_over
        ):
            return await self._receive()
        # The short way, for a message in one frame that has not come yet.
        self._is_receiving = True
        try:
            event = await connection.arrival
        finally:
            self._is_receiving = False
        if event is None:
            event = connection.taken()
        if event is None or (event.type is not _TEXT and event.type is not _BINARY):
            return await self._received(event, was_closed=False)
        return event

    async def _receive(self) -> WSMessage | WSMessageNoDecodeText:
        if self._inflating is not None:  # who received before was cancelled
            return await self._inflated()
        was_closed = self._is_closed
        return await self._received(await self._next_event(), was_closed)

    async def _received(
        self, event: ReaderEvent | None, was_closed: bool
    ) -> WSMessage | WSMessageNoDecodeText:
        """The message that an event is, or becomes."""
        if event is None:
            return self._end(was_closed)
        kind = event.type
        if kind is _TEXT or kind is _BINARY:
            return event  # type: ignore[return-value]  # as above
        if isinstance(event, CompressedMessage):
            self._begin_inflating(event)
            return await self._inflated()
        if isinstance(event, Fragment):
            self._connection.put_back(event)
            raise RuntimeError("a message is being received in pieces: iterate it to its end")
        if kind is WSMsgType.CLOSE and self._autoclose:
            self._is_closed = True
        elif kind is WSMsgType.ERROR:
            self._is_closed = True
            return WSMessageError(WSMsgType.ERROR, event.data)  # type: ignore[arg-type]  # it is one
        return event  # type: ignore[return-value]  # the rest are messages

    def _check_nobody_receives(self) -> None:
        if self._is_receiving:
            raise RuntimeError("another coroutine is receiving from this WebSocket already")

    async def _next_event(self) -> ReaderEvent | None:
        self._check_nobody_receives()
        if self._is_closed:
            return None
        self._is_receiving = True
        try:
            return await self._connection.receive()
        finally:
            self._is_receiving = False

    def _end(self, was_closed: bool) -> WSMessageClosed | WSMessageClosing | WSMessageError:
        """What is received when nothing more comes."""
        if self._is_closed:
            return _CLOSED if was_closed else _CLOSING
        self._is_closed = True
        error = self._connection.error
        if isinstance(error, TimeoutError):  # of the heartbeat
            return WSMessageError(WSMsgType.ERROR, error)
        return _CLOSED

    def _begin_inflating(self, event: CompressedMessage) -> None:
        self._inflating = _Inflating(event, self._connection, self._decode_text)

    async def _inflated_data(self) -> str | bytes:
        message = await self._inflated()
        if isinstance(message, WSMessageError):
            raise message.data
        return message.data

    async def _inflated(
        self,
    ) -> WSMessageText | WSMessageTextBytes | WSMessageBinary | WSMessageError:
        """The message that is being inflated, now or in another thread."""
        inflating = self._inflating
        if inflating is None:
            raise RuntimeError("there is no message to inflate")
        self._check_nobody_receives()
        self._is_receiving = True
        try:
            message = await inflating.message()
        except WebSocketError as error:
            self._inflating = None
            self._connection.break_off(error)
            self._is_closed = True
            return WSMessageError(WSMsgType.ERROR, error)
        finally:
            self._is_receiving = False
        self._inflating = None
        return message

    @overload
    async def receive_str(
        self: "ClientWebSocketResponse[Literal[True]]", *, timeout: float | None = None
    ) -> str: ...
    @overload
    async def receive_str(
        self: "ClientWebSocketResponse[Literal[False]]", *, timeout: float | None = None
    ) -> bytes: ...
    @overload
    async def receive_str(self, *, timeout: float | None = None) -> str | bytes: ...
    async def receive_str(self, *, timeout: float | None = None) -> str | bytes:
        """The next message, which must be text: a str, or bytes with ``decode_text=False``.

        Raises WSMessageTypeError for another type.
        """
        message = await self.receive(timeout)
        if message.type is not _TEXT:
            raise WSMessageTypeError(f"received {message.type.name}, not TEXT")
        return message.data

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """The next message, which must be binary; raises WSMessageTypeError for another type."""
        message = await self.receive(timeout)
        if message.type is not _BINARY:
            raise WSMessageTypeError(f"received {message.type.name}, not BINARY")
        return message.data

    async def receive_json(
        self, *, loads: Callable[[Any], Any] = json_module.loads, timeout: float | None = None
    ) -> Any:
        """What `loads` makes of the next message, which must be text."""
        return loads(await self.receive_str(timeout=timeout))

    async def receive_stream(self) -> AsyncIterator[str | bytes]:
        """The next text or binary message in pieces, as they arrive (new here).

        ``async for piece in ws.receive_stream()``; all are str, or all are bytes. There is no limit
        to the size of such a message. It ends without a piece if the server closes; raises
        ClientConnectionError if the connection is lost within the message. Iterate it to its end.
        """
        connection = self._connection
        if self._inflating is not None:  # as in `_receive`
            yield await self._inflated_data()
            return
        self._check_nobody_receives()
        if not self._is_closed:
            connection.stream_next()
        pieces = _Pieces(self)
        while True:
            event = await self._next_event()
            if event is None:
                if pieces.has_begun:
                    raise connection.error or ClientConnectionError("the WebSocket was closed")
                return
            try:
                async for piece in pieces.of(event):
                    yield piece
            except WebSocketError as error:
                connection.break_off(error)
                self._is_closed = True
                raise
            if pieces.is_over:
                return

    def __aiter__(self) -> Self:
        return self

    @overload
    async def __anext__(self: "ClientWebSocketResponse[Literal[True]]") -> WSMessage: ...
    @overload
    async def __anext__(
        self: "ClientWebSocketResponse[Literal[False]]",
    ) -> WSMessageNoDecodeText: ...
    @overload
    async def __anext__(self) -> WSMessage | WSMessageNoDecodeText: ...
    async def __anext__(self) -> WSMessage | WSMessageNoDecodeText:
        connection = self._connection
        if connection.has_events and not self._is_receiving and self._inflating is None:
            # The short way, as in `receive`, for one that is here.
            event = connection.take()
            if event.type is _TEXT or event.type is _BINARY:
                return event
            message = await self._received(event, was_closed=False)
        else:
            message = await self.receive()
        if message.type in _ENDS:
            raise StopAsyncIteration
        return message

    # --- sending ---------------------------------------------------------------------------------

    async def send_str(self, data: str, compress: int | None = None) -> None:
        """Send a text message; wait while the server takes less than is sent.

        `compress` is for this message, if compression was agreed on: 0 for none, 1 to 9 for a level
        of zlib. Raises ClientConnectionResetError if the WebSocket is closed or closing.
        """
        if not isinstance(data, str):
            raise TypeError(f"data must be str, not {type(data).__name__}")
        deflater = self._connection.deflater
        if deflater is None or compress == 0:
            waiting = self._connection.send(_TEXT, data)
            if waiting is not None:
                await waiting
        else:
            await self._connection.send_compressed(_TEXT, data.encode(), deflater, compress)

    async def send_bytes(self, data: BytesLike, compress: int | None = None) -> None:
        """Send a binary message; as `send_str`."""
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}")
        deflater = self._connection.deflater
        if deflater is None or compress == 0:
            waiting = self._connection.send(_BINARY, data)
            if waiting is not None:
                await waiting
        else:
            await self._connection.send_compressed(_BINARY, data, deflater, compress)

    async def send_json(
        self, data: Any, compress: int | None = None, *, dumps: JSONEncoder = json_module.dumps
    ) -> None:
        """Send what `dumps` makes of a value, as text."""
        text = dumps(data)
        await self.send_str(text if isinstance(text, str) else text.decode(), compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: JSONBytesEncoder
    ) -> None:
        """Send what `dumps` makes of a value, as a binary message."""
        await self.send_bytes(dumps(data), compress)

    async def send_frame(
        self, message: BytesLike, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send a message, a ping or a pong; raises ValueError for another type."""
        if opcode == _TEXT:
            await self.send_str(str(message, "utf-8"), compress)
        elif opcode == _BINARY:
            await self.send_bytes(message, compress)
        elif opcode in (WSMsgType.PING, WSMsgType.PONG):
            waiting = self._connection.send(opcode, message)
            if waiting is not None:
                await waiting
        else:
            raise ValueError(f"opcode must be TEXT, BINARY, PING or PONG, not {opcode!r}")

    async def send_stream(
        self, pieces: AsyncIterable[str] | AsyncIterable[bytes], compress: int | None = None
    ) -> None:
        """Send one message of pieces, in a frame each (new here): text if they are str.

        Other messages wait until it is out; pings and pongs do not. If the iterable fails, the
        message cannot be ended, and the WebSocket is cut.
        """
        connection = self._connection
        deflater = None if compress == 0 else connection.deflater
        opcode = None
        async with connection.lock():
            try:
                async for piece in pieces:
                    if not isinstance(piece, str | bytes | bytearray | memoryview):
                        raise _wrong_piece(piece)
                    kind = _TEXT if isinstance(piece, str) else _BINARY
                    if opcode not in (None, kind):
                        raise TypeError("pieces of a message must be all str, or all bytes")
                    data: str | bytes = piece
                    if deflater is not None:
                        raw = piece.encode() if isinstance(piece, str) else piece
                        data = deflater.piece(raw, compress, flush=True)
                    is_first, opcode = opcode is None, kind
                    await connection.send_piece(
                        kind if is_first else _CONTINUATION,
                        data,
                        False,
                        is_first and deflater is not None,
                    )
                end = b"" if deflater is None or opcode is None else deflater.finish()
                await connection.send_piece(_BINARY if opcode is None else _CONTINUATION, end, True)
            except BaseException:
                if opcode is not None:
                    connection.abort("a message that was sent in pieces came to no end")
                raise

    async def ping(self, message: bytes | str = b"") -> None:
        """Ask for a sign of life; `latency` says how long the answer took."""
        await self._connection.ping(message.encode() if isinstance(message, str) else message)

    async def pong(self, message: bytes | str = b"") -> None:
        """Give a sign of life; those that the server asks for come by themselves."""
        payload = message.encode() if isinstance(message, str) else message
        waiting = self._connection.send(WSMsgType.PONG, payload)
        if waiting is not None:
            await waiting

    # --- the end ---------------------------------------------------------------------------------

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        """Close it: say why, wait for the server's answer, discard what still comes.

        False if it was closed before. The server has the `ws_close` limit to answer. Whoever is
        receiving gets CLOSING. Raises ValueError for a code or message that cannot be sent.
        Cancelling cuts the connection.
        """
        if self._has_ended:
            return False
        payload = close_payload(code, message)
        self._has_ended = True
        self._is_closed = True
        self._connection.wake()
        await self._connection.close(payload, self._timeout.ws_close)
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _wrong_piece(piece: object) -> TypeError:
    return TypeError(f"a piece must be str or bytes-like, not {type(piece).__name__}")


class _Inflating:
    """A compressed message that is received; a large one is inflated outside of the loop's thread.

    Whoever waits for that may be cancelled, and the next one have it.
    """

    def __init__(
        self, compressed: CompressedMessage, connection: WebSocketConnection, decode_text: bool
    ) -> None:
        if connection.inflater is None:
            raise RuntimeError("a compressed message without an agreement to compress")
        self._inflater = connection.inflater
        self._compressed = compressed
        self._decode_text = decode_text
        self._future: asyncio.Future[bytes] | None = None

    async def message(self) -> WSMessageText | WSMessageTextBytes | WSMessageBinary:
        """The message; raises WebSocketError if it is none, or too large."""
        data = self._compressed.data
        if len(data) <= INLINE_BYTES:
            inflated = self._inflater.inflate(data)
        else:
            if self._future is None:
                loop = asyncio.get_running_loop()
                self._future = loop.run_in_executor(None, self._inflater.inflate, data)
            inflated = await asyncio.shield(self._future)
        if not self._compressed.is_text:
            return WSMessageBinary(_BINARY, inflated)
        text = decoded_text(inflated)
        if self._decode_text:
            return WSMessageText(_TEXT, text)
        return WSMessageTextBytes(_TEXT, inflated)


class _Pieces:
    """Of one message that is received in pieces."""

    def __init__(self, websocket: "ClientWebSocketResponse[Any]") -> None:
        self._websocket = websocket
        self._decoder: TextDecoder | None = None
        self.has_begun = False
        self.is_over = False

    async def of(self, event: ReaderEvent) -> AsyncIterator[str | bytes]:
        """What an event brings of it."""
        if isinstance(event, Fragment):
            self.has_begun = True
            if event.is_compressed:
                for piece in self._inflated(event):
                    yield piece
            elif event.data:
                yield event.data
            self.is_over = event.is_final
            return
        if isinstance(event, CompressedMessage):
            self.is_over = True
            self._websocket._begin_inflating(event)  # noqa: SLF001 - of the same module
            yield await self._websocket._inflated_data()  # noqa: SLF001 - as above
            return
        if event.type is _TEXT or event.type is _BINARY:
            yield event.data
            self.is_over = True
        elif event.type is WSMsgType.CLOSE or event.type is WSMsgType.ERROR:
            self.is_over = True
            self._websocket._is_closed = True  # noqa: SLF001 - as above
            if event.type is WSMsgType.ERROR:
                raise event.data
            if self.has_begun:
                raise ClientConnectionError("the WebSocket was closed within a message")

    def _inflated(self, event: Fragment) -> Iterator[str | bytes]:
        """One at a time: a small fragment may hold very much."""
        inflater = self._websocket._connection.inflater  # noqa: SLF001 - as above
        if inflater is None or isinstance(event.data, str):
            raise RuntimeError("a compressed message without an agreement to compress")
        decoder = None
        if event.is_text:  # it has to be UTF-8, also if it is not to be decoded
            decoder = self._decoder = self._decoder or TextDecoder()
        decodes = self._websocket._decode_text  # noqa: SLF001 - as above
        data, is_last = event.data, event.is_final
        while True:
            raw = inflater.piece(data, _PIECE_BYTES, is_last=is_last)
            is_end = event.is_final and not inflater.has_pending
            text = None if decoder is None else decoder.piece(raw, is_last=is_end)
            piece = raw if text is None or not decodes else text
            if piece:
                yield piece
            if not inflater.has_pending:
                return
            data, is_last = b"", False
