"""TLS over a link without a socket."""

import asyncio
import ssl
from array import array
from collections.abc import Callable

import pytest
import trustme
from fake_link import FakeTransport
from running import asynchronous, settled
from tls_peer import TlsPeer, until_quiet

from aioclient._net.link import READ_BUFFER_BYTES, Link, TransportLink
from aioclient._net.tls_link import TlsLink
from aioclient._net.tls_sessions import RouteSession

NAME = "server.example"


class Listener:
    """Whom a link tells what happened."""

    def __init__(self) -> None:
        self.link: Link | None = None
        self.received = bytearray()
        self.events: list[object] = []
        #: Told of each arrival.
        self.on_bytes: Callable[[], None] | None = None

    def link_made(self, link: Link) -> None:
        self.link = link
        self.events.append("made")

    def bytes_arrived(self, data: memoryview | bytes) -> None:
        self.received += data
        if self.on_bytes is not None:
            self.on_bytes()

    def eof_arrived(self, is_clean: bool = True) -> None:
        self.events.append("clean end" if is_clean else "cut off")

    def link_lost(self, error: Exception | None) -> None:
        self.events.append(error or "lost")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(NAME).configure_cert(context)
    context.maximum_version = request.param
    return context


@pytest.fixture(scope="module")
def client(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


class Pair:
    """A TLS link over a fake transport, and its peer."""

    def __init__(
        self, server: ssl.SSLContext, client: ssl.SSLContext, *, name: str = NAME, **options: object
    ) -> None:
        loop = asyncio.get_running_loop()
        self.listener = Listener()
        self.peer = TlsPeer(server)
        self.link = TlsLink(self.listener, loop, client, name, 0.05, **options)  # type: ignore[arg-type]
        self.transport = FakeTransport(loop)
        self.transport.attach(TransportLink(self.link, loop))

    def talk(self) -> None:
        until_quiet(self.peer, self.transport.written, self.transport.receive)

    async def talk_until_the_peer_is_done(self) -> None:
        """The handshake, but what the peer says last has not arrived."""
        while True:
            self.peer.receive(bytes(self.transport.written))
            self.transport.written.clear()
            if self.peer.is_done:
                return
            self.transport.receive(self.peer.take())
            await settled()

    async def shaken(self) -> "Pair":
        """With the handshake done."""
        self.talk()
        await settled()
        self.talk()
        assert self.link.opened.done()
        assert self.listener.events == ["made"]
        return self


# --- the handshake -------------------------------------------------------------------------------


@asynchronous
async def test_the_receiver_has_the_link_when_the_handshake_is_done(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client)
    assert pair.listener.events == []
    pair.talk()
    assert pair.listener.link is pair.link
    assert await pair.link.opened is None
    facts = pair.link.facts
    assert facts.is_tls
    assert facts.tls_version in ("TLSv1.2", "TLSv1.3")
    assert facts.peer_certificate
    pair.link.abort()
    await settled()


@asynchronous
async def test_bytes_may_come_one_by_one(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    pair = Pair(server, client)

    def one_by_one(data: bytes) -> None:
        for index in range(len(data)):
            pair.transport.receive(data[index : index + 1])

    until_quiet(pair.peer, pair.transport.written, one_by_one)
    await settled()
    until_quiet(pair.peer, pair.transport.written, one_by_one)
    one_by_one(pair.peer.say(b"hello"))
    assert pair.listener.received == b"hello"
    pair.link.abort()
    await settled()


@asynchronous
async def test_bytes_that_come_with_the_end_of_the_handshake_are_heard(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client)
    await pair.talk_until_the_peer_is_done()
    pair.transport.receive(pair.peer.take() + pair.peer.say(b"at once"))
    assert pair.listener.received == b"at once"
    pair.link.abort()
    await settled()


@asynchronous
async def test_the_end_of_the_handshake_goes_with_what_the_woken_writes(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client)

    async def ask() -> None:
        await pair.link.opened
        pair.link.write(b"request")

    asking = asyncio.ensure_future(ask())
    await settled()
    pair.talk()
    await asking
    await settled()
    # Over TLS 1.2 the server speaks last.
    assert pair.transport.writes == (2 if pair.link.facts.tls_version == "TLSv1.3" else 3)
    pair.talk()
    assert pair.peer.received == b"request"
    pair.link.abort()
    await settled()


@asynchronous
async def test_the_handshake_ends_if_nobody_writes(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client)
    pair.talk()
    await settled()
    pair.talk()
    assert pair.peer.is_done
    pair.link.abort()
    await settled()


@asynchronous
async def test_a_wrong_name_is_refused_with_an_alert(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client, name="other.example")
    pair.talk()
    with pytest.raises(ssl.SSLCertVerificationError):
        await pair.link.opened
    assert pair.listener.events == []
    assert pair.transport.was_aborted
    assert pair.peer.error is not None
    assert not pair.peer.received
    await settled()
    assert pair.listener.events == []


@asynchronous
async def test_what_check_refuses_is_never_written_to(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    def refuse(tls: ssl.SSLObject) -> None:
        assert tls.getpeercert(binary_form=True)
        raise OSError("not that one")

    pair = Pair(server, client, check=refuse)
    pair.talk()
    with pytest.raises(OSError, match="not that one"):
        await pair.link.opened
    pair.link.write(b"secret")
    await settled()
    assert not pair.peer.received
    assert pair.listener.events == []


@asynchronous
async def test_the_end_of_the_connection_ends_the_handshake(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = Pair(server, client)
    pair.transport.receive_eof()
    with pytest.raises(ConnectionResetError):
        await pair.link.opened
    assert pair.listener.events == []


@asynchronous
async def test_bytes_that_are_not_tls_end_the_handshake(client: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()
    listener, transport = Listener(), FakeTransport(loop)
    link = TlsLink(listener, loop, client, NAME, 0.05)
    transport.attach(TransportLink(link, loop))
    transport.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError):
        await link.opened
    await settled()
    assert listener.events == []


@asynchronous
async def test_a_handshake_can_be_given_up(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    pair = Pair(server, client)
    pair.link.give_up(TimeoutError("too slow"))
    with pytest.raises(TimeoutError, match="too slow"):
        await pair.link.opened
    assert pair.transport.was_aborted
    await settled()
    assert pair.listener.events == []


@asynchronous
async def test_a_link_that_was_aborted_before_it_began_stays_so(client: ssl.SSLContext) -> None:
    loop = asyncio.get_running_loop()
    listener, transport = Listener(), FakeTransport(loop)
    link = TlsLink(listener, loop, client, NAME, 0.05)
    link.abort()
    transport.attach(TransportLink(link, loop))
    assert transport.was_aborted
    assert not transport.written
    link.opened.cancel()
    await settled()
    assert listener.events == []


@pytest.mark.parametrize("name", ["", ".example"])
@asynchronous
async def test_a_name_that_cannot_be_asked_for_is_a_value_error(
    client: ssl.SSLContext, name: str
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of two kinds, with words of Python's own
        TlsLink(Listener(), asyncio.get_running_loop(), client, name, 0.05)


# --- bytes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 100_000, 3 * READ_BUFFER_BYTES + 1])
@asynchronous
async def test_bytes_of_any_number_go_both_ways(
    server: ssl.SSLContext, client: ssl.SSLContext, size: int
) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    pair = await Pair(server, client).shaken()
    pair.link.write(memoryview(data)[:size])
    pair.talk()
    assert pair.peer.received == data[:size]
    pair.transport.receive(pair.peer.say(data[:size]))
    assert pair.listener.received == data[:size]
    pair.link.abort()
    await settled()


@pytest.mark.parametrize("size", [1, 16_383, 16_384, 100_000])
@asynchronous
async def test_bytes_are_decrypted_where_they_are_wanted_if_a_record_fits(
    server: ssl.SSLContext, client: ssl.SSLContext, size: int
) -> None:
    room = memoryview(bytearray(size))
    pair = await Pair(server, client).shaken()
    pair.listener.on_bytes = lambda: pair.link.receive_into(room)
    pair.transport.receive(pair.peer.say(b"start"))
    pair.listener.on_bytes = lambda: pair.link.receive_into(None)
    data = bytes(range(256)) * 400
    pair.transport.receive(pair.peer.say(data))
    assert pair.listener.received == b"start" + data
    placed = size // 16_384 * 16_384  # that many go in whole records
    assert room[:placed] == data[:placed]
    assert not any(room[placed:]) or size > 16_384
    pair.link.abort()
    await settled()


@asynchronous
async def test_a_room_is_let_go_of_when_the_link_is_lost(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    room = memoryview(bytearray(20_000))
    pair = await Pair(server, client).shaken()
    pair.listener.on_bytes = lambda: pair.link.receive_into(room)
    pair.transport.receive(pair.peer.say(b"start"))
    pair.transport.lose(ConnectionResetError("gone"))
    with pytest.raises(ValueError, match="released"):
        room[0]
    await settled()


@asynchronous
async def test_a_view_of_other_things_than_bytes_is_written_whole(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    numbers = array("Q", range(10_000))
    pair = await Pair(server, client).shaken()
    pair.link.write(memoryview(numbers))
    pair.talk()
    assert pair.peer.received == numbers.tobytes()
    pair.link.abort()
    await settled()


@asynchronous
async def test_nothing_is_written_for_no_bytes(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.link.write(b"")
    assert not pair.transport.written
    pair.link.abort()
    await settled()


@asynchronous
async def test_reading_that_was_paused_goes_on_where_it_was(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    data = bytes(2 * READ_BUFFER_BYTES)
    pair.listener.on_bytes = pair.link.pause_reading
    records = pair.peer.say(data)
    while not pair.transport.is_reading_paused:
        pair.transport.receive(records[:50_000])
        records = records[50_000:]
    heard = len(pair.listener.received)
    await settled()
    assert len(pair.listener.received) == heard
    pair.listener.on_bytes = None
    pair.link.resume_reading()
    await settled()
    assert not pair.transport.is_reading_paused
    pair.transport.receive(records)
    assert pair.listener.received == data
    pair.link.abort()
    await settled()


@asynchronous
async def test_pausing_stops_what_one_arrival_brought(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    records = pair.peer.say(bytes(READ_BUFFER_BYTES)) + pair.peer.say(bytes(200_000))
    pair.listener.on_bytes = pair.link.pause_reading
    pair.link.bytes_arrived(records)  # more at once than any link brings
    assert 0 < len(pair.listener.received) <= READ_BUFFER_BYTES
    pair.listener.on_bytes = None
    pair.link.resume_reading()
    await settled()
    assert len(pair.listener.received) == READ_BUFFER_BYTES + 200_000
    pair.link.abort()
    await settled()


@asynchronous
async def test_a_broken_record_ends_the_link(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    record = bytearray(pair.peer.say(b"hello"))
    record[-1] ^= 1
    pair.transport.receive(bytes(record))
    await settled()
    assert not pair.listener.received
    assert isinstance(pair.listener.events[-1], ssl.SSLError)
    assert pair.transport.was_aborted
    assert not pair.link.is_open


# --- the end -------------------------------------------------------------------------------------


@asynchronous
async def test_a_goodbye_of_the_peer_is_a_clean_end_and_answered(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.transport.receive(pair.peer.say(b"last") + pair.peer.say_goodbye())
    assert pair.listener.received == b"last"
    assert pair.listener.events == ["made", "clean end"]
    pair.peer.receive(bytes(pair.transport.written))
    assert pair.peer.heard_goodbye
    await settled()
    assert pair.listener.events == ["made", "clean end", "lost"]
    assert not pair.transport.was_aborted


@asynchronous
async def test_an_end_without_a_goodbye_is_no_clean_end(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.transport.receive(pair.peer.say(b"last"))
    pair.transport.receive_eof()
    await settled()
    assert pair.listener.received == b"last"
    assert pair.listener.events == ["made", "cut off", "lost"]


@asynchronous
async def test_a_reset_is_told(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    pair = await Pair(server, client).shaken()
    pair.transport.lose(ConnectionResetError("reset"))
    assert isinstance(pair.listener.events[-1], ConnectionResetError)
    assert "cut off" not in pair.listener.events


@asynchronous
async def test_closing_says_goodbye_and_waits_for_the_answer(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.link.close()
    pair.link.close()
    assert not pair.link.is_open
    pair.peer.receive(bytes(pair.transport.written))
    assert pair.peer.heard_goodbye
    assert not pair.transport.is_closing()
    pair.transport.receive(pair.peer.say_goodbye())
    assert pair.transport.is_closing()
    await settled()
    assert not pair.transport.was_aborted
    assert pair.listener.events == ["made", "lost"]


@asynchronous
async def test_a_peer_that_goes_on_after_our_goodbye_is_cut_off(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    late = pair.peer.say(bytes(50_000))
    pair.link.close()
    pair.transport.receive(late)
    assert pair.transport.was_aborted
    await settled()
    assert not pair.listener.received
    assert pair.listener.events == ["made", "lost"]


@asynchronous
async def test_closing_with_bytes_that_were_not_read_ends(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.listener.on_bytes = pair.link.pause_reading
    pair.link.bytes_arrived(pair.peer.say(bytes(READ_BUFFER_BYTES)) + pair.peer.say(b"more"))
    pair.link.close()
    assert pair.transport.was_aborted
    await settled()
    assert pair.listener.events == ["made", "lost"]


@asynchronous
async def test_a_peer_that_does_not_answer_a_goodbye_is_cut_off(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.link.close()
    await settled()
    assert not pair.transport.is_closing()
    await asyncio.sleep(0.1)
    assert pair.transport.was_aborted
    assert pair.listener.events == ["made", "lost"]


@asynchronous
async def test_aborting_while_closing_leaves_no_timer(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.link.close()
    pair.link.abort()
    await pair.link.wait_closed()
    assert pair.listener.events == ["made", "lost"]


@asynchronous
async def test_nothing_is_written_after_close(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.link.close()
    pair.link.write(b"too late")
    pair.peer.receive(bytes(pair.transport.written))
    assert not pair.peer.received
    pair.link.abort()
    await settled()


@asynchronous
async def test_a_receiver_may_close_when_it_has_heard_enough(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    pair.listener.on_bytes = pair.link.close
    pair.transport.receive(pair.peer.say(b"enough"))
    pair.transport.receive(pair.peer.say_goodbye())
    await settled()
    assert pair.listener.received == b"enough"
    assert pair.listener.events == ["made", "lost"]


# --- sessions ------------------------------------------------------------------------------------


@asynchronous
async def test_a_session_is_resumed_as_often_as_the_server_likes(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    session = RouteSession()
    first = await Pair(server, client, session=session).shaken()
    first.transport.receive(first.peer.say(b"hello"))
    first.link.abort()
    assert not first.peer.tls.session_reused
    for _ in range(2):
        pair = await Pair(server, client, session=session).shaken()
        assert pair.peer.tls.session_reused
        assert pair.link.facts.peer_certificate
        pair.transport.receive(pair.peer.say(b"hello"))
        assert pair.listener.received == b"hello"
        pair.link.abort()
    await settled()


@asynchronous
async def test_a_session_is_kept_that_comes_with_the_answer_and_the_goodbye(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    """As a server sends it that was told to close: its ticket, answer and end in one arrival."""
    session = RouteSession()
    pair = Pair(server, client, session=session)
    pair.listener.on_bytes = pair.link.close
    await pair.talk_until_the_peer_is_done()
    pair.transport.receive(pair.peer.say(b"the answer") + pair.peer.say_goodbye())
    assert pair.listener.received == b"the answer"
    await settled()
    assert pair.transport.is_closing()
    second = await Pair(server, client, session=session).shaken()
    assert second.peer.tls.session_reused
    second.link.abort()
    await settled()


@asynchronous
async def test_a_session_that_broke_is_not_resumed(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    session = RouteSession()
    pair = Pair(server, client, session=session)
    await pair.talk_until_the_peer_is_done()
    pair.transport.receive(pair.peer.say(b"some") + b"no record of TLS")
    assert pair.transport.was_aborted
    second = await Pair(server, client, session=session).shaken()
    assert not second.peer.tls.session_reused
    second.link.abort()
    await settled()


@asynchronous
async def test_a_session_with_which_a_handshake_failed_is_not_resumed(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    session = RouteSession()
    first = await Pair(server, client, session=session).shaken()
    first.transport.receive(first.peer.say(b"hello"))
    first.link.abort()
    failing = Pair(server, client, session=session)
    failing.transport.receive_eof()
    await settled()
    with pytest.raises(ConnectionResetError):
        await failing.link.opened
    third = await Pair(server, client, session=session).shaken()
    assert not third.peer.tls.session_reused
    third.link.abort()
    await settled()


# --- TLS in TLS ----------------------------------------------------------------------------------


@asynchronous
async def test_tls_runs_in_tls(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    outer = Pair(server, client)
    inner_peer, listener = TlsPeer(server), Listener()
    inner = TlsLink(listener, asyncio.get_running_loop(), client, NAME, 0.05)
    outer.talk()
    outer.link.receiver = inner
    inner.link_made(outer.link)

    def talk() -> None:
        while True:
            outer.talk()
            inner_peer.receive(bytes(outer.peer.received))
            outer.peer.received.clear()
            answer = inner_peer.take()
            if not answer:
                return
            outer.transport.receive(outer.peer.say(answer))

    talk()
    assert listener.events == ["made"]
    data = bytes(range(256)) * 4000
    inner.write(data)
    talk()
    assert inner_peer.received == data
    outer.transport.receive(outer.peer.say(inner_peer.say(data)))
    assert listener.received == data
    inner.close()
    talk()
    assert inner_peer.heard_goodbye
    outer.transport.receive(outer.peer.say(inner_peer.say_goodbye()))
    outer.talk()
    assert outer.peer.heard_goodbye
    outer.transport.receive(outer.peer.say_goodbye())
    await settled()
    assert listener.events == ["made", "lost"]


# --- the transport that callers see --------------------------------------------------------------


@asynchronous
async def test_the_transport_tells_of_tls_and_encrypts(
    server: ssl.SSLContext, client: ssl.SSLContext
) -> None:
    pair = await Pair(server, client).shaken()
    transport = pair.link.transport
    assert transport is pair.link.transport
    assert transport is not None
    assert transport.get_extra_info("ssl_object").version() == pair.link.facts.tls_version
    assert transport.get_extra_info("sslcontext") is client
    assert transport.get_extra_info("peercert") == pair.link.facts.peer_certificate
    assert transport.get_extra_info("cipher")[0] == pair.link.facts.cipher
    assert transport.get_extra_info("nothing", 7) == 7
    transport.write(b"hello")
    assert b"hello" not in pair.transport.written
    pair.talk()
    assert pair.peer.received == b"hello"
    assert not transport.is_closing()
    assert transport.get_write_buffer_size() == 0
    transport.abort()
    assert transport.is_closing()
    await settled()
    assert pair.link.transport is None
