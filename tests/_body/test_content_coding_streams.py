"""Decoding a body: the same bytes however they arrive, bounded output, clear errors."""

import functools
import importlib
import itertools
import random
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aioclient._body import content_decoders
from aioclient._body.codec_modules import is_installed, zlib_module, zstd_name
from aioclient._body.content_coding import decoder_for
from aioclient._body.content_decoders import MAX_EMPTY_ZSTD_FRAMES, MAX_GZIP_MEMBERS
from aioclient._body.zlib_backend import set_zlib_backend
from aioclient.errors import ClientPayloadError

BACKENDS = ("zlib", "isal.isal_zlib", "zlib_ng.zlib_ng")
TEXT = b"".join(b"line %d of a body\r\n" % (i * i % 97) for i in range(3000))
ZEROS = bytes(1024 * 1024)


def compressed(data, window_bits):
    compressor = zlib.compressobj(6, zlib.DEFLATED, window_bits)
    return compressor.compress(data) + compressor.flush()


def gzip(data):
    return compressed(data, 31)


def gzip_with_every_header_field(data):
    # RFC 1952 section 2.3: FTEXT, FHCRC, FEXTRA, FNAME, FCOMMENT
    head = struct.pack("<BBBBLBB", 0x1F, 0x8B, 8, 0x1F, 0, 0, 3)
    head += struct.pack("<H", 300) + bytes(300) + b"name\0" + b"comment\0"
    head += struct.pack("<H", zlib.crc32(head) & 0xFFFF)
    trailer = struct.pack("<LL", zlib.crc32(data), len(data))
    return head + compressed(data, -15) + trailer


def deflate(data):
    return compressed(data, 15)


def raw_deflate(data):
    return compressed(data, -15)


def br(data):
    brotli = pytest.importorskip("brotli", reason="brotli is not installed")
    return brotli.compress(data, quality=5)


def zstd_module():
    if zstd_name() is None:
        pytest.skip("neither compression.zstd nor backports.zstd is installed")
    return importlib.import_module(zstd_name())


def zstd(data, **options):
    module = zstd_module()
    options = {"checksum_flag": 1, **options}
    named = {getattr(module.CompressionParameter, name): v for name, v in options.items()}
    compressor = module.ZstdCompressor(options=named)
    return compressor.compress(data) + compressor.flush()


ENCODERS = {
    "gzip": (b"gzip", gzip),
    "gzip-long-header": (b"gzip", gzip_with_every_header_field),
    "deflate": (b"deflate", deflate),
    "raw-deflate": (b"deflate", raw_deflate),
    "br": (b"br", br),
    "zstd": (b"zstd", zstd),
    "gzip-gzip": (b"gzip, gzip", lambda data: gzip(gzip(data))),
    "all": (b"zstd, br, deflate, gzip", lambda data: gzip(deflate(br(zstd(data))))),
}
SINGLE = [name for name in ENCODERS if b"," not in ENCODERS[name][0]]
FRAMED = {"gzip": (b"gzip", gzip), "zstd": (b"zstd", zstd)}


@pytest.fixture(autouse=True, params=BACKENDS)
def backend(request):
    """Each test runs with each zlib backend that is installed."""
    if not is_installed(request.param.partition(".")[0]):
        pytest.skip(f"{request.param} is not installed")
    before = zlib_module()
    set_zlib_backend(importlib.import_module(request.param))
    yield request.param
    set_zlib_backend(before)


@pytest.fixture(params=ENCODERS)
def coding(request):
    name, encode = ENCODERS[request.param]
    encode(b"")  # skips
    return name, functools.cache(encode)


def pieces_of(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)]


def decode(name, pieces, max_output=65_536):
    """The whole body, drained before each further piece as a client does it."""
    decoder = decoder_for(name)
    decoded = []
    for piece in pieces:
        decoded.append(decoder.decode(piece, max_output))
        steps = 0
        while decoder.has_pending:
            decoded.append(decoder.decode(b"", max_output))
            assert len(decoded[-1]) <= max_output
            steps = 0 if decoded[-1] else steps + 1
            assert steps < 1000, "no progress"
    decoder.finish()
    return b"".join(decoded)


# --- the same bytes, however they arrive ---------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"x", TEXT, ZEROS, random.Random(1).randbytes(200_000)])
def test_a_body_at_once(coding, data):
    name, encode = coding
    assert decode(name, [encode(data)]) == data


def test_a_body_byte_by_byte(coding):
    name, encode = coding
    data = TEXT + random.Random(1).randbytes(2000)
    assert decode(name, pieces_of(encode(data), 1)) == data


@pytest.mark.parametrize("max_output", [1, 2, 7, 1000])
def test_tiny_outputs(coding, max_output):
    name, encode = coding
    data = TEXT[:3000]
    assert decode(name, [encode(data)], max_output) == data
    assert decode(name, pieces_of(encode(data), 5), max_output) == data


def test_outputs_that_end_where_the_body_ends(coding):
    name, encode = coding
    for size in (len(TEXT), len(TEXT) // 2, len(TEXT) + 1):
        assert decode(name, [encode(TEXT)], size) == TEXT


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_random_splits(data):
    names = st.sampled_from(["gzip", "deflate", "raw-deflate", "gzip-gzip", *available()])
    name, encode = ENCODERS[data.draw(names)]
    body = data.draw(st.binary(max_size=300)) * data.draw(st.integers(1, 400))
    wire = encode(body)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=12).map(sorted))
    bounds = [0, *cuts, len(wire)]
    pieces = [wire[a:b] for a, b in itertools.pairwise(bounds)]
    assert decode(name, pieces, data.draw(st.sampled_from([50, 4096, 65_536, 10**6]))) == body


def available():
    names = ["br"] if is_installed("brotli") else []
    names += ["zstd"] if zstd_name() else []
    return names + ["all"] * (len(names) == 2)


def test_input_that_nobody_drains_is_kept(coding):
    name, encode = coding
    decoder = decoder_for(name)
    decoded = [decoder.decode(piece, 10) for piece in pieces_of(encode(TEXT), 100)]
    while decoder.has_pending:
        decoded.append(decoder.decode(b"", 65_536))
    decoder.finish()
    assert b"".join(decoded) == TEXT


def test_output_of_no_bytes_only_keeps_the_input(coding):
    name, encode = coding
    decoder = decoder_for(name)
    assert decoder.decode(encode(TEXT), 0) == b""
    assert decoder.has_pending
    assert decoder.decode(b"", 5) == TEXT[:5]


# --- cut off -------------------------------------------------------------------------------------


def test_a_body_of_no_bytes_is_not_cut_off(coding):
    name, _ = coding
    decoder = decoder_for(name)
    assert decoder.decode(b"", 100) == b""
    assert not decoder.has_pending
    decoder.finish()


@pytest.mark.parametrize("split", [1, 10**6])
def test_a_body_cut_off_anywhere_is_an_error(coding, split):
    name, encode = coding
    data = b"a small body, small body"
    wire = encode(data)
    for length in range(1, len(wire)):
        with pytest.raises(ClientPayloadError, match=r"cut off after [0-9]+ decoded bytes"):
            decode(name, pieces_of(wire[:length], split))


def test_what_came_before_the_cut_can_be_read(coding):
    name, encode = coding
    data = random.Random(1).randbytes(100_000)
    wire = encode(data)
    decoder = decoder_for(name)
    decoded = decoder.decode(wire[:-20], 10**6)
    while decoder.has_pending:
        decoded += decoder.decode(b"", 10**6)
    assert data.startswith(decoded)
    assert decoded
    # In a chain it is the outer body that is cut off, and its bytes that are counted.
    count = len(decoded) if b"," not in name else "[0-9]+"
    with pytest.raises(ClientPayloadError, match=f"is cut off after {count} decoded bytes"):
        decoder.finish()


@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("split", [1, 10**6])
def test_a_cut_off_second_frame_is_an_error(name, split):
    name, encode = FRAMED[name]
    first, second = encode(b"first"), encode(b"second")
    for length in range(1, len(second)):
        with pytest.raises(ClientPayloadError, match="cut off"):
            decode(name, pieces_of(first + second[:length], split))


# --- corrupt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGLE)
def test_a_body_in_no_coding_is_an_error_that_says_which_coding(name):
    name, encode = ENCODERS[name]
    encode(b"")
    message = f"^response body is not valid {name.decode()}: "
    with pytest.raises(ClientPayloadError, match=message) as caught:
        decode(name, [b"\xff\xfe this is not coded at all" * 10])
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
def test_a_wrong_checksum_is_an_error(name):
    name, encode = ENCODERS[name]
    wire = bytearray(encode(TEXT))
    wire[-5 if name == b"gzip" else -1] ^= 1
    if name == b"gzip":
        wire[-8] ^= 1
    with pytest.raises(ClientPayloadError, match=f"not valid {name.decode()}"):
        decode(name, [bytes(wire)])


def test_a_wrong_length_in_a_gzip_trailer_is_an_error():
    wire = bytearray(gzip(TEXT))
    wire[-1] ^= 1
    with pytest.raises(ClientPayloadError, match="not valid gzip"):
        decode(b"gzip", [bytes(wire)])


def test_every_corrupt_byte_gives_a_payload_error_or_other_output(coding):
    name, encode = coding
    wire = encode(b"a small body, small body")
    for at in range(len(wire)):
        for flip in (0x01, 0x80, 0xFF):
            bad = bytearray(wire)
            bad[at] ^= flip
            try:
                decode(name, [bytes(bad)])
            except ClientPayloadError:
                pass


def test_an_error_is_raised_again_and_by_finish(coding):
    name, encode = coding
    decoder = decoder_for(name)
    wire = bytearray(encode(TEXT))
    wire[:] = b"\xff" * len(wire)
    for _ in range(2):
        with pytest.raises(ClientPayloadError):
            decoder.decode(bytes(wire), 100)
    with pytest.raises(ClientPayloadError):
        decoder.finish()


def test_what_was_decoded_before_an_error_is_handed_over_first():
    decoder = decoder_for(b"gzip")
    broken = b"\x1f\x8b\xff" + bytes(20)
    assert decoder.decode(gzip(b"whole member") + broken, 100) == b"whole member"
    assert decoder.has_pending
    with pytest.raises(ClientPayloadError, match="not valid gzip"):
        decoder.decode(b"", 100)


@given(st.binary(max_size=500), st.sampled_from(["gzip", "deflate", *available()]))
@settings(max_examples=300, deadline=None)
def test_random_bytes_end_in_a_result_or_a_payload_error(noise, name):
    name, encode = ENCODERS[name]
    for wire in (noise, encode(b"body")[:10] + noise, encode(b"body") * 2 + noise):
        try:
            decode(name, [wire], 100)
        except ClientPayloadError:
            pass


# --- after the end -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("trailer", [b"\0", b"\r\n", bytes(16)])
@pytest.mark.parametrize("split", [1, 3, 10**6])
def test_bytes_after_the_end_are_ignored(name, trailer, split):
    name, encode = ENCODERS[name]
    assert decode(name, pieces_of(encode(TEXT) + trailer, split)) == TEXT


@pytest.mark.parametrize("name", [name for name in SINGLE if name != "br"])
@pytest.mark.parametrize("trailer", [bytes(5000), b"<!-- served -->" * 5000])
@pytest.mark.parametrize("split", [1000, 10**6])
def test_many_bytes_after_the_end_are_ignored(name, trailer, split):
    name, encode = ENCODERS[name]
    assert decode(name, pieces_of(encode(TEXT) + trailer, split)) == TEXT


def test_many_bytes_after_the_end_of_brotli_are_ignored_if_they_come_later():
    assert decode(b"br", [br(TEXT), b"garbage" * 5000]) == TEXT


def test_many_bytes_in_one_piece_with_the_end_of_brotli_are_an_error():
    with pytest.raises(ClientPayloadError, match="not valid br: "):
        decode(b"br", [br(TEXT) + b"garbage" * 50])


def test_a_first_byte_of_the_gzip_magic_alone_counts_as_a_cut_off_member():
    with pytest.raises(ClientPayloadError, match="gzip body is cut off after 4 decoded bytes"):
        decode(b"gzip", [gzip(b"body") + b"\x1f"])


# --- members and frames --------------------------------------------------------------------------


@pytest.mark.parametrize("name", FRAMED)
@pytest.mark.parametrize("split", [1, 7, 10**6])
def test_frames_in_a_row_are_one_body(name, split):
    name, encode = FRAMED[name]
    wire = encode(b"one, ") + encode(b"") + encode(TEXT) + encode(b"three")
    assert decode(name, pieces_of(wire, split)) == b"one, " + TEXT + b"three"


def test_as_many_gzip_members_as_the_limit_are_decoded():
    assert decode(b"gzip", [gzip(b"x") * MAX_GZIP_MEMBERS]) == b"x" * MAX_GZIP_MEMBERS


def test_one_gzip_member_over_the_limit_is_refused():
    with pytest.raises(ClientPayloadError, match="MAX_GZIP_MEMBERS = 1024"):
        decode(b"gzip", [gzip(b"x") * (MAX_GZIP_MEMBERS + 1)])


def skippable(size, magic=0x184D2A50):
    return struct.pack("<LL", magic, size) + bytes(size)


@pytest.mark.parametrize("split", [1, 10**6])
def test_skippable_zstd_frames_are_skipped(split):
    wire = skippable(40_000) + zstd(b"one") + skippable(0, 0x184D2A5F) + zstd(b"two") + skippable(9)
    assert decode(b"zstd", pieces_of(wire, split)) == b"onetwo"


def test_as_many_empty_zstd_frames_as_the_limit_are_decoded():
    assert decode(b"zstd", [skippable(0) * MAX_EMPTY_ZSTD_FRAMES + zstd(b"x")]) == b"x"


def test_one_empty_zstd_frame_over_the_limit_is_refused():
    zstd_module()
    with pytest.raises(ClientPayloadError, match="MAX_EMPTY_ZSTD_FRAMES = 1024"):
        decode(b"zstd", [skippable(0) * (MAX_EMPTY_ZSTD_FRAMES + 1) + zstd(b"x")])


def test_zstd_frames_that_hold_something_are_not_counted():
    assert decode(b"zstd", [zstd(b"x") * (MAX_EMPTY_ZSTD_FRAMES + 10)])


def test_a_zstd_window_at_the_limit_is_decoded():
    wire = zstd(ZEROS * 10, window_log=content_decoders.ZSTD_WINDOW_LOG)
    assert decode(b"zstd", [wire]) == ZEROS * 10


def test_a_zstd_window_over_the_limit_is_refused():
    wire = zstd(ZEROS * 20, window_log=content_decoders.ZSTD_WINDOW_LOG + 1)
    with pytest.raises(ClientPayloadError, match=r"not valid zstd: .*too much memory"):
        decode(b"zstd", [wire])


@pytest.mark.parametrize("window_bits", range(9, 16))
def test_deflate_with_any_window_is_told_from_raw(window_bits):
    for wire in (compressed(TEXT, window_bits), compressed(TEXT, -window_bits)):
        assert decode(b"deflate", [wire]) == TEXT
        assert decode(b"deflate", pieces_of(wire, 1)) == TEXT


def test_raw_deflate_of_stored_blocks():
    compressor = zlib.compressobj(0, zlib.DEFLATED, -15)
    wire = compressor.compress(TEXT) + compressor.flush()
    assert decode(b"deflate", pieces_of(wire, 1)) == TEXT


# --- bombs ---------------------------------------------------------------------------------------


@functools.cache
def bomb(name):
    """About 300 MB of zeros; for gzip 300 KB on the wire."""
    name, encode = ENCODERS[name]
    return name, encode(bytes(300_000_000))


# Brotli's window and buffers are 16 MiB, but not Python's memory; zstd's neither.
@pytest.mark.parametrize("name", ["gzip", "deflate", "raw-deflate", "br", "zstd", "gzip-gzip"])
def test_a_bomb_is_decoded_only_on_demand(name, backend):
    name, wire = bomb(name)
    decoder = decoder_for(name)
    decoder.decode(wire[:10], 1)  # imports
    tracemalloc.start()
    try:
        decoded = len(decoder.decode(wire[10:], 65_536))
        for _ in range(99):
            piece = decoder.decode(b"", 65_536)
            assert piece.count(0) == len(piece) == 65_536
            decoded += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert decoder.has_pending
    assert decoded == 100 * 65_536
    assert peak < 2_000_000


def test_much_input_and_little_output_is_not_quadratic():
    wire = gzip(random.Random(1).randbytes(20_000_000))
    decoder = decoder_for(b"gzip")
    decoder.decode(wire, 1)
    for _ in range(20_000):  # copying the rest each time would be 400 GB
        decoder.decode(b"", 10)
    assert decoder.has_pending
