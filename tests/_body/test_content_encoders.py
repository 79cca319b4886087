"""Content codings of request bodies."""

import asyncio
import contextlib
import random
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import asynchronous
from written import pieces_of, written_by

from aioclient._body import codec_modules
from aioclient._body.content_coding import decoder_for
from aioclient._body.content_encoders import CompressedPayload, checked_coding, encoder_for
from aioclient._body.payload import AsyncIterablePayload, BytesPayload, Payload

CODINGS = ["gzip", "deflate", "br", "zstd"]


def decoded(coding, data):
    decoder = decoder_for(coding.encode())
    out = decoder.decode(data, 2**30)
    while decoder.has_pending:
        out += decoder.decode(b"", 2**30)
    decoder.finish()
    return out


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_what_is_encoded_is_decoded_again(coding, size):
    data = bytes(range(251)) * (size // 251) + bytes(size % 251)
    payload = CompressedPayload(BytesPayload(data), coding)
    assert payload.size is None
    assert payload.at_hand is None
    sent = written_by(payload)
    assert decoded(coding, sent) == data
    assert size < 1000 or len(sent) < size / 10


@pytest.mark.parametrize("coding", CODINGS)
@given(pieces=st.lists(st.binary()))
def test_pieces_are_encoded_as_one_body(coding, pieces):
    encoder = encoder_for(coding)
    sent = b"".join(map(encoder.encode, pieces)) + encoder.finish()
    assert decoded(coding, sent) == b"".join(pieces)


class GivesUp(Payload):
    """Writes a piece within a time of its own, and makes nothing of it when that passes."""

    async def write(self, writer):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await writer.write(random.Random(1).randbytes(30_000_000))


@asynchronous
async def test_a_piece_that_was_given_up_while_it_was_encoded_is_not_left_out_unsaid():
    with pytest.raises(RuntimeError, match="given up half-way"):
        await CompressedPayload(GivesUp(None), "gzip").as_bytes()


def test_deflate_has_the_format_of_zlib():
    assert written_by(CompressedPayload(BytesPayload(b"a"), "deflate"))[:1] == b"\x78"


@pytest.mark.parametrize(
    ("wish", "coding"),
    [(None, None), (False, None), (True, "deflate"), ("gzip", "gzip"), ("GZip", "gzip")]
    + [(coding, coding) for coding in CODINGS],
)
def test_wish_is_understood(wish, coding):
    assert checked_coding(wish) == coding


@pytest.mark.parametrize("wish", ["nonsense", "", "identity", "gzip, br", "x-gzip"])
def test_coding_that_is_not_known_is_refused(wish):
    with pytest.raises(ValueError, match="is not gzip, deflate, br or zstd"):
        checked_coding(wish)


@pytest.mark.parametrize("wish", [5, b"gzip", ["gzip"]])
def test_what_is_no_name_of_a_coding_is_refused(wish):
    with pytest.raises(TypeError, match="compress must be"):
        checked_coding(wish)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_coding_whose_package_is_missing_is_refused(coding, monkeypatch):
    monkeypatch.setattr(codec_modules, "is_installed", lambda name: False)
    with pytest.raises(ValueError, match="needs a package that is not installed"):
        checked_coding(coding)


def test_large_pieces_are_encoded_outside_of_the_loop_s_thread(monkeypatch):
    threads = set()

    class Deflater:
        def compress(self, data):
            threads.add(threading.current_thread())
            return b""

        def flush(self):
            return b""

    backend = codec_modules.choice.backend
    monkeypatch.setattr(
        codec_modules.choice,
        "backend",
        type("Backend", (), {"compressobj": staticmethod(lambda wbits: Deflater())}),
    )
    written_by(CompressedPayload(BytesPayload(bytes(3_000_000)), "gzip"))
    assert threading.current_thread() not in threads
    threads.clear()
    written_by(CompressedPayload(BytesPayload(b"small"), "gzip"))
    assert threads == {threading.current_thread()}
    monkeypatch.setattr(codec_modules.choice, "backend", backend)


def test_body_that_can_be_sent_once_is_so_when_it_is_compressed():
    async def generate():
        yield b"a"

    payload = CompressedPayload(AsyncIterablePayload(generate()), "gzip")
    assert not payload.consumed
    pieces_of(payload)
    assert payload.consumed
    with pytest.raises(RuntimeError, match="used up before"):
        pieces_of(payload)


def test_what_the_body_says_of_itself_is_kept():
    inner = BytesPayload(b"a", {"X-Own": "1"}, "text/plain", "a.txt")
    payload = CompressedPayload(inner, "gzip")
    assert payload.headers == {"Content-Type": "text/plain", "X-Own": "1"}
    assert (payload.filename, payload.decode()) == ("a.txt", "a")


class Chatty(Payload):
    """A payload that uses all that a writer has."""

    async def write(self, writer):
        await writer.write(b"one ")
        await writer.drain()
        await writer.write_eof(b"two")
        await writer.write_eof()


def test_payload_can_use_all_that_a_writer_has():
    assert written_by(Chatty(None)) == b"one two"
    assert decoded("gzip", written_by(CompressedPayload(Chatty(None), "gzip"))) == b"one two"
