"""Text, limits, compressed messages, and messages in pieces."""

import tracemalloc

import pytest
from server_frames import BINARY, CONTINUATION, PING, TEXT, close, frame, received_by, text

from aioclient._websocket.messages import CompressedMessage, EventType, Fragment, WSMsgType

# --- UTF-8 (RFC 6455 section 8.1, RFC 3629) ---------------------------------------------------

GOOD_TEXTS = [
    "κόσμε",
    "\0\x7f\x80\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0010ffff",
    "😀" * 40,
]
# Each with how many of its bytes can be the start of a text.
BAD_TEXTS = [
    (b"\x80", 0),
    (b"a\xbf", 1),
    (b"\xc0\x80", 0),  # an overlong form
    (b"\xc1\xbf", 0),
    (b"\xe0\x80\x80", 1),
    (b"\xe0\x9f\xbf", 1),
    (b"\xf0\x80\x80\x80", 1),
    (b"\xf0\x8f\xbf\xbf", 1),
    (b"\xed\xa0\x80", 1),  # surrogates
    (b"\xed\xbf\xbf", 1),
    (b"\xed\xa0\xbd\xed\xb8\x80", 1),
    (b"\xf4\x90\x80\x80", 1),  # beyond U+10FFFF
    (b"\xf5\x80\x80\x80", 0),
    (b"\xff", 0),
    (b"abc\xe2\x82(", 5),
    (b"abcdefghijklmnop\xf0\x9f\x98 ", 19),
    (b"\xc3\xc3", 1),
]


@pytest.mark.parametrize("words", GOOD_TEXTS)
def test_every_character_may_be_in_a_text(words, check_at_every_cut):
    check_at_every_cut(text(words), [("text", words)])
    encoded = words.encode()
    for cut in range(len(encoded)):
        fragments = text(encoded[:cut], fin=False) + frame(CONTINUATION, encoded[cut:])
        check_at_every_cut(fragments, [("text", words)])


@pytest.mark.parametrize("decode_text", [True, False])
@pytest.mark.parametrize(("words", "good"), BAD_TEXTS)
def test_text_that_is_no_utf8_is_refused(words, good, decode_text, check_at_every_cut):
    for data in (text(words), text(words + b"x" * 40), text(words, fin=False)):
        check_at_every_cut(data, [("error", 1007)], decode_text=decode_text)


@pytest.mark.parametrize(("words", "good"), BAD_TEXTS)
def test_text_is_refused_at_the_first_byte_that_cannot_be_right(words, good, new_reader):
    data = frame(TEXT, words, length=1000, form=2)
    reader = new_reader()
    for byte in data[: 4 + good]:
        assert reader.feed(bytes([byte])) == []
    (event,) = reader.feed(data[4 + good : 5 + good])
    assert event.data.code == 1007


@pytest.mark.parametrize("cut", range(1, 12))
def test_an_error_names_the_byte_of_the_message_where_the_character_begins(cut, new_reader):
    data = text(b"abc", fin=False) + frame(CONTINUATION, b"d\xf0\x9f\x98x")
    reader = new_reader()
    *_, event = reader.feed(data[:cut]) + reader.feed(data[cut:])
    assert str(event.data) == "a text message is not UTF-8 at byte 4"


@pytest.mark.parametrize("start", [b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"abc\xf0"])
def test_a_text_that_ends_within_a_character_is_refused(start, check_at_every_cut):
    check_at_every_cut(text(start), [("error", 1007)])
    check_at_every_cut(text(start, fin=False) + frame(CONTINUATION), [("error", 1007)])


def test_a_reason_that_is_no_utf8_is_refused(check_at_every_cut):
    check_at_every_cut(close(1000, b"\xff"), [("error", 1007)])


# --- limits -----------------------------------------------------------------------------------


def test_a_message_as_large_as_the_limit_is_taken(check_at_every_cut):
    check_at_every_cut(frame(BINARY, b"x" * 300), [("binary", b"x" * 300)], max_msg_size=300)
    fragments = frame(BINARY, b"x" * 150, fin=False) + frame(CONTINUATION, b"x" * 150)
    check_at_every_cut(fragments, [("binary", b"x" * 300)], max_msg_size=300)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
@pytest.mark.parametrize("length", [301, 65535, 65536, 2**40, 2**63 - 1])
def test_a_larger_message_is_refused_when_its_header_is_there(opcode, length, new_reader):
    header = frame(opcode, length=length)
    reader = new_reader(max_msg_size=300)
    assert reader.feed(header[:-1]) == []
    (event,) = reader.feed(header[-1:])
    assert event.data.code == 1009
    assert f"{length} bytes or more, over the limit of 300" in str(event.data)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_the_limit_counts_all_fragments(opcode, check_at_every_cut):
    data = frame(opcode, b"x" * 150, fin=False) + frame(PING)
    data += frame(CONTINUATION, b"x" * 150, fin=False) + frame(CONTINUATION, fin=False)
    check_at_every_cut(
        data + frame(CONTINUATION, b"x"), [("ping", b""), ("error", 1009)], max_msg_size=300
    )


def test_a_new_message_is_counted_anew(check_at_every_cut):
    message = frame(BINARY, b"a", fin=False) + frame(CONTINUATION, b"b")
    check_at_every_cut(message * 5, [("binary", b"ab")] * 5, max_msg_size=2)


def test_a_limit_of_0_is_none(new_reader):
    reader = new_reader(max_msg_size=0)
    assert reader.feed(frame(BINARY, length=2**63 - 1)) == []
    assert reader.missing == 2**63 - 1


def test_a_very_large_limit_is_none(new_reader):
    assert new_reader(max_msg_size=2**80).feed(frame(BINARY, length=2**63 - 1)) == []


def test_a_negative_limit_is_refused(new_reader):
    with pytest.raises(ValueError, match="max_msg_size must not be negative, got -1"):
        new_reader(max_msg_size=-1)


def test_the_limit_is_4_mib_unless_one_is_given(new_reader):
    assert new_reader().feed(frame(BINARY, length=4 * 1024 * 1024)) == []
    assert new_reader().feed(frame(BINARY, length=4 * 1024 * 1024 + 1))[0].data.code == 1009


def test_endless_empty_fragments_take_no_memory(new_reader):
    reader = new_reader()
    reader.feed(text("a", fin=False))
    fragments = frame(CONTINUATION, fin=False) * 1000
    tracemalloc.start()
    try:
        for _ in range(100):
            assert reader.feed(fragments) == []
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000
    assert reader.feed(frame(CONTINUATION, b"b"))[0].data == "ab"


def test_a_length_that_is_only_promised_takes_little_memory(new_reader):
    tracemalloc.start()
    try:
        reader = new_reader(max_msg_size=0)
        reader.feed(frame(BINARY, b"some", length=2**40))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 1_100_000


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_large_message_may_be_received_where_it_is_put_together(opcode, new_reader):
    data = frame(opcode, bytes(range(128)) * 20_000)
    for first in (100, 100_000):
        reader = new_reader()
        assert reader.room() is None
        assert reader.feed(data[:first]) == []
        (message,) = received_by(reader, data[first:] + text("next"))[:1]
        assert message.data == (data[10:].decode() if opcode == TEXT else data[10:])
        assert reader.room() is None


def test_bad_text_is_found_where_it_was_received(new_reader):
    reader = new_reader()
    reader.feed(text(b"x" * 100, length=100_000))
    (error,) = received_by(reader, b"y" * 50 + b"\xff" + b"z" * 5000)
    assert error.data.code == 1007
    assert "at byte 150" in str(error.data)
    assert reader.room() is None


@pytest.fixture
def begun_reader(new_reader):
    """A reader with the start of a large message."""
    reader = new_reader()
    reader.feed(frame(BINARY, b"some", length=100_000))
    return reader


@pytest.fixture
def room(begun_reader, kind):
    if kind == "python":
        assert begun_reader.room() is None
        pytest.skip("this twin has no rooms")
    return begun_reader.room()


def test_there_is_no_room_for_what_is_given_in_pieces(begun_reader):
    begun_reader.stream_next()
    assert begun_reader.room() is None


def test_bytes_of_a_room_that_became_invalid_are_taken_as_any(begun_reader, room):
    begun_reader.stream_next()
    room[:5] = b"later"
    assert begun_reader.feed(room[:5])[0].data == b"later"


def test_the_bytes_of_a_room_may_be_fed_in_any_order(begun_reader, room):
    room[:10] = b"0123456789"
    begun_reader.feed(room[5:10])
    assert bytes(room[:10]) == b"5678956789"
    begun_reader.feed(room[2:8])
    assert begun_reader.stream_next()[0].data == b"some" + b"56789" + b"789567"


def test_a_room_outlives_its_reader(begun_reader, room):
    del begun_reader
    room[:] = b"x" * len(room)
    assert bytes(room) == b"x" * len(room)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_a_message_byte_by_byte_takes_little_more_memory_than_it_has_bytes(opcode, new_reader):
    data = frame(opcode, b"x" * 100_000)
    reader = new_reader()
    tracemalloc.start()
    try:
        events = [event for i in range(len(data)) for event in reader.feed(data[i : i + 1])]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(events[0].data) == 100_000
    assert most < 400_000


def test_the_reader_tells_how_much_of_a_frame_is_missing(new_reader):
    reader = new_reader()
    assert reader.missing == 0
    reader.feed(frame(BINARY, b"x" * 1000)[:4])
    assert reader.missing == 1000
    reader.feed(b"x" * 300)
    assert reader.missing == 700
    reader.feed(b"x" * 700)
    assert reader.missing == 0


# --- compressed messages (RFC 7692 section 6) -------------------------------------------------


def test_a_compressed_message_is_given_as_it_is(new_reader):
    data = text(b"\xff\x00", rsv=4) + frame(BINARY, b"\xfe", rsv=4, fin=False)
    data += frame(PING) + frame(CONTINUATION, b"\xfd") + text("plain")
    compressed_text, ping, compressed_binary, plain = new_reader(compressed=True).feed(data)
    assert compressed_text == (EventType.COMPRESSED, b"\xff\x00", True)
    assert compressed_binary == (EventType.COMPRESSED, b"\xfe\xfd", False)
    assert type(compressed_text) is type(compressed_binary) is CompressedMessage
    assert ping.type is WSMsgType.PING
    assert plain.data == "plain"


@pytest.mark.parametrize(
    "data",
    [
        frame(PING, rsv=4),
        text("a", fin=False) + frame(CONTINUATION, b"b", rsv=4),
        text("a", fin=False, rsv=4) + frame(CONTINUATION, b"b", rsv=4),
        text("a", rsv=6),
        text("a", rsv=5),
    ],
)
def test_only_the_first_frame_of_a_message_may_be_marked(data, check_at_every_cut):
    check_at_every_cut(data, [("error", 1002)], compressed=True)


def test_what_compression_may_lose_is_allowed_beyond_the_limit(check_at_every_cut):
    most = 800 + 100 + 64
    options = {"compressed": True, "max_msg_size": 800}
    good = frame(BINARY, b"x" * most, rsv=4)
    check_at_every_cut(good, [("compressed", b"x" * most)], **options)
    too_large = frame(BINARY, b"x" * (most + 1), rsv=4)
    check_at_every_cut(too_large, [("error", 1009)], **options)
    plain = frame(BINARY, b"x" * 801)
    check_at_every_cut(plain, [("error", 1009)], **options)


# --- messages in pieces -----------------------------------------------------------------------


def test_a_message_in_pieces_is_given_as_it_comes(new_reader):
    reader = new_reader(max_msg_size=10)
    assert reader.stream_next() == []
    data = frame(BINARY, b"x" * 100)
    assert reader.feed(data[:52]) == [(EventType.FRAGMENT, b"x" * 50, False, False, False)]
    (event,) = reader.feed(data[52:])
    assert event == (EventType.FRAGMENT, b"x" * 50, False, True, False)
    assert type(event) is Fragment


def test_only_the_next_message_is_given_in_pieces(check_at_every_cut):
    data = frame(PING) + text("aé", fin=False) + frame(PING) + frame(CONTINUATION, "ü".encode())
    expected = [("ping", b""), ("pieces", "aé", False), ("ping", b""), ("pieces", "ü", True)]
    check_at_every_cut(data + text("x"), [*expected, ("text", "x")], in_pieces=True)


def test_the_message_that_is_under_way_is_given_in_pieces(new_reader):
    reader = new_reader(max_msg_size=20)
    data = text("some words é", fin=False) + frame(CONTINUATION, b" and more" * 10)
    assert reader.feed(data[:14]) == []
    assert reader.stream_next() == [(EventType.FRAGMENT, "some words ", True, False, False)]
    assert reader.stream_next() == []
    events = reader.feed(data[14:])
    assert "".join(event.data for event in events) == "é" + " and more" * 10
    assert events[-1].is_final
    assert reader.feed(text("y")) == [(WSMsgType.TEXT, "y", "")]


def test_text_in_pieces_has_whole_characters(new_reader):
    reader = new_reader()
    reader.stream_next()
    data = text("😀😀")
    pieces = [event for i in range(len(data)) for event in reader.feed(data[i : i + 1])]
    assert [piece.data for piece in pieces] == ["😀", "😀"]
    assert [piece.is_final for piece in pieces] == [False, True]


def test_text_in_pieces_that_is_not_to_be_decoded_is_bytes_and_checked(new_reader):
    reader = new_reader(decode_text=False)
    reader.feed(text("é", fin=False)[:-1])
    events = reader.stream_next() + reader.feed(b"\xa9") + reader.feed(frame(CONTINUATION, b"\xff"))
    assert [event.data for event in events[:2]] == [b"\xc3", b"\xa9"]
    assert events[2].data.code == 1007


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_an_empty_message_in_pieces_is_its_end(opcode, check_at_every_cut):
    nothing = "" if opcode == TEXT else b""
    data = frame(opcode, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION)
    check_at_every_cut(data, [("pieces", nothing, True)], in_pieces=True)


def test_a_compressed_message_in_pieces_is_bytes_that_were_compressed(new_reader):
    reader = new_reader(compressed=True)
    reader.stream_next()
    data = text(b"\xff", rsv=4, fin=False) + frame(CONTINUATION, b"\xfe")
    assert reader.feed(data) == [
        (EventType.FRAGMENT, b"\xff", True, False, True),
        (EventType.FRAGMENT, b"\xfe", True, True, True),
    ]


def test_an_error_ends_a_message_in_pieces(check_at_every_cut):
    data = text("abc\n", fin=False) + text("x")
    check_at_every_cut(data, [("pieces", "abc\n", False), ("error", 1002)], in_pieces=True)
