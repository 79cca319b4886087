"""Compressed messages over WebSockets (RFC 7692)."""

import asyncio
import os
import zlib
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from running import asynchronous, cancelled, started
from server_frames import BINARY, CONTINUATION, TEXT, frame
from websocket_site import Peer, agreeing, echo, listening, opened, saying, sending

from aioclient import WebSocketError, WSMsgType

TAIL = b"\0\0\xff\xff"
PLAIN = agreeing("Sec-WebSocket-Extensions: permessage-deflate")
WORDS = b"some words that are said " * 40
#: So large that it is compressed and inflated in a thread, and takes a while.
LARGE = b"".join(b"%d," % number for number in range(1_000_000))
#: Of which much effort makes less than little does.
VARIED = " ".join(
    Random(1).choices(["a", "server", "says", "words", "of", "its", "own"], k=4000)
).encode()


def agreeing_to(*parameters: str) -> Any:
    return agreeing("; ".join(("Sec-WebSocket-Extensions: permessage-deflate", *parameters)))


class Compressor:
    """Compresses messages as a server does."""

    def __init__(self) -> None:
        self._zlib = zlib.compressobj(wbits=-15)

    def __call__(self, data: bytes) -> bytes:
        return (self._zlib.compress(data) + self._zlib.flush(zlib.Z_SYNC_FLUSH))[:-4]


class Decompressor:
    """Inflates what a client compressed."""

    def __init__(self, bits: int = 15) -> None:
        self._zlib = zlib.decompressobj(-bits)

    def __call__(self, data: bytes) -> bytes:
        return self._zlib.decompress(data + TAIL)


def message(data: bytes, opcode: int = BINARY) -> bytes:
    """One compressed message that refers to nothing before it."""
    return frame(opcode, Compressor()(data), rsv=4)


# --- what is agreed on ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "bits", "is_alone"),
    [
        ((), 15, False),
        (("client_no_context_takeover",), 15, True),
        (("client_max_window_bits=10",), 10, False),
        (("server_no_context_takeover",), 15, False),
    ],
)
@asynchronous
async def test_a_websocket_says_what_was_agreed_on(
    parameters: tuple[str, ...], bits: int, is_alone: bool
) -> None:
    async with opened(listening, agreeing_to(*parameters), compress=15) as ws:
        assert (ws.compress, ws.client_notakeover) == (bits, is_alone)
        await ws.close()


@asynchronous
async def test_a_server_that_does_not_agree_gets_messages_as_they_are() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x81, WORDS)
        await listening(peer)

    async with opened(talk, compress=15) as ws, ws:
        assert (ws.compress, ws.client_notakeover) == (0, False)
        await ws.send_str(WORDS.decode())


# --- sent ----------------------------------------------------------------------------------------


@asynchronous
async def test_messages_are_compressed_and_may_refer_to_those_before() -> None:
    async def talk(peer: Peer) -> None:
        inflate = Decompressor()
        (first, one), (second, two) = await peer.frame(), await peer.frame()
        assert (first, second) == (0xC1, 0xC2)
        assert (inflate(one), inflate(two)) == (WORDS, WORDS)
        assert len(two) < len(one) < len(WORDS) // 4
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws, ws:
        await ws.send_str(WORDS.decode())
        await ws.send_bytes(WORDS)


@asynchronous
async def test_without_takeover_each_message_is_compressed_by_itself() -> None:
    async def talk(peer: Peer) -> None:
        for _ in range(2):
            assert Decompressor()((await peer.frame())[1]) == WORDS
        await listening(peer)

    answer = agreeing_to("client_no_context_takeover")
    async with opened(talk, answer, compress=15) as ws, ws:
        for _ in range(2):
            await ws.send_bytes(WORDS)


@asynchronous
async def test_each_message_may_say_how_it_is_compressed() -> None:
    async def talk(peer: Peer) -> None:
        assert await peer.frame() == (0x82, WORDS)
        inflate = Decompressor()
        sizes = []
        for _ in range(2):
            first, payload = await peer.frame()
            assert first == 0xC2
            assert inflate(payload) == VARIED
            sizes.append(len(payload))
        assert sizes[1] < sizes[0]
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws, ws:
        await ws.send_bytes(WORDS, compress=0)
        await ws.send_bytes(VARIED, compress=1)
        await ws.send_bytes(VARIED, compress=9)
        with pytest.raises(ValueError, match="level"):
            await ws.send_bytes(WORDS, compress=10)


@asynchronous
async def test_large_messages_are_compressed_elsewhere_and_keep_their_order() -> None:
    async def talk(peer: Peer) -> None:
        inflate = Decompressor()
        assert [inflate((await peer.frame())[1]) for _ in range(4)] == [LARGE, b"a", LARGE, b"b"]
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        sends = [await started(ws.send_bytes(data)) for data in (LARGE, b"a", LARGE, b"b")]
        turns = 0
        while not sends[0].done():
            await asyncio.sleep(0)
            turns += 1
        assert turns > 10  # the loop has time for others
        await asyncio.gather(*sends)
        await ws.close()


@asynchronous
async def test_a_large_message_whose_sender_is_cancelled_is_sent_before_others() -> None:
    async def talk(peer: Peer) -> None:
        inflate = Decompressor()
        assert [inflate((await peer.frame())[1]) for _ in range(3)] == [LARGE, WORDS, LARGE]
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        await cancelled(await started(ws.send_bytes(LARGE)))
        await ws.send_bytes(WORDS)
        await ws.send_bytes(LARGE)
        await ws.close()


@asynchronous
async def test_who_is_cancelled_while_another_compresses_sends_nothing() -> None:
    async def talk(peer: Peer) -> None:
        inflate = Decompressor()
        assert [inflate((await peer.frame())[1]) for _ in range(2)] == [LARGE, b"after"]
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        first = await started(ws.send_bytes(LARGE))
        await cancelled(await started(ws.send_bytes(WORDS)))
        await first
        await ws.send_bytes(b"after")
        await ws.close()


async def given(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@asynchronous
async def test_a_message_in_pieces_is_compressed_piece_by_piece() -> None:
    async def talk(peer: Peer) -> None:
        inflate = zlib.decompressobj(-15)
        first, payload = await peer.frame()
        assert first == 0x40 | BINARY
        assert inflate.decompress(payload) == WORDS  # before the next one comes
        second, payload = await peer.frame()
        assert second == CONTINUATION
        assert inflate.decompress(payload) == b"more"
        last, payload = await peer.frame()
        assert last == 0x80 | CONTINUATION
        assert inflate.decompress(payload + TAIL) == b""
        first, payload = await peer.frame()
        assert inflate.decompress(payload + TAIL) == WORDS
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws, ws:
        await ws.send_stream(given(WORDS, b"more"))
        await ws.send_bytes(WORDS)


@pytest.mark.parametrize(("piece", "compress"), [(5, 0), (5, None), (memoryview(WORDS)[::2], None)])
@asynchronous
async def test_a_first_piece_that_cannot_be_sent_harms_nothing(
    piece: Any, compress: int | None
) -> None:
    async with opened(echo, PLAIN, compress=15) as ws, ws:
        with pytest.raises((TypeError, BufferError)):
            await ws.send_stream(given(piece), compress)
        await ws.send_bytes(WORDS)
        assert await ws.receive_bytes() == WORDS


# --- received ------------------------------------------------------------------------------------


@asynchronous
async def test_compressed_messages_are_inflated_and_may_refer_to_those_before() -> None:
    compress = Compressor()
    frames = [
        frame(TEXT, compress(WORDS), rsv=4),
        frame(BINARY, compress(WORDS), rsv=4),
        frame(TEXT, b"plain"),
        frame(BINARY, compress(LARGE), rsv=4),
        frame(TEXT, compress("☃".encode()), rsv=4),
        frame(TEXT, compress(b""), rsv=4),
    ]
    expected = [WORDS.decode(), WORDS, "plain", LARGE, "☃", ""]
    async with opened(saying(*frames), PLAIN, compress=15, max_msg_size=0) as ws:
        assert [message.data async for message in ws] == expected


@asynchronous
async def test_a_compressed_message_may_come_in_fragments_and_parts() -> None:
    async def talk(peer: Peer) -> None:
        data = Compressor()(WORDS)
        frames = (
            frame(TEXT, data[:10], rsv=4, fin=False)
            + frame(0, data[10:11], fin=False)
            + frame(0, data[11:])
        )
        for at in range(len(frames)):
            peer.send(frames[at : at + 1])
            await asyncio.sleep(0)
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        assert await ws.receive_str() == WORDS.decode()


@asynchronous
async def test_without_decoding_compressed_text_is_bytes() -> None:
    async with opened(saying(message(WORDS, TEXT)), PLAIN, compress=15, decode_text=False) as ws:
        assert await ws.receive() == (WSMsgType.TEXT, WORDS, "")


@pytest.mark.parametrize("size", [100, 500_000])
@asynchronous
async def test_a_message_may_have_max_msg_size_when_it_is_inflated(size: int) -> None:
    data = os.urandom(size // 2) + bytes(size - size // 2)
    frames = message(data), message(data + b"x")
    async with opened(sending(*frames), PLAIN, compress=15, max_msg_size=size) as ws:
        assert await ws.receive_bytes() == data
        error = await ws.receive()
        assert error.type is WSMsgType.ERROR
        assert ws.close_code == 1009


WRONG = {
    "no deflate": (frame(BINARY, b"\xff\xff\xff", rsv=4), 1007),
    "large and no deflate": (frame(BINARY, b"\xff" * 100_000, rsv=4), 1007),
    "cut off": (frame(BINARY, Compressor()(WORDS)[:20], rsv=4), 1007),
    "text that is no UTF-8": (message(b"\xff", TEXT), 1007),
    "bomb": (message(bytes(50_000_000)), 1009),
}


@pytest.mark.parametrize("name", WRONG)
@asynchronous
async def test_what_cannot_be_inflated_is_an_error_and_the_server_is_told(name: str) -> None:
    frames, code = WRONG[name]

    async def talk(peer: Peer) -> None:
        peer.send(frames)
        assert await peer.closed() == code.to_bytes(2, "big")
        assert not await peer.reader.read()

    async with opened(talk, PLAIN, compress=15) as ws:
        error = await ws.receive()
        assert error.type is WSMsgType.ERROR
        assert isinstance(error.data, WebSocketError)
        assert error.data.code == ws.close_code == code
        assert ws.exception() is error.data
        assert (await ws.receive()).type is WSMsgType.CLOSED


@asynchronous
async def test_who_receives_after_another_was_cancelled_gets_what_is_inflated() -> None:
    compress = Compressor()
    frames = [frame(BINARY, compress(data), rsv=4) for data in (LARGE, WORDS)]
    async with opened(saying(*frames), PLAIN, compress=15, max_msg_size=0) as ws:
        for _ in range(3):
            await cancelled(await started(ws.receive()))
        assert await ws.receive_bytes() == LARGE
        assert await ws.receive_bytes() == WORDS


@pytest.mark.parametrize("begins_in_pieces", [False, True])
@pytest.mark.parametrize("ends_in_pieces", [False, True])
@asynchronous
async def test_who_is_cancelled_while_a_message_is_inflated_leaves_it_to_the_next(
    begins_in_pieces: bool, ends_in_pieces: bool
) -> None:
    compress = Compressor()
    frames = [frame(BINARY, compress(data), rsv=4) for data in (LARGE, WORDS)]
    async with opened(saying(*frames), PLAIN, compress=15, max_msg_size=0) as ws:

        async def receive(in_pieces: bool) -> bytes:
            if in_pieces:
                return b"".join([piece async for piece in ws.receive_stream()])
            return await ws.receive_bytes()

        await asyncio.sleep(0.1)  # it has arrived whole
        await cancelled(await started(receive(begins_in_pieces)))
        assert await receive(ends_in_pieces) == LARGE
        assert await receive(ends_in_pieces) == WORDS


@asynchronous
async def test_a_second_coroutine_must_not_receive_while_a_message_is_inflated() -> None:
    async with opened(saying(message(LARGE)), PLAIN, compress=15, max_msg_size=0) as ws:
        await asyncio.sleep(0.1)
        first = await started(ws.receive())
        with pytest.raises(RuntimeError, match="receiving"):
            await ws.receive()
        assert (await first).data == LARGE


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@asynchronous
async def test_a_compressed_message_in_pieces_is_inflated_as_it_arrives(opcode: int) -> None:
    data = "naïve ☃ ".encode() * 1000
    may_go_on = asyncio.Event()

    async def talk(peer: Peer) -> None:
        await peer.frame()
        compressor = zlib.compressobj(wbits=-15)
        start = compressor.compress(data[:4001]) + compressor.flush(zlib.Z_SYNC_FLUSH)
        rest = (compressor.compress(data[4001:]) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        peer.send(frame(opcode, start, rsv=4, fin=False))
        await may_go_on.wait()
        peer.send(frame(0, rest))
        await listening(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        stream = ws.receive_stream()
        first = await started(anext(stream))
        await ws.send_str("now")
        pieces = [await first]
        may_go_on.set()
        pieces += [piece async for piece in stream]
        assert len(pieces) >= 2
        if opcode == TEXT:
            assert "".join(pieces) == data.decode()
        else:
            assert b"".join(pieces) == data


@pytest.mark.parametrize("decode_text", [True, False])
@asynchronous
async def test_compressed_text_in_pieces_has_to_be_utf8(decode_text: bool) -> None:
    async def talk(peer: Peer) -> None:
        await peer.frame()
        peer.send(message(b"caf\xe9", TEXT))
        assert await peer.closed() == b"\x03\xef"

    async with opened(talk, PLAIN, compress=15, decode_text=decode_text) as ws:
        stream = ws.receive_stream()
        first = await started(anext(stream))
        await ws.send_str("now")
        with pytest.raises(WebSocketError, match="not UTF-8 at byte 3"):
            await first
        assert ws.close_code == 1007


@asynchronous
async def test_pieces_of_a_bomb_are_small() -> None:
    async def talk(peer: Peer) -> None:
        await peer.frame()
        await saying(message(bytes(50_000_000)))(peer)

    async with opened(talk, PLAIN, compress=15) as ws:
        stream = ws.receive_stream()
        first = await started(anext(stream))
        await ws.send_str("now")
        sizes = [len(await first)] + [len(piece) async for piece in stream]
        assert sum(sizes) == 50_000_000
        assert max(sizes) <= 256 * 1024
