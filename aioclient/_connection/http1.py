"""HTTP/1.1 over a link."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final

from multidict import CIMultiDictProxy

from aioclient._aliases import BytesLike
from aioclient._body.payload import Payload
from aioclient._connection.exchange import Exchange
from aioclient._connection.interface import Connection
from aioclient._http.events import (
    END_OF_MESSAGE,
    ChunkEnds,
    Event,
    RequestHead,
    ResponseHead,
    Trailers,
)
from aioclient._http.fields import to_multidict
from aioclient._http1.framing import persists
from aioclient._http1.limits import DEFAULT_LIMITS, Limits
from aioclient._http1.machine import Http1Machine
from aioclient._net.link import WRITE_BYTES, Link
from aioclient._net.route import Proxy, Route
from aioclient.errors import (
    ClientConnectionError,
    ClientOSError,
    ClientPayloadError,
    ServerProtocolError,
    shown,
)

if TYPE_CHECKING:
    from aioclient._connection.drain import Drain
    from aioclient._connection.upload import Upload

#: Digits of a Content-Length from which on the body comes as objects of its own.
_BULK_DIGITS: Final = 7
#: A body that is not larger can be put together where it is received: a server's word is enough for
#: the memory, which is not touched before something comes.
_MAX_GATHERED_BYTES: Final = 32 * 2**20

# Uploads that were stopped and are not at their end yet: the loop alone would not keep them alive.
_stopping: set[asyncio.Task[None]] = set()


class Http1Connection(Connection):
    """One exchange at a time over one link."""

    __slots__ = (
        "_drain",
        "_exchange",
        "_failure",
        "_gathers_after",
        "_has_body",
        "_is_paused",
        "_is_used",
        "_link",
        "_loop",
        "_machine",
        "_proxy_lines",
        "_receive",
        "_upload",
        "_uploading",
    )

    def __init__(
        self, route: Route, loop: asyncio.AbstractEventLoop, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        super().__init__(route)
        self._loop = loop
        self._machine = Http1Machine(limits)
        self._receive = self._machine.receive
        self._exchange: Exchange | None = None
        self._drain: Drain | None = None  # of the exchange before, and then there is none
        self._upload: Upload | None = None
        self._uploading: asyncio.Task[None] | None = None
        self._has_body = False
        self._is_paused = False
        # How many bytes of a body came before what is put together of it; None: nothing is.
        self._gathers_after: int | None = None
        self._is_used = False
        self._failure: Exception | None = None
        self._link: Link
        # What every request here says to the proxy, which forwards it.
        self._proxy_lines = b"" if route.proxy is None else _lines_for(route.proxy)

    # --- for the pool and the request -----------------------------------------------------------

    @property
    def is_usable(self) -> bool:
        """Open, and nothing came that nobody had asked for."""
        return self._failure is None and self._link.is_open

    @property
    def has_unseen_input(self) -> bool:
        """Has something arrived, or the server closed, and the loop has not heard of it yet?"""
        return self._link.has_unseen_input

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport of its link; None when that is gone."""
        return self._link.transport

    def begin(self, head: RequestHead, payload: Payload | None, exchange: Exchange) -> None:
        """Send a request; `exchange` hears what comes back.

        Raises ClientConnectionError if the connection ended in the meantime, ValueError for a head
        that must not be sent; then nothing was.
        """
        if self._failure is not None:
            raise self._failure
        if self._proxy_lines:
            head = head.with_lines(self._proxy_lines)
        reading = exchange.reading
        data = self._machine.request(
            head,
            reading.limits,
            reading.read_until_eof,
            not self.may_be_kept,
            reading.upgrades,
        )
        self._exchange = exchange
        exchange.connection = self
        exchange.facts = self._link.facts
        exchange.is_reused = self._is_used
        self._is_used = True
        self._has_body = payload is not None
        if payload is None:
            self._link.write(data)
            return
        body = payload.at_hand
        is_written = (
            body is not None
            and len(body) <= WRITE_BYTES
            and head.body_length == len(body)  # a buffer may have grown since it was announced
            and exchange.expect_100_s is None
        )
        if body is not None and is_written:
            self._link.write(b"".join((data, body)))
            exchange.sent_bytes = len(body)
            if not self._link.is_congested and exchange.upload_observer is None:
                self._machine.request_sent()
                return
        else:
            self._link.write(data)
        if exchange.read_deadline is not None:
            exchange.read_deadline.stop()  # it counts from the end of the request
        from aioclient._connection.upload import Upload  # late: not before a body needs it

        rest = None if is_written else payload
        self._upload = Upload(exchange, rest, head.body_length, self._link, self._loop)
        self._uploading = self._loop.create_task(self._send(exchange, self._upload))

    def abandon(self, exchange: Exchange, error: Exception) -> None:
        """The exchange has no use for the rest of its response."""
        if exchange is self._exchange:
            self._link.abort()
            self._end(False, error)
        elif self._drain is not None and exchange is self._drain.exchange:
            self._cut_drain()

    def release(self, exchange: Exchange, error: Exception) -> None:
        """The same, but if the rest is small it is discarded and the connection kept."""
        if exchange is not self._exchange:
            return
        from aioclient._connection.drain import Drain, is_worth_draining  # late: most arrive whole

        head, stream = exchange.head, exchange.stream
        if (
            head is None
            or stream is None
            or self._upload is not None
            or (self._has_body and self._link.unsent_bytes)
            or not self.may_be_kept
            or not self._machine.may_persist(head)
            or not is_worth_draining(head, stream.total_bytes)
        ):
            self.abandon(exchange, error)
            return
        if self._gathers_after is not None:
            self.stop_gathering()
        self._exchange = None
        self._drain = Drain(exchange, head, self._loop, self._cut_drain)
        self._link.expect_bulk(False)
        exchange.end(None, error)

    def close(self, why: str = "connection was closed") -> None:
        """End it; an exchange on it fails, and is told why."""
        switched = None if self._exchange is None else self._exchange.switched
        if switched is None:
            self._fail(ClientConnectionError(why))
        else:
            switched.close(why)
        self._link.close()

    def abort(self) -> None:
        """End it at once, without the courtesies of TLS."""
        if self._exchange is None or self._exchange.switched is None:
            self._fail(ClientConnectionError("connection was closed"))
        self._link.abort()

    async def wait_closed(self) -> None:
        """Wait until its link is gone."""
        await self._link.wait_closed()

    # --- for the link ---------------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """Use this link."""
        self._link = link
        link.facts.connection_id = self.id
        on_open, self.on_open = self.on_open, None
        if on_open is not None:
            on_open(self)

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """Hand what arrived to the exchange; wake who waits for it when all is done."""
        exchange = self._exchange
        if exchange is None:
            self._unwanted(data)
            return
        # For the head, or for more of the body.
        waiter = exchange.waiter if exchange.stream is None else exchange.stream.waiter
        if waiter is None or exchange.is_traced:
            self._take(exchange, data)
            return
        waiter.is_held = True
        try:
            self._take(exchange, data)
        finally:
            waiter.let_go()

    def _take(self, exchange: Exchange, data: memoryview | bytes) -> None:
        """Hand what arrived to its exchange."""
        if exchange.read_deadline is not None and self._upload is None:
            exchange.read_deadline.restart()
        exchange.has_received = True
        head = exchange.head
        for event in self._receive(data):
            if type(event) is bytes:
                if exchange.stream is not None:
                    exchange.stream.feed(event)
                else:
                    exchange.body = exchange.body + event if exchange.body else event
            elif event is END_OF_MESSAGE:
                if head is None:  # it was a 101, which is no answer to ordinary requests
                    self._switch(exchange, data)
                    return
                self._end(self._machine.may_persist(head))
            elif type(event) is ResponseHead:
                if event.status >= 200:
                    exchange.head = head = event
                    exchange.head_at = monotonic()
                    if self._upload is not None:
                        self._head_is_early(exchange, event)
                else:
                    self._informational(exchange, event)
            else:
                self._rarer_event(exchange, event)
        if head is not None and exchange.stream is None and not exchange.has_ended:
            self._open_stream(exchange, head)

    def _open_stream(self, exchange: Exchange, head: ResponseHead) -> None:
        """The body has not come whole."""
        exchange.open_stream(self)
        if head.content_length is not None and len(head.content_length) >= _BULK_DIGITS:
            self._link.expect_bulk(True)
            if exchange.stream is not None:
                exchange.stream.gatherer = self

    def _switch(self, exchange: Exchange, data: memoryview | bytes) -> None:
        """From here on the server speaks another protocol: the bytes belong to that."""
        from aioclient._connection.switched_link import SwitchedLink  # late: rarely needed

        if self._upload is not None:
            # RFC 9110 section 7.8: only after the whole request; the rest would get among frames.
            exchange.head = None
            early = "the server switched protocols (101) before it had the whole request"
            self._break_off(exchange, ServerProtocolError(early))
            return
        if exchange.read_deadline is not None:
            exchange.read_deadline.stop()
        rest = bytes(data[len(data) - self._machine.surplus :])
        exchange.switched = SwitchedLink(self._link, rest, self._switched_gone)
        if not exchange.waiter.done():
            exchange.waiter.set_result(None)

    def _switched_gone(self) -> None:
        """The link is gone that had switched protocols."""
        if self._failure is None:
            self._failure = ClientConnectionError("connection was closed")
        if self._exchange is not None:
            self._end(False)
        if self.on_gone is not None:
            self.on_gone(self)

    def _informational(self, exchange: Exchange, head: ResponseHead) -> None:
        """Let 100 start the body; tell who asked to be told."""
        if head.status == 101:
            exchange.head = head
            exchange.head_at = monotonic()
            return
        if head.status == 100 and self._upload is not None:
            self._upload.go_on()
        tell = exchange.reading.on_informational
        if tell is None:
            return
        try:
            tell(head.status, CIMultiDictProxy(to_multidict(head.field_section)))
        except Exception as error:  # the caller's own: it is raised to the caller
            self._break_off(exchange, error)

    def _head_is_early(self, exchange: Exchange, head: ResponseHead) -> None:
        """The final answer has begun, and the request's body is not out.

        The server does not want the rest if it refuses, redirects, closes, or answers where 100 was
        expected (RFC 9110 section 10.1.1, RFC 9112 section 9.5); else it may be answering while it
        reads.
        """
        is_asked_for = self._upload is not None and not self._upload.waits_for_100
        closes = not persists(head) and not self._machine.closes  # because the server wants to
        if is_asked_for and head.status < 300 and not closes:
            return
        self._stop_upload()
        self._count_silence(exchange)

    def _stop_upload(self) -> None:
        task, self._uploading = self._uploading, None
        upload, self._upload = self._upload, None
        if upload is not None:
            upload.stopped()
        if task is not None and not task.done():
            _stopping.add(task)  # it may have to close the caller's generator first
            task.add_done_callback(_stopping.discard)
            task.cancel()

    def _count_silence(self, exchange: Exchange) -> None:
        """From now on the server's silence counts, if it is the server who is silent."""
        deadline = exchange.read_deadline
        if deadline is not None and self._upload is None and not self._is_paused:
            deadline.restart()

    def _rarer_event(self, exchange: Exchange, event: Event) -> None:
        if isinstance(event, ChunkEnds):
            exchange.mark_chunk_ends(event.offsets)
        elif isinstance(event, Trailers):
            exchange.trailers = event
        elif isinstance(event, Exception):
            self._break_off(exchange, event)

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The server sends no more: the end of the response, or too early.

        RFC 9112 section 9.8: over TLS, a body until the end of the connection is complete only if
        the server said goodbye.
        """
        exchange = self._exchange
        if exchange is None:
            self._fail(ClientConnectionError("server closed the idle connection"))
            return
        for event in self._machine.receive_eof():
            if event is END_OF_MESSAGE and not is_clean:
                cut = "connection was cut off: the server did not say goodbye in TLS"
                self._break_off(exchange, ClientPayloadError(cut))
            elif event is END_OF_MESSAGE:
                self._end(False)
            elif isinstance(event, Exception):
                self._break_off(exchange, event)

    def link_lost(self, error: Exception | None) -> None:
        """The link is gone."""
        self._receive = self._machine.receive
        if error is None:
            self.eof_arrived()
        else:
            number = error.errno if isinstance(error, OSError) else None
            lost = ClientOSError(number, getattr(error, "strerror", None) or str(error))
            lost.__cause__ = error
            self._fail(lost)
        if self.on_gone is not None:
            self.on_gone(self)

    # --- flow control of the body -----------------------------------------------------------------

    def pause_reading(self) -> None:
        """Nobody reads the body: let the server wait, and do not count that as its silence."""
        self._is_paused = True
        if self._exchange is not None and self._exchange.read_deadline is not None:
            self._exchange.read_deadline.stop()
        self._link.pause_reading()

    def resume_reading(self) -> None:
        """The body is being read again."""
        self._is_paused = False
        if self._exchange is not None:
            self._count_silence(self._exchange)
        self._link.resume_reading()

    # --- a large body that is read whole ----------------------------------------------------------

    def gather(self, before: list[bytes], max_bytes: int) -> bool:
        """Let what is missing of the body come as one piece, which begins with `before`."""
        exchange = self._exchange
        if exchange is None or exchange.stream is None or self._gathers_after is not None:
            return False
        if not self._machine.gather(before, min(max_bytes, _MAX_GATHERED_BYTES)):
            return False
        self._gathers_after = exchange.stream.total_bytes - self._machine.gathered
        self._receive = self._receive_gathering
        return True

    def stop_gathering(self) -> None:
        """Give what is there of it; the rest comes in pieces."""
        exchange, after = self._exchange, self._gathers_after
        if exchange is None or exchange.stream is None or after is None:
            return
        piece = self._machine.stop_gathering()
        self._gathers_after = None
        exchange.stream.total_bytes = after  # the piece is counted when it is fed
        if piece:
            exchange.stream.feed(piece)

    def _receive_gathering(self, data: BytesLike) -> list[Event]:
        """As the machine's `receive`, and let more be received where it belongs.

        Also for the first arrival after it was stopped: the link may be given its own buffer again
        only then.
        """
        machine = self._machine
        events = machine.receive(data)
        exchange, after = self._exchange, self._gathers_after
        room = None
        if exchange is None or exchange.stream is None or after is None:
            self._receive = machine.receive
        elif events:
            self._gathers_after = None
            exchange.stream.total_bytes = after  # as above
            self._receive = machine.receive
        else:
            exchange.stream.total_bytes = after + machine.gathered
            self._link.expect_bulk(False)
            room = machine.room()
        self._link.receive_into(room)
        return events

    # --- the end of an exchange --------------------------------------------------------------

    def _end(self, reusable: bool, error: Exception | None = None) -> None:
        if self._gathers_after is not None:
            self.stop_gathering()
        exchange, self._exchange = self._exchange, None
        if self._upload is not None:
            self._stop_upload()
        if self._has_body and self._link.unsent_bytes:
            # The answer came early. Closing would wait for a server that may not read any more.
            reusable = False
            self._link.abort()
        if exchange is not None:
            self.peer_keeps_s = self._machine.peer_keeps_s
            if exchange.stream is not None:
                self._link.expect_bulk(False)
            exchange.end(reusable, error)

    def _break_off(self, exchange: Exchange, error: Exception) -> None:
        """The response cannot go on: what came of it stays readable."""
        if exchange.head is not None and exchange.stream is None:
            exchange.open_stream(self)
        self._link.abort()
        self._end(False, error)

    def _fail(self, error: Exception) -> None:
        """Nothing can be sent here any more."""
        if self._failure is None:
            self._failure = error
        if self._exchange is not None:
            self._break_off(self._exchange, error)
        elif self._drain is not None:
            self._cut_drain()
        elif self.on_lost is not None:
            self.on_lost(self)

    # --- bytes that nobody wants ---------------------------------------------------------------

    def _unwanted(self, data: memoryview | bytes) -> None:
        """Discard the rest of a response; other bytes belong to none (RFC 9112 section 9.2)."""
        drain = self._drain
        if drain is None:
            start = bytes(data[:200])
            self._fail(ServerProtocolError(f"server sent data before any request: {shown(start)}"))
            self._link.abort()
            return
        if not drain.takes(len(data)):
            self._cut_drain()
            return
        for event in self._receive(data):
            if event is END_OF_MESSAGE:
                self._drain = None
                may_persist = self._machine.may_persist(drain.head)
                self.peer_keeps_s = self._machine.peer_keeps_s
                drain.end(may_persist)
            elif isinstance(event, Exception):
                self._cut_drain()

    def _cut_drain(self) -> None:
        """The rest of the response is too much, too slow or broken."""
        drain, self._drain = self._drain, None
        self._link.abort()
        if drain is not None:
            drain.end(False)

    # --- the request's body ----------------------------------------------------------------------

    async def _send(self, exchange: Exchange, upload: "Upload") -> None:
        """Send the rest of a request; what goes wrong with it ends the exchange."""
        error: Exception | None = None
        is_sent = False
        try:
            is_sent = await upload.send()
        except Exception as failure:
            error = failure
        except BaseException as failure:
            # If it was not stopped from here, the payload cancelled itself, or worse.
            if upload is self._upload:
                broken = ClientPayloadError(f"the request body was cancelled: {failure!r}")
                broken.__cause__ = failure
                self._break_off(exchange, broken)
            raise
        if upload is not self._upload:
            return
        if error is not None:
            self._break_off(exchange, error)
            return
        self._upload = self._uploading = None
        upload.end()
        if is_sent:
            self._machine.request_sent()
        self._count_silence(exchange)


def _lines_for(proxy: Proxy) -> bytes:
    return proxy.all_field_lines if proxy.forwards else b""
