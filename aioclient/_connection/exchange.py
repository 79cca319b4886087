"""One request and its response on a connection."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from multidict import CIMultiDictProxy

from aioclient._connection.prompt_future import PromptFuture
from aioclient._http.events import ResponseHead, Trailers
from aioclient._http1.limits import Limits
from aioclient._net.deadline import Deadline
from aioclient._net.link_facts import LinkFacts
from aioclient._net.route import Route
from aioclient.errors import SocketTimeoutError, TotalTimeoutError

if TYPE_CHECKING:
    from aioclient._connection.body_stream import BodyStream, Flow
    from aioclient._connection.switched_link import SwitchedLink
    from aioclient._connection.upload_observer import UploadObserver


class Reading:
    """How a response is to be received. Not to be changed: many share one."""

    # No NamedTuple: every request asks for some of these, and a slot is found faster.
    __slots__ = (
        "auto_decompress",
        "high_water_bytes",
        "limits",
        "max_body_bytes",
        "max_decode_ratio",
        "max_error_body_bytes",
        "on_informational",
        "read_until_eof",
        "upgrades",
    )

    def __init__(
        self,
        limits: Limits | None = None,
        read_until_eof: bool = True,
        on_informational: Callable[[int, CIMultiDictProxy[str]], None] | None = None,
        high_water_bytes: int = 512 * 1024,
        auto_decompress: bool = True,
        max_body_bytes: int | None = 2**30,
        max_decode_ratio: float | None = 200.0,
        max_error_body_bytes: int = 64 * 1024,
        upgrades: bool = False,
    ) -> None:
        #: What the server may send; None: as much as by default.
        self.limits: Limits | None = limits
        #: A body without a length ends with the connection; else there is none.
        self.read_until_eof: bool = read_until_eof
        #: Told of 1xx responses.
        self.on_informational: Callable[[int, CIMultiDictProxy[str]], None] | None = (
            on_informational
        )
        #: How many bytes of body may wait to be read before the server is slowed down.
        self.high_water_bytes: int = high_water_bytes
        #: Undo content codings.
        self.auto_decompress: bool = auto_decompress
        #: How large a body may be that is read whole, in decoded bytes.
        self.max_body_bytes: int | None = max_body_bytes
        #: How many times larger than what came a body may be that is read whole.
        self.max_decode_ratio: float | None = max_decode_ratio
        #: How much of the body of an error response its error carries, in decoded bytes.
        self.max_error_body_bytes: int = max_error_body_bytes
        #: The server may answer by speaking another protocol from then on (101).
        self.upgrades: bool = upgrades

    def replaced(self, **changes: Any) -> "Reading":
        """The same with other values for some of them."""
        return Reading(**{name: getattr(self, name) for name in self.__slots__} | changes)


DEFAULT_READING: Final = Reading()


class Abandonable(Protocol):
    """The connection, as its exchange sees it."""

    route: Route

    @property
    def transport(self) -> asyncio.Transport | None:
        """What its bytes go through."""

    def abandon(self, exchange: "Exchange", error: Exception) -> None:
        """The exchange has no use for the rest of its response: `error` is for whoever reads it."""

    def release(self, exchange: "Exchange", error: Exception) -> None:
        """The same, but if the rest is small it is discarded and the connection kept."""


class Sending(Protocol):
    """A request's body on its way out, as its exchange sees it."""

    def taken_bytes(self) -> int:
        """How many bytes of it the system has taken."""

    def over(self) -> asyncio.Future[None]:
        """Done when no more of it is sent."""


class Exchange:
    """One request and its response: what has come so far, and who waits for it.

    A response that arrives whole is `head` and `body`; one that does not is `head` and `stream`.
    """

    __slots__ = (
        "_given_back",
        "begun_at",
        "body",
        "chunk_ends",
        "connection",
        "deadline",
        "error",
        "expect_100_s",
        "facts",
        "has_ended",
        "has_received",
        "head",
        "head_at",
        "is_draining",
        "is_reused",
        "is_traced",
        "on_end",
        "read_deadline",
        "reading",
        "sent_bytes",
        "stream",
        "switched",
        "trailers",
        "upload",
        "upload_observer",
        "waiter",
        "write_deadline",
    )

    def __init__(
        self,
        waiter: PromptFuture[None],
        on_end: Callable[[bool], None],
        deadline: Deadline | None,
        reading: Reading = DEFAULT_READING,
    ) -> None:
        #: Done when there is a head, or no hope for one.
        self.waiter: PromptFuture[None] = waiter
        #: Gives the connection back: may it be used again?
        self.on_end: Callable[[bool], None] = on_end
        self.reading: Reading = reading
        #: The request's total limit; it ends with the response.
        self.deadline = deadline
        #: The limit for each arrival of bytes, restarted by the connection.
        self.read_deadline: Deadline | None = None
        #: The limit for the peer to take more of the request, run by the upload.
        self.write_deadline: Deadline | None = None
        #: For how many seconds the body waits for a 100 response; None: not at all.
        self.expect_100_s: float | None = None
        #: Told how the request's body leaves.
        self.upload_observer: UploadObserver | None = None
        #: Sends the request's body now; None: it is out, or there was none.
        self.upload: Sending | None = None
        #: How many bytes of the body were sent, when that was over.
        self.sent_bytes: int = 0
        self.connection: Abandonable | None = None
        #: What is known of the connection, from when the request is on it, and whether it served
        #: another before.
        self.facts: LinkFacts
        self.is_reused: bool = False
        self.head: ResponseHead | None = None
        #: When the request was begun, and when the head had come, in seconds of `time.monotonic`.
        self.begun_at: float = 0.0
        self.head_at: float = 0.0
        self.body: bytes = b""
        self.stream: BodyStream | None = None
        #: Where chunks ended in `body`.
        self.chunk_ends: tuple[int, ...] = ()
        #: The fields after a chunked body, once that is complete.
        self.trailers: Trailers | None = None
        #: The link, from when the server speaks another protocol on it.
        self.switched: SwitchedLink | None = None
        self.error: Exception | None = None
        #: Does nothing more come of the response?
        self.has_ended: bool = False
        #: Has it, and its connection still discards what the server sends of it?
        self.is_draining: bool = False
        #: Are tasks begun by what comes, that have to run before whoever waits for it goes on?
        self.is_traced: bool = False
        #: Has any byte come?
        self.has_received: bool = False
        self._given_back: asyncio.Future[None] | None = None  # made for whoever waits

    def end(self, reusable: bool | None, error: Exception | None = None) -> None:
        """The response is complete, or `error` says why it never will be; wakes whoever waits.

        `reusable` None: the connection discards what still comes, and then says `give_back`.
        """
        self.has_ended = True
        self.error = error
        # They know it, too, and it must not take the garbage collector to part them.
        if self.deadline is not None:
            self.deadline.stop()
            self.deadline = None
        if self.read_deadline is not None:
            self.read_deadline.stop()
            self.read_deadline = None
        if self.write_deadline is not None:
            self.write_deadline.stop()
            self.write_deadline = None
        if self.stream is not None:
            self.stream.end(error)
        if reusable is None:
            self.is_draining = True
            return
        self.connection = None
        self.on_end(reusable)
        if self._given_back is not None:
            self._given_back.set_result(None)
        if not self.waiter.done():
            if self.head is None and error is not None:
                self.waiter.set_exception(error)
            else:
                self.waiter.set_result(None)

    def give_back(self, reusable: bool) -> None:
        """Nothing more will be discarded: the connection is free."""
        self.is_draining = False
        self.connection = None
        self.on_end(reusable)
        if self._given_back is not None:
            self._given_back.set_result(None)

    async def wait_given_back(self) -> None:
        """Wait until the connection was given back or closed."""
        if self.has_ended and not self.is_draining:
            return
        if self._given_back is None:
            self._given_back = self.waiter.loop.create_future()
        await asyncio.shield(self._given_back)

    def open_stream(self, flow: "Flow") -> None:
        """What has come is not all: from here on the body is a stream."""
        from aioclient._connection.body_stream import BodyStream  # late: not at start-up

        self.stream = BodyStream(flow, self.reading.high_water_bytes)
        if self.body:
            self.stream.feed(self.body)
            self.stream.mark_chunk_ends(self.chunk_ends)
            self.body = b""
        if not self.waiter.done():
            self.waiter.set_result(None)

    def mark_chunk_ends(self, offsets: tuple[int, ...]) -> None:
        """Chunks of HTTP/1.1 ended at these offsets of the last piece of body."""
        if self.stream is None:
            self.chunk_ends = offsets
        else:
            self.stream.mark_chunk_ends(offsets)

    def abandon(self, error: Exception) -> None:
        """Give up what has not arrived yet; on a loop that was closed, nothing will."""
        if self.connection is not None and not self.waiter.loop.is_closed():
            self.connection.abandon(self, error)

    def release(self, error: Exception) -> None:
        """The same, but if not much is missing, let it come and keep the connection."""
        if self.connection is not None and not self.waiter.loop.is_closed():
            if self.stream is not None:
                self.stream.drop_buffered()
            self.connection.release(self, error)

    def abandon_soon(self, error: Exception) -> None:
        """The same, from any thread."""
        loop = self.waiter.loop
        if not loop.is_closed():
            loop.call_soon_threadsafe(self.abandon, error)

    # --- time limits ---------------------------------------------------------------------------

    def total_expired(self, deadline: Deadline) -> None:
        """The total limit passed."""
        self._expire(TotalTimeoutError, "total", self._phase, deadline)

    def read_expired(self, deadline: Deadline) -> None:
        """Nothing arrived for too long."""
        self._expire(SocketTimeoutError, "sock_read", self._phase, deadline)

    def write_expired(self, deadline: Deadline) -> None:
        """The server took nothing of the request for too long."""
        self._expire(SocketTimeoutError, "write", "request", deadline)

    @property
    def _phase(self) -> str:
        return "response" if self.head is None else "body"

    def _expire(
        self,
        kind: type[TotalTimeoutError | SocketTimeoutError],
        limit: str,
        phase: str,
        deadline: Deadline,
    ) -> None:
        if self.connection is None:
            return
        route = self.connection.route
        self.abandon(kind.passed(limit, deadline.seconds, deadline.elapsed_s, phase, route))
