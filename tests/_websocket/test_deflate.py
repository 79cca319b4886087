"""Messages are compressed and inflated (RFC 7692 section 7.2)."""

import random
import threading
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aioclient import WebSocketError
from aioclient._websocket.deflate import MAX_FINAL_BLOCKS, Deflater, Inflater
from aioclient._websocket.deflate_offer import DeflateParameters

TAKEOVER = DeflateParameters()
NO_TAKEOVER = DeflateParameters(15, 15, True, True)
BOTH = pytest.mark.parametrize("parameters", [TAKEOVER, NO_TAKEOVER], ids=["takeover", "no"])
MIB = 1024 * 1024


def noise(size, letters=b"abcdefgh"):
    return bytes(random.Random(size).choices(letters, k=size))


def in_pieces(inflater, *pieces, max_length=MIB):
    """A message inflated piece by piece, `max_length` bytes at a time."""
    inflated = b""
    for number, piece in enumerate(pieces, 1):
        more = inflater.piece(piece, max_length, is_last=number == len(pieces))
        assert len(more) <= max_length
        inflated += more
        while inflater.has_pending:
            more = inflater.piece(b"", max_length)
            assert len(more) <= max_length
            inflated += more
    return inflated


def deflated_in_pieces(deflater, *pieces, flush=False):
    """What is to be sent for each piece of a message, and at its end."""
    return [*(deflater.piece(piece, flush=flush) for piece in pieces), deflater.finish()]


def code_of(data, *, parameters=TAKEOVER, max_size=0):
    """The code with which a message is refused."""
    with pytest.raises(WebSocketError) as caught:
        Inflater(parameters, max_size).inflate(data)
    return caught.value.code


# --- the examples of RFC 7692 section 7.2.3 ---------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "f2 48 cd c9 c9 07 00",  # 7.2.3.1: one compressed block
        "00 05 00 fa ff 48 65 6c 6c 6f 00",  # 7.2.3.3: one that is not compressed
        "f3 48 cd c9 c9 07 00 00",  # 7.2.3.4: one that is marked as the final one
        "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",  # 7.2.3.5: two
    ],
)
@BOTH
def test_an_example_of_the_rfc_says_hello(parameters, data):
    inflater = Inflater(parameters)
    for _ in range(3):
        assert inflater.inflate(bytes.fromhex(data)) == b"Hello"


def test_the_second_hello_of_the_rfc_refers_to_the_first():  # 7.2.3.2
    inflater = Inflater(TAKEOVER)
    assert inflater.inflate(bytes.fromhex("f2 48 cd c9 c9 07 00")) == b"Hello"
    assert inflater.inflate(bytes.fromhex("f2 00 11 00 00")) == b"Hello"


def test_the_fragments_of_the_rfc_are_one_message():  # 7.2.3.1
    inflater = Inflater(TAKEOVER)
    pieces = bytes.fromhex("f2 48 cd"), bytes.fromhex("c9 c9 07 00")
    assert in_pieces(inflater, *pieces) == b"Hello"


def test_the_empty_fragment_of_the_rfc_is_nothing():  # 7.2.3.6
    assert Inflater(TAKEOVER).inflate(b"\x00") == b""


def test_hello_is_compressed_as_in_the_rfc():
    deflater = Deflater(TAKEOVER, 6)
    assert deflater.deflate(b"Hello") == bytes.fromhex("f2 48 cd c9 c9 07 00")
    assert deflater.deflate(b"Hello") == bytes.fromhex("f2 00 11 00 00")


def test_without_takeover_hello_is_the_same_each_time():
    deflater = Deflater(NO_TAKEOVER, 6)
    for _ in range(3):
        assert deflater.deflate(b"Hello") == bytes.fromhex("f2 48 cd c9 c9 07 00")


# --- there and back ---------------------------------------------------------------------------

MESSAGES = st.lists(
    st.one_of(
        st.binary(max_size=200),
        st.builds(bytes.__mul__, st.binary(min_size=1, max_size=5), st.integers(0, 50_000)),
        st.builds(noise, st.integers(0, 70_000)),
    ),
    max_size=6,
)
PARAMETERS = st.builds(
    DeflateParameters, st.integers(8, 15), st.integers(8, 15), st.booleans(), st.booleans()
)


def swapped(parameters):
    """What the server inflates by."""
    client_bits, server_bits, client_flag, server_flag = parameters
    return DeflateParameters(server_bits, client_bits, server_flag, client_flag)


@given(MESSAGES, PARAMETERS, st.data())
def test_messages_come_back_as_they_were(messages, parameters, data):
    deflater = Deflater(parameters)
    inflater = Inflater(swapped(parameters), max(map(len, messages), default=0))
    for message in messages:
        level = data.draw(st.one_of(st.none(), st.integers(-1, 9)))
        assert inflater.inflate(deflater.deflate(message, level)) == message


@given(MESSAGES, PARAMETERS, st.data())
def test_messages_in_pieces_come_back_as_they_were(messages, parameters, data):
    deflater = Deflater(parameters)
    inflater = Inflater(swapped(parameters))
    for message in messages:
        cuts = sorted(data.draw(st.lists(st.integers(0, len(message)), max_size=4)))
        pieces = [message[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
        coded = deflated_in_pieces(deflater, *pieces, flush=data.draw(st.booleans()))
        max_length = data.draw(st.sampled_from([max(len(message) // 20, 1), 1000, 10 * MIB]))
        assert in_pieces(inflater, *coded, max_length=max_length) == message


@given(st.binary(max_size=300), st.integers(1, 10))
def test_a_message_split_anywhere_is_the_same(message, max_length):
    message *= 2
    inflater = Inflater(TAKEOVER)
    deflater = Deflater(TAKEOVER)
    data = deflater.deflate(message)
    for cut in range(len(data) + 1):
        assert in_pieces(inflater, data[:cut], data[cut:], max_length=max_length) == message
        data = deflater.deflate(message)


@BOTH
def test_a_message_byte_by_byte_is_the_same(parameters):
    inflater = Inflater(parameters)
    deflater = Deflater(parameters)
    for message in (b"", b"x", noise(500), bytes(5000)):
        data = deflater.deflate(message)
        pieces = [data[at : at + 1] for at in range(len(data))]
        assert in_pieces(inflater, b"", *pieces, b"") == message


@BOTH
def test_empty_messages_are_one_byte(parameters):
    deflater = Deflater(parameters)
    inflater = Inflater(parameters)
    assert [deflater.deflate(b"") for _ in range(3)] == [b"\x00"] * 3
    assert deflater.finish() == b"\x00"
    for message in (b"", b"full", b"", b"", b"full"):
        assert inflater.inflate(deflater.deflate(message)) == message


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_all_that_is_bytes_can_be_compressed(kind):
    data = Deflater(TAKEOVER).deflate(kind(b"some data"))
    assert Inflater(TAKEOVER).inflate(data) == b"some data"


# --- context ----------------------------------------------------------------------------------


def test_with_takeover_a_message_refers_to_those_before():
    deflater = Deflater(TAKEOVER)
    first, second = (deflater.deflate(noise(1000)) for _ in range(2))
    assert len(second) < len(first) / 10


def test_without_takeover_each_message_stands_alone():
    deflater = Deflater(NO_TAKEOVER)
    sizes = {len(deflater.deflate(noise(1000))) for _ in range(3)}
    assert len(sizes) == 1
    streamed = b"".join(deflated_in_pieces(deflater, noise(1000)))
    assert Inflater(NO_TAKEOVER).inflate(streamed) == noise(1000)


def test_without_takeover_a_message_cannot_refer_to_one_before():
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(NO_TAKEOVER)
    inflater.inflate(deflater.deflate(noise(1000)))
    with pytest.raises(WebSocketError, match="not valid") as caught:
        inflater.inflate(deflater.deflate(noise(1000)))
    assert caught.value.code == 1007


def test_after_a_message_of_another_level_the_next_ones_do_not_refer_past_it():
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(TAKEOVER)
    for size, level in ((1000, 1), (1500, 9), (1000, 9), (1000, 1), (1500, 1), (1000, 0)):
        assert inflater.inflate(deflater.deflate(noise(size), level)) == noise(size)


@BOTH
def test_each_message_has_its_level(parameters):
    deflater = Deflater(parameters)
    for level, is_small in ((1, True), (0, False), (9, True), (None, True), (0, False)):
        assert (len(deflater.deflate(bytes(1000), level)) < 100) is is_small


def test_a_message_that_passes_by_changes_nothing():
    # It is in the frames as it is, so it is not in the window of either side.
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(TAKEOVER)
    for _ in range(2):
        assert inflater.inflate(deflater.deflate(b"Hello")) == b"Hello"


def test_a_new_deflater_can_go_on_where_one_left_a_message_unsent():
    inflater = Inflater(TAKEOVER)
    deflater = Deflater(TAKEOVER)
    assert inflater.inflate(deflater.deflate(noise(1000))) == noise(1000)
    deflater.deflate(noise(2000))
    deflater = Deflater(TAKEOVER)
    assert inflater.inflate(deflater.deflate(noise(2000))) == noise(2000)


@pytest.mark.parametrize("bits", range(8, 16))
def test_no_message_looks_back_further_than_the_window(bits):
    deflater = Deflater(DeflateParameters(client_max_window_bits=bits))
    # With one byte of output at a time, the window is all that zlib can look back at.
    strict = zlib.decompressobj(-bits)
    block = noise(1 << max(bits - 3, 6))
    for message in (block * 3, bytes(3000), block + noise(1 << (bits - 1), bytes(range(256)))):
        for level in (None, 9):
            data = deflater.deflate(message, level) + b"\x00\x00\xff\xff"
            inflated = bytearray()
            while len(inflated) < len(message):
                inflated += strict.decompress(data, 1)
                data = strict.unconsumed_tail
            strict.decompress(data)
            assert inflated == message


def test_a_window_of_8_bits_still_compresses():
    assert len(Deflater(DeflateParameters(8)).deflate(bytes(10_000))) < 100


@pytest.mark.parametrize("level", [-2, 10, 99])
def test_a_level_that_zlib_does_not_have_is_refused(level):
    with pytest.raises(ValueError, match="level must be -1 to 9"):
        Deflater(TAKEOVER, level)
    deflater = Deflater(TAKEOVER)
    with pytest.raises(ValueError, match="level must be -1 to 9"):
        deflater.deflate(b"", level)
    with pytest.raises(ValueError, match="level must be -1 to 9"):
        deflater.piece(b"", level)
    assert Inflater(TAKEOVER).inflate(deflater.deflate(b"as ever")) == b"as ever"


# --- pieces -----------------------------------------------------------------------------------


def test_what_is_flushed_can_be_read_before_the_message_ends():
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(TAKEOVER)
    for word in (b"one ", b"two ", b"three "):
        assert inflater.piece(deflater.piece(word, flush=True), 100) == word
    assert inflater.piece(deflater.finish(), 100, is_last=True) == b""
    assert inflater.inflate(deflater.deflate(b"four")) == b"four"


@pytest.mark.parametrize("max_length", [1, 7, 1000])
def test_a_piece_gives_all_that_it_holds(max_length):
    data = Deflater(TAKEOVER).deflate(noise(300) + bytes(900) + noise(300))
    for end in range(len(data)):
        inflater = Inflater(TAKEOVER)
        inflated = inflater.piece(data[:end], max_length)
        while inflater.has_pending:
            inflated += inflater.piece(b"", max_length)
        assert inflated == zlib.decompressobj(-15).decompress(data[:end])


def test_a_level_is_chosen_for_a_message_in_pieces():
    deflater = Deflater(NO_TAKEOVER)
    coded = deflater.piece(bytes(1000), 0) + deflater.piece(bytes(1000)) + deflater.finish()
    assert len(coded) > 2000
    assert len(b"".join(deflated_in_pieces(deflater, bytes(2000)))) < 100


def test_two_messages_are_not_compressed_at_once():
    deflater = Deflater(TAKEOVER)
    deflater.piece(b"begun")
    with pytest.raises(RuntimeError, match="in pieces"):
        deflater.deflate(b"another")
    assert Inflater(TAKEOVER).inflate(deflater.finish()) == b"begun"


@pytest.mark.parametrize("taken", [{"data": b"x"}, {"data": b"", "is_last": True}])
def test_the_next_piece_waits_until_all_of_the_one_before_is_inflated(taken):
    inflater = Inflater(TAKEOVER)
    inflater.piece(Deflater(TAKEOVER).deflate(bytes(100)), 10)
    assert inflater.has_pending
    with pytest.raises(RuntimeError, match="the piece before"):
        inflater.piece(max_length=10, **taken)
    with pytest.raises(RuntimeError, match="the piece before"):
        inflater.inflate(b"x")


@pytest.mark.parametrize("max_length", [0, -1])
def test_a_piece_has_a_limit(max_length):
    with pytest.raises(ValueError, match="max_length must be at least 1"):
        Inflater(TAKEOVER).piece(b"\x00", max_length)


def test_a_message_that_came_in_pieces_may_be_followed_by_a_whole_one():
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(TAKEOVER)
    assert in_pieces(inflater, deflater.deflate(noise(500))) == noise(500)
    assert not inflater.has_pending
    assert inflater.inflate(deflater.deflate(noise(500))) == noise(500)


# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 100, 262_143, 262_144, 262_145, 700_000])
def test_a_message_of_max_size_is_taken_and_one_byte_more_is_refused(size):
    deflater = Deflater(NO_TAKEOVER)
    inflater = Inflater(NO_TAKEOVER, size)
    for content in (bytes, noise):
        assert inflater.inflate(deflater.deflate(content(size))) == content(size)
    with pytest.raises(WebSocketError, match=f"max_msg_size = {size} bytes") as caught:
        inflater.inflate(deflater.deflate(bytes(size + 1)))
    assert caught.value.code == 1009


def bomb(mebibytes):
    """A message of zeros."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Nothing in it refers to what is before, so it can be repeated.
    block = compressor.compress(bytes(MIB)) + compressor.flush(zlib.Z_FULL_FLUSH)
    return block * mebibytes + b"\x00"


def final_bomb(mebibytes):
    """The same in blocks that are marked as final."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (compressor.compress(bytes(MIB)) + compressor.flush()) * mebibytes + b"\x00"


@pytest.mark.parametrize("make", [bomb, final_bomb])
def test_a_bomb_is_refused_before_it_takes_more_memory_than_max_size(make):
    data = make(1024)
    assert len(data) < 2 * MIB
    inflater = Inflater(TAKEOVER, 4 * MIB)
    tracemalloc.start()
    try:
        with pytest.raises(WebSocketError) as caught:
            inflater.inflate(data)
        assert caught.value.code == 1009
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * MIB
    assert left < MIB / 4


def test_a_bomb_in_pieces_takes_no_more_memory_than_was_asked_for():
    data = bomb(64)
    inflater = Inflater(TAKEOVER)
    tracemalloc.start()
    try:
        size = len(inflater.piece(data, 65_536, is_last=True))
        while inflater.has_pending:
            size += len(inflater.piece(b"", 65_536))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size == 64 * MIB
    assert peak < MIB / 2


def test_without_a_limit_a_large_message_is_inflated():
    assert Inflater(TAKEOVER).inflate(bomb(20)) == bytes(20 * MIB)


# --- blocks marked as final -------------------------------------------------------------------

FINAL_HELLO = bytes.fromhex("f3 48 cd c9 c9 07 00")
EMPTY_FINAL = b"\x03\x00"


@BOTH
def test_blocks_may_follow_a_final_one(parameters):
    inflater = Inflater(parameters)
    data = FINAL_HELLO + FINAL_HELLO + bytes.fromhex("f2 48 cd c9 c9 07 00")
    for _ in range(2):
        assert inflater.inflate(data) == b"HelloHelloHello"
        assert in_pieces(inflater, *(data[at : at + 1] for at in range(len(data)))) == (
            b"HelloHelloHello"
        )


@BOTH
def test_the_empty_block_at_the_end_may_be_the_final_one(parameters):
    inflater = Inflater(parameters)
    for _ in range(2):
        assert inflater.inflate(b"\x01") == b""
        assert inflater.inflate(bytes.fromhex("f2 48 05 00 00 00 ff ff 01")) == b"He"


def test_what_is_behind_a_final_block_refers_to_nothing_before_it():
    inflater = Inflater(TAKEOVER)
    inflater.inflate(FINAL_HELLO + b"\x00")
    with pytest.raises(WebSocketError, match="not valid"):
        inflater.inflate(bytes.fromhex("f2 00 11 00 00"))


@pytest.mark.parametrize("behind", [b"", b"\xff", b"Hello", b"\x07", b"\x00\x00"])
def test_a_final_block_must_be_followed_by_blocks(behind):
    assert code_of(FINAL_HELLO + behind) == 1007


def test_final_blocks_are_counted_for_each_message():
    inflater = Inflater(TAKEOVER)
    for _ in range(2):
        assert inflater.inflate(EMPTY_FINAL * MAX_FINAL_BLOCKS + b"\x00") == b""
    with pytest.raises(WebSocketError, match="more final blocks than MAX_FINAL_BLOCKS"):
        inflater.inflate(EMPTY_FINAL * (MAX_FINAL_BLOCKS + 1) + b"\x00")


# --- what is not valid ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",  # section 7.2.3.6 has one byte for nothing
        b"\x07",  # a kind of block that there is not
        b"\xff" * 50,
        b"\x78\x9c\xcbH\xcd\xc9\xc9\x07\x00\x06,\x02\x15",  # with a header
        bytes.fromhex("f2 00 11 00 00"),  # refers to a message before the first
        bytes.fromhex("f2 48 cd c9 c9 07 00 00 00 ff ff"),  # with the tail that belongs away
    ],
)
@BOTH
def test_what_is_not_compressed_by_the_rules_is_refused_with_1007(parameters, data):
    assert code_of(data, parameters=parameters) == 1007


# Not level 0: its blocks have a length, so the tail can be the end of one that is cut off.
@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("message", [b"Hello", noise(300), bytes(3000), bytes(range(256)) * 2])
@BOTH
def test_a_message_cut_off_anywhere_is_refused_with_1007(parameters, message, level):
    data = Deflater(parameters).deflate(message, level)
    for end in range(len(data)):
        assert code_of(data[:end], parameters=parameters) == 1007
        with pytest.raises(WebSocketError):
            in_pieces(Inflater(parameters), data[:end], b"")


def outcome(inflate):
    """What `inflate` gives, or the code with which it refuses."""
    try:
        return inflate()
    except WebSocketError as error:
        return error.code


@given(st.binary(max_size=200), st.integers(1, 500), st.sampled_from([TAKEOVER, NO_TAKEOVER]))
def test_any_data_are_a_message_within_the_limit_or_refused(data, max_size, parameters):
    inflated = outcome(lambda: Inflater(parameters, max_size).inflate(data))
    assert inflated in (1007, 1009) or len(inflated) <= max_size


@given(st.data())
def test_a_message_in_which_a_byte_changed_is_the_same_whole_and_in_pieces(data):
    changed = bytearray(Deflater(TAKEOVER).deflate(noise(400) * 2))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    changed = bytes(changed)
    cut = data.draw(st.integers(0, len(changed)))
    whole = outcome(lambda: Inflater(TAKEOVER).inflate(changed))
    assert whole == outcome(
        lambda: in_pieces(Inflater(TAKEOVER), changed[:cut], changed[cut:], max_length=7)
    )


def test_after_an_error_it_is_raised_again():
    inflater = Inflater(TAKEOVER)
    with pytest.raises(WebSocketError, match="not valid") as first:
        inflater.inflate(b"\x07")
    assert not inflater.has_pending
    for again in (inflater.inflate, lambda data: inflater.piece(data, 100)):
        with pytest.raises(WebSocketError) as caught:
            again(b"\x00")
        assert caught.value is first.value


# --- threads, and other modules ---------------------------------------------------------------


def test_calls_may_come_from_different_threads():
    deflater = Deflater(TAKEOVER)
    inflater = Inflater(TAKEOVER)
    came = []

    def pass_on():
        came.append(inflater.inflate(deflater.deflate(noise(200_000))))

    for _ in range(4):
        thread = threading.Thread(target=pass_on)
        thread.start()
        thread.join()
    assert came == [noise(200_000)] * 4


@BOTH
def test_zlib_ng_can_take_the_place_of_zlib(parameters):
    zlib_ng = pytest.importorskip("zlib_ng.zlib_ng")
    deflater = Deflater(parameters, zlib=zlib_ng)
    inflater = Inflater(parameters, 100_000, zlib=zlib_ng)
    for message in (b"Hello", b"", noise(50_000), b"Hello", bytes(100_000)):
        data = deflater.deflate(message)
        assert inflater.inflate(data) == message
    with pytest.raises(WebSocketError, match="not valid"):
        inflater.inflate(b"\x07")
