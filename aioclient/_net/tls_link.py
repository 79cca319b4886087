"""TLS over any link: bytes of the caller in and out, records below.

Of Python's TLS only the part without sockets is used, so what lies below may be TCP, a pipe, a
tunnel through a proxy, or TLS itself, on any event loop. All links of a thread decrypt into the one
buffer that its sockets are read into: what came is copied into OpenSSL's memory before.
"""

import asyncio
import ssl
import sys
from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from aioclient._aliases import BytesLike
from aioclient._net.link import Link, Receiver, left, read_buffer
from aioclient._net.link_facts import LinkFacts
from aioclient._net.tls_sessions import RouteSession
from aioclient._net.tls_transport import TlsTransport

#: RFC 8446 section 5.1: no record carries more.
_RECORD_BYTES: Final = 2**14


class _State(Enum):
    #: There is no link below yet.
    NEW = auto()
    HANDSHAKE = auto()
    OPEN = auto()
    #: Our goodbye is sent, the peer's has not come.
    CLOSING = auto()
    CLOSED = auto()


_OPEN: Final = _State.OPEN


class TlsLink:
    """A link with TLS over the link that `link_made` brings; the client's side.

    Arguments: `receiver` has the link as soon as the handshake is done and `check` found nothing
    wrong; `context` and `server_hostname` as of `ssl.SSLContext.wrap_bio`; `shutdown_s`, for how
    many seconds closing waits for the peer's goodbye; `session`, of which one may be resumed, and
    which keeps one that can be.

    Raises ValueError for a name that cannot be asked for.
    """

    __slots__ = (
        "_backlog",
        "_buffer",
        "_check",
        "_closer",
        "_failure",
        "_incoming",
        "_is_made",
        "_is_over",
        "_is_paused",
        "_loop",
        "_lower",
        "_outgoing",
        "_session",
        "_shared_buffer",
        "_shutdown_s",
        "_state",
        "_tls",
        "_transport",
        "_was_offered",
        "facts",
        "on_begin",
        "opened",
        "receiver",
    )

    def __init__(
        self,
        receiver: Receiver,
        loop: asyncio.AbstractEventLoop,
        context: ssl.SSLContext,
        server_hostname: str,
        shutdown_s: float,
        check: Callable[[ssl.SSLObject], None] | None = None,
        session: RouteSession | None = None,
    ) -> None:
        self.receiver = receiver
        self._loop = loop
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        offered = None if session is None else session.offer()
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_hostname, session=offered
        )
        self._session = session
        self._was_offered = offered is not None
        self._shutdown_s = shutdown_s
        self._check = check
        self._buffer = self._shared_buffer = read_buffer(loop)
        self._state = _State.NEW
        self._failure: Exception | None = None
        self._is_made = False
        self._is_over = False  # the peer said goodbye
        self._is_paused = False
        self._backlog: list[bytes] = []  # to be encrypted when the peer's next bytes are here
        self._closer: asyncio.TimerHandle | None = None
        self._transport: TlsTransport | None = None
        self._lower: Link
        self.facts: LinkFacts
        #: Called when the handshake begins.
        self.on_begin: Callable[[], None] | None = None
        #: Done when the handshake is; else it has the error.
        self.opened: asyncio.Future[None] = loop.create_future()

    # --- for the connection -------------------------------------------------------------------

    @property
    def transport(self) -> asyncio.Transport | None:
        """A transport that bytes pass through before they are encrypted; None when it is gone."""
        below = self._lower.transport
        if below is None:
            return None
        if self._transport is None:
            self._transport = TlsTransport(self, below, self._tls)
        return self._transport

    @property
    def agreed(self) -> tuple[str | None, str | None]:
        """The version of TLS and the name of the cipher suite, once the handshake is done.

        As in `facts`, but there a tunnel may already have put those of the server's.
        """
        cipher = self._tls.cipher()
        return self._tls.version(), None if cipher is None else cipher[0]

    @property
    def is_open(self) -> bool:
        """Can bytes still be written and read?"""
        return self._state is _State.OPEN and self._lower.is_open

    @property
    def has_unseen_input(self) -> bool:
        """As of the link below: something has come that was not looked at, or the end."""
        return self._lower.has_unseen_input

    @property
    def is_congested(self) -> bool:
        """Is more waiting to be sent than the link below likes to hold?"""
        return self._lower.is_congested

    @property
    def unsent_bytes(self) -> int:
        """How much is still waiting to be sent, in encrypted bytes."""
        return self._lower.unsent_bytes + sum(map(len, self._backlog))

    @property
    def backlog_bytes(self) -> int:
        """The same and what the system has not delivered yet."""
        return self._lower.backlog_bytes + sum(map(len, self._backlog))

    def open_descriptor(self) -> int | None:
        """None: what goes around this would not be encrypted."""
        return None

    async def drained(self) -> None:
        """Wait until the congestion is over, or the link is lost."""
        await self._lower.drained()

    async def flushed(self) -> None:
        """Wait until everything written is sent, or the link is lost."""
        await self._lower.flushed()

    def pause_reading(self) -> None:
        """Let the peer wait."""
        self._is_paused = True
        self._lower.pause_reading()

    def resume_reading(self) -> None:
        """Let the peer go on."""
        if self._is_paused:
            self._is_paused = False
            self._loop.call_soon(self._read_on)

    def expect_bulk(self, is_expected: bool) -> None:
        """Changes nothing: bytes are copied when they are decrypted."""

    def receive_into(self, room: memoryview | None) -> None:
        """What arrives is decrypted there, if that has room for a record; see `TransportLink`."""
        is_large = room is not None and len(room) >= _RECORD_BYTES
        self._buffer = room if room is not None and is_large else self._shared_buffer

    def close(self) -> None:
        """Say goodbye, wait a while for the peer's, and end the link."""
        if self._state in (_State.NEW, _State.HANDSHAKE):
            self.abort()
        if self._state is not _State.OPEN:
            return
        self._state = _State.CLOSING
        self._backlog.clear()
        is_answered = has_more = False
        try:
            self._tls.unwrap()
            is_answered = True
        except ssl.SSLWantReadError:
            has_more = bool(self._incoming.pending or self._tls.pending())
        except ssl.SSLError:
            has_more = True
        self._flush()
        if is_answered or self._shutdown_s <= 0:
            self._end()
            return
        if has_more:  # which nobody wants to hear
            self.abort()
            return
        self._closer = self._loop.call_later(self._shutdown_s, self.abort)
        self._is_paused = False
        self._lower.resume_reading()

    def abort(self) -> None:
        """End the link now."""
        was_new = self._state is _State.NEW
        self._state = _State.CLOSED
        self._stop_waiting()
        if not was_new:
            self._lower.abort()

    def give_up(self, error: Exception) -> None:
        """End the handshake, if it is not done, with this error."""
        if not self.opened.done():
            self._forget_session()
            self.opened.set_exception(error)
            self.abort()

    async def wait_closed(self) -> None:
        """Wait until the link is gone."""
        await self._lower.wait_closed()

    def shown_certificate(self) -> bytes | None:
        """The peer's certificate in DER, although it was not accepted.

        None if there is none yet, and before Python 3.13, which does not give it away.
        """
        if sys.version_info >= (3, 13):
            chain = self._tls.get_unverified_chain()
            return chain[0] if chain else None
        else:  # noqa: RET505 - so that type checkers read the one that is right
            return None

    # --- for the link below -------------------------------------------------------------------

    def link_made(self, link: Link) -> None:
        """Begin the handshake."""
        self._lower = link
        if self._state is _State.NEW:
            self._state = _State.HANDSHAKE
            if self.on_begin is not None:
                self.on_begin()
            self._shake_hands()
        else:
            link.abort()

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        """Decrypt and hand over."""
        self._incoming.write(data)
        if self._state is _State.HANDSHAKE:
            self._shake_hands()
            if not self._incoming.pending:
                return
        if self._state is _OPEN:
            if not self._is_paused:
                self._read()
        elif self._state is _State.CLOSING:
            self._await_goodbye()

    def eof_arrived(self, is_clean: bool = True) -> None:
        """The peer sends nothing more, and has not said goodbye."""
        if self._state is _State.OPEN:
            if self._is_paused:
                self._read(to_the_end=True)
            if self._state is _State.OPEN:
                self._state = _State.CLOSED
                self.receiver.eof_arrived(is_clean=False)

    def link_lost(self, error: Exception | None) -> None:
        """The link below is gone."""
        was_open = self._state is _State.OPEN
        self._state = _State.CLOSED
        self._buffer = left(self._buffer, self._shared_buffer)
        self._stop_waiting()
        if not self._is_made:
            self.give_up(error or ConnectionResetError("server closed the connection"))
            return
        if was_open and error is None:
            self.receiver.eof_arrived(is_clean=False)
        self.receiver.link_lost(error or self._failure)

    # --- the handshake ------------------------------------------------------------------------

    def _shake_hands(self) -> None:
        try:
            self._tls.do_handshake()
            if self._check is not None:
                self._check(self._tls)
        except ssl.SSLWantReadError:
            self._flush()
        except Exception as error:
            self._flush()  # an alert tells the peer what is wrong
            self.give_up(error)
        else:
            self._state = _State.OPEN
            self._is_made = True
            self.facts = self._lower.facts
            if self._session is None:
                self.facts.add_tls(self._tls, self._tls.getpeercert())
            else:
                self.facts.add_tls(self._tls, self._session.certificate(self._tls))
                self._session.agreed(self._tls, self._was_offered)
            if not self.opened.done():
                self.opened.set_result(None)
            self.receiver.link_made(self)
            if self._outgoing.pending:
                # Who wakes up now writes a request, and the end of our handshake goes with it.
                self._loop.call_soon(self._flush_if_open)

    # --- reading ----------------------------------------------------------------------------------

    def _read(self, to_the_end: bool = False) -> None:
        """Hand over what can be decrypted, in as large pieces as fit into the buffer.

        `to_the_end` does not stop where the receiver wants to pause.
        """
        is_full = True
        while is_full and self._state is _OPEN and (to_the_end or not self._is_paused):
            size = self._fill_buffer()
            is_full = len(self._buffer) - size < _RECORD_BYTES
            if size:
                self.receiver.bytes_arrived(self._buffer[:size])
        if self._state is _State.CLOSED:
            return
        if self._backlog:
            self._write_backlog()
        if self._outgoing.pending:  # an alert, or an answer to an update of keys
            self._flush()
        if self._state is _OPEN:
            if self._failure is not None:
                self._fail(self._failure)
            elif self._is_over:
                self.receiver.eof_arrived()
                self.close()

    def _fill_buffer(self) -> int:
        """Decrypt into the buffer until there is nothing more, or no room; how much it was."""
        tls, incoming, buffer = self._tls, self._incoming, self._buffer
        size = 0
        try:
            while len(buffer) - size >= _RECORD_BYTES:
                # With a buffer it gives the number of bytes; typeshed knows only the other case.
                got: int = tls.read(len(buffer) - size, buffer[size:] if size else buffer)  # type: ignore[assignment]
                if not got:
                    self._is_over = True
                    break
                size += got
                if not incoming.pending and not tls.pending():
                    break
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            self._failure = error
        return size

    def _read_on(self) -> None:
        """Go on where reading was paused."""
        if self._state is _State.OPEN and not self._is_paused:
            if self._incoming.pending or self._tls.pending():
                self._read()
            if not self._is_paused:
                self._lower.resume_reading()

    def _await_goodbye(self) -> None:
        """Closing, end with the peer's goodbye; and with anything else that it says."""
        try:
            is_more = bool(self._tls.read(1))
        except ssl.SSLWantReadError:
            return
        except ssl.SSLError:
            is_more = False
        if is_more:
            self.abort()
        else:
            self._end()

    # --- writing ------------------------------------------------------------------------------

    def write(self, data: BytesLike) -> None:
        """Encrypt bytes and send them."""
        if self._state is not _OPEN:
            return
        if self._backlog:
            self._backlog.append(bytes(data))  # the caller may change it
            return
        self._encrypt(data)
        outgoing = self._outgoing
        if outgoing.pending:
            self._lower.write(outgoing.read())

    def _encrypt(self, data: BytesLike) -> None:
        """Encrypt, or keep what waits for something that the peer has to say."""
        if type(data) is bytes and len(data) <= _RECORD_BYTES:
            left: BytesLike = data
        else:
            left = memoryview(data).cast("B")
        try:
            while left:
                size = self._tls.write(left)
                if size == len(left):
                    return
                left = left[size:]
        except ssl.SSLWantReadError:
            self._backlog.append(bytes(left))
        except ssl.SSLError as error:
            self._fail(error)

    def _write_backlog(self) -> None:
        backlog, self._backlog = self._backlog, []
        for index, data in enumerate(backlog):
            self._encrypt(data)
            if self._backlog:
                self._backlog += backlog[index + 1 :]
                return

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._lower.write(self._outgoing.read())

    def _flush_if_open(self) -> None:
        if self._state is _State.OPEN:
            self._flush()

    # --- the end ------------------------------------------------------------------------------

    def _fail(self, error: Exception) -> None:
        """TLS is broken, and nothing that comes can be believed."""
        self._failure = error
        self._forget_session()
        self.abort()

    def _forget_session(self) -> None:
        if self._session is not None:
            self._session.forget()

    def _end(self) -> None:
        self._state = _State.CLOSED
        self._stop_waiting()
        self._lower.close()

    def _stop_waiting(self) -> None:
        closer, self._closer = self._closer, None
        if closer is not None:
            closer.cancel()
