"""A link: one open transport, bytes out and bytes in."""

import asyncio
import contextlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from typing import Protocol, cast

from aioclient._aliases import BytesLike
from aioclient._net.link_facts import LinkFacts

#: How much is read at once: what asyncio's plain protocols read, too.
READ_BUFFER_BYTES = 256 * 1024
#: How much is written at once. Up to this size joining parts costs less than another system call
#: or packet, and so does what Python 3.11 copies of a write that the system does not take at once.
#: On Windows less: what is being written counts as unsent there until the system has taken all of
#: it, and who limits the time without progress must see some.
WRITE_BYTES = (64 if sys.platform == "win32" else 512) * 1024


class Link(Protocol):
    """One open transport, as whoever uses it sees it."""

    #: Who hears what happens; another one takes over by being put here.
    receiver: "Receiver"

    @property
    def facts(self) -> LinkFacts:
        """What is known of it, from when it is open; it may be asked when it is gone."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport itself; None when it is gone."""

    @property
    def is_open(self) -> bool:
        """Can bytes still be written and read?"""

    @property
    def has_unseen_input(self) -> bool:
        """Has something come, or the peer closed, and the loop has not heard of it yet?"""

    @property
    def is_congested(self) -> bool:
        """Is more waiting to be sent than the transport likes to hold?"""

    @property
    def unsent_bytes(self) -> int:
        """How much of what was written is still waiting to be sent."""

    @property
    def backlog_bytes(self) -> int:
        """The same and what the system has not delivered yet: it changes when the peer reads."""

    def write(self, data: BytesLike, /) -> None:
        """Send bytes, or keep what the system does not take at once."""

    def open_descriptor(self) -> int | None:
        """A descriptor of its own for the socket, if bytes may go around the link."""

    async def drained(self) -> None:
        """Wait until the congestion is over, or the link is lost."""

    async def flushed(self) -> None:
        """Wait until everything written is sent, or the link is lost."""

    def pause_reading(self) -> None:
        """Let the peer wait."""

    def resume_reading(self) -> None:
        """Let the peer go on."""

    def expect_bulk(self, is_expected: bool) -> None:
        """Many bytes will come."""

    def receive_into(self, room: memoryview | None) -> None:
        """What arrives may go there, where it is wanted; None: into the link's own buffer again.

        For who is hearing that bytes arrived. The link may do without it.
        """

    def close(self) -> None:
        """End the link once everything written is out."""

    def abort(self) -> None:
        """End the link now."""

    async def wait_closed(self) -> None:
        """Wait until the link is gone."""


class Receiver(Protocol):
    """Whom a link tells what happened. One method runs to its end before the next is called."""

    def link_made(self, link: Link) -> None:
        """The link is open; nothing has arrived yet."""

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """A view is valid during the call only; bytes come where `expect_bulk` was said."""

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The peer sends nothing more, and the link closes.

        Not clean: over TLS and without its goodbye, so that somebody else may have cut it off.
        """

    def link_lost(self, error: Exception | None) -> None:
        """The link is gone: None if it was closed in the normal way."""


class _ThreadBuffers(threading.local):
    """One read buffer for all links that a thread's loop serves.

    It can be shared because a loop reads into it and hands the bytes over in one go, and the
    receiver keeps nothing of it. So do asyncio's loops and uvloop: it asks for the buffer when
    there is something to read (libuv's `alloc_cb`, `read`, `read_cb`), and so does its TLS.
    """

    def __init__(self) -> None:
        self.view = memoryview(bytearray(READ_BUFFER_BYTES))


_buffers = _ThreadBuffers()


def read_buffer(loop: asyncio.AbstractEventLoop) -> memoryview:
    """What the links of a loop read into, and what they decrypt into."""
    if sys.platform == "win32" and not isinstance(loop, asyncio.BaseEventLoop):
        # A loop in C on Windows may hold the buffer while the system writes into it.
        return memoryview(bytearray(READ_BUFFER_BYTES))
    return _buffers.view


def left(room: memoryview, shared: memoryview) -> memoryview:
    """The shared buffer, instead of a room which somebody gave and nothing arrives in any more.

    The room is let go of here, because the traceback of an error may keep the view of it.
    """
    if room is not shared:
        with contextlib.suppress(BufferError):  # somebody has a part of it
            room.release()
    return shared


class TransportLink(asyncio.BufferedProtocol):
    """A link over a transport of the event loop."""

    __slots__ = (
        "_buffer",
        "_closed",
        "_drained",
        "_loop",
        "_may_receive_bulk",
        "_receives_bulk",
        "_shared_buffer",
        "_transport",
        "facts",
        "is_congested",
        "receiver",
        "write",
    )

    def __init__(self, receiver: Receiver, loop: asyncio.AbstractEventLoop) -> None:
        self.receiver = receiver
        self._loop = loop
        self._buffer = self._shared_buffer = read_buffer(loop)
        self._transport: asyncio.Transport | None = None
        #: Is more waiting to be sent than the transport likes to hold?
        self.is_congested = False
        self._drained: asyncio.Future[None] | None = None
        self._closed: asyncio.Future[None] | None = None
        self._may_receive_bulk = False
        self._receives_bulk = False
        #: What is known of it, from when it is open; it may be asked when it is gone.
        self.facts: LinkFacts
        #: Sends bytes, or keeps what the system does not take at once: the transport's own method,
        #: until the link is lost.
        self.write: Callable[[BytesLike], None]

    # --- for the connection -------------------------------------------------------------------

    @property
    def transport(self) -> asyncio.Transport | None:
        """The transport itself; None when it is gone."""
        return self._transport

    @property
    def is_open(self) -> bool:
        """Can bytes still be written and read?"""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def has_unseen_input(self) -> bool:
        """Can something be read, or has the peer closed, and the loop has not heard of it yet?

        False where that cannot be told without taking the bytes from the loop: on Windows.
        """
        transport = self._transport
        sock = None if transport is None else transport.get_extra_info("socket")
        if sock is None or not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(sock.fileno(), select.POLLIN)
        return bool(poll.poll(0))

    @property
    def unsent_bytes(self) -> int:
        """How much of what was written is still waiting to be sent."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    @property
    def backlog_bytes(self) -> int:
        """The same and what the system has not delivered yet: it changes when the peer reads."""
        transport = self._transport
        sock = None if transport is None else transport.get_extra_info("socket")
        return self.unsent_bytes + (0 if sock is None else _undelivered_bytes(sock.fileno()))

    def open_descriptor(self) -> int | None:
        """A descriptor of its own for the link's socket, which the caller closes.

        It goes around whatever waits to be sent. None if there is no socket with a descriptor.
        """
        transport = self._transport
        sock = None if transport is None else transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0 or sys.platform == "win32":
            return None
        return os.dup(sock.fileno())

    async def drained(self) -> None:
        """Wait until the congestion is over, or the link is lost."""
        if self.is_congested:
            if self._drained is None:
                self._drained = self._loop.create_future()
            await asyncio.shield(self._drained)  # others may wait for it, too

    async def flushed(self) -> None:
        """Wait until everything written is sent, or the link is lost; as `drained`."""
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size():
            transport.set_write_buffer_limits(0)
            try:
                await self.drained()
            finally:
                if self._transport is not None:  # uvloop would not have it of one that is gone
                    transport.set_write_buffer_limits()

    def pause_reading(self) -> None:
        """Let the peer wait."""
        if self._transport is not None and self.is_open:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Let the peer go on."""
        if self._transport is not None and self.is_open:
            self._transport.resume_reading()

    def close(self) -> None:
        """End the link once everything written is out."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the link now."""
        if self._transport is not None:
            self._transport.abort()

    def expect_bulk(self, is_expected: bool) -> None:
        """Many bytes will come: receive them into objects of their own, which nobody need copy.

        For what comes in small parts the shared buffer is better, and so it is with loops that copy
        anyway.
        """
        transport = self._transport
        if transport is None or not self._may_receive_bulk or is_expected == self._receives_bulk:
            return
        self._receives_bulk = is_expected
        transport.set_protocol(_BulkReceiver(self) if is_expected else self)

    def receive_into(self, room: memoryview | None) -> None:
        """What arrives goes there; None: into the shared buffer again.

        Only within a call of `bytes_arrived`: the transport may hold the buffer at other times.
        """
        self._buffer = self._shared_buffer if room is None else room

    async def wait_closed(self) -> None:
        """Wait until the link is gone."""
        if self._transport is None:
            return
        if self._closed is None:
            self._closed = self._loop.create_future()
        await asyncio.shield(self._closed)

    # --- for the transport --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.write = self._transport.write
        self.facts = LinkFacts(transport)
        self._may_receive_bulk = isinstance(self._loop, asyncio.SelectorEventLoop)
        self.receiver.link_made(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.receiver.bytes_arrived(self._buffer[:nbytes])

    def eof_received(self) -> None:
        self.receiver.eof_arrived()

    def lose(self) -> None:
        """The transport is gone, if there was one, and did not say so."""
        if self._transport is not None:
            self.connection_lost(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            return  # it was told twice
        if isinstance(exc, ConnectionError):
            self._receive_rest()
        self._buffer = left(self._buffer, self._shared_buffer)
        self._transport = None
        self.write = _drop  # uvloop would raise
        self.resume_writing()
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        self.receiver.link_lost(exc)

    def _receive_rest(self) -> None:
        """Hand over what came before the peer broke the connection off.

        A server that refuses a request may answer and close, and the next write meets a reset.
        The transport then drops the socket with the answer in it (RFC 9112 section 9.6 has the
        problem). The loops of asyncio and uvloop close the socket after this.
        """
        fd = self.open_descriptor()
        if fd is None:
            return
        with socket.socket(fileno=fd) as sock, contextlib.suppress(OSError):
            sock.setblocking(False)  # whatever the program's default is
            while size := sock.recv_into(self._buffer):
                self.receiver.bytes_arrived(self._buffer[:size])

    def pause_writing(self) -> None:
        self.is_congested = True

    def resume_writing(self) -> None:
        self.is_congested = False
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)


def _drop(data: BytesLike) -> None:
    """Nobody is there to have it."""


def _undelivered_bytes(fd: int) -> int:
    """What is in a socket's send queue or was not acknowledged; 0 where that cannot be told."""
    try:
        from fcntl import ioctl  # late: only where a limit asks, and not on Windows
        from termios import TIOCOUTQ
    except ImportError:
        return 0
    try:
        return int.from_bytes(ioctl(fd, TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return 0


class _BulkReceiver(asyncio.Protocol):
    """A link as a protocol that is given bytes, where the link itself gives a buffer."""

    __slots__ = ("_link", "data_received")

    def __init__(self, link: TransportLink) -> None:
        self._link = link
        # Not a method of its own: that would be one more call for each arrival.
        self.data_received = link.receiver.bytes_arrived  # type: ignore[method-assign]  # see above

    def eof_received(self) -> None:
        self._link.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._link.connection_lost(exc)

    def pause_writing(self) -> None:
        self._link.pause_writing()

    def resume_writing(self) -> None:
        self._link.resume_writing()
