"""What frames become, and what is no frame (RFC 6455 section 5)."""

import pytest
from server_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close, frame, text

from aioclient._websocket.messages import (
    WSMessageBinary,
    WSMessageClose,
    WSMessagePing,
    WSMessagePong,
    WSMessageText,
    WSMessageTextBytes,
    WSMsgType,
)

# --- what is right ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
def test_a_message_in_one_frame_is_given_whole(size, check_at_every_cut):
    data = bytes(i % 251 for i in range(size))
    check_at_every_cut(frame(BINARY, data), [("binary", data)])
    check_at_every_cut(text("x" * size), [("text", "x" * size)])


def test_events_are_the_messages_that_a_caller_sees(new_reader):
    data = text("ü") + frame(BINARY, b"b") + frame(PING, b"1") + frame(PONG, b"2") + close(1000)
    events = new_reader().feed(data)
    assert [type(event) for event in events] == [
        *(WSMessageText, WSMessageBinary, WSMessagePing, WSMessagePong, WSMessageClose)
    ]
    assert events == [
        (WSMsgType.TEXT, "ü", ""),
        (WSMsgType.BINARY, b"b", ""),
        (WSMsgType.PING, b"1", ""),
        (WSMsgType.PONG, b"2", ""),
        (WSMsgType.CLOSE, 1000, ""),
    ]
    assert all(type(event.type) is WSMsgType for event in events)


def test_text_that_is_not_to_be_decoded_is_given_as_bytes(new_reader, check_at_every_cut):
    check_at_every_cut(text("ü"), [("text", "ü".encode())], decode_text=False)
    fragments = text("ü", fin=False) + frame(CONTINUATION, b"x")
    check_at_every_cut(fragments, [("text", "üx".encode())], decode_text=False)
    assert type(new_reader(decode_text=False).feed(text("a"))[0]) is WSMessageTextBytes


def test_fragments_are_put_together(check_at_every_cut):
    data = text("a", fin=False) + frame(CONTINUATION, b"b", fin=False) + frame(CONTINUATION, b"c")
    check_at_every_cut(data + text("d"), [("text", "abc"), ("text", "d")])


def test_a_character_may_be_cut_between_fragments(check_at_every_cut):
    first, second = "a😀b".encode()[:3], "a😀b".encode()[3:]
    check_at_every_cut(
        frame(TEXT, first, fin=False) + frame(CONTINUATION, second), [("text", "a😀b")]
    )


def test_control_frames_come_between_fragments(check_at_every_cut):
    data = frame(BINARY, b"a", fin=False) + frame(PING, b"p") + frame(PONG)
    data += frame(CONTINUATION, b"", fin=False) + frame(PING, b"q") + frame(CONTINUATION, b"b")
    expected = [("ping", b"p"), ("pong", b""), ("ping", b"q"), ("binary", b"ab")]
    check_at_every_cut(data, expected)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_messages_and_fragments_may_be_empty(opcode, check_at_every_cut):
    kind, nothing = ("text", "") if opcode == TEXT else ("binary", b"")
    data = frame(opcode, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION)
    check_at_every_cut(data + frame(opcode), [(kind, nothing), (kind, nothing)])


def test_control_frames_have_up_to_125_bytes(check_at_every_cut):
    check_at_every_cut(frame(PING, b"x" * 125), [("ping", b"x" * 125)])


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, *range(1007, 1015), 3000, 3999, 4000, 4999]
)
def test_a_close_frame_gives_its_code_and_reason(code, check_at_every_cut):
    check_at_every_cut(close(code, "adé".encode()), [("close", code, "adé")])


def test_a_close_frame_without_code_has_1005(check_at_every_cut):
    check_at_every_cut(frame(CLOSE), [("close", 1005, "")])


def test_nothing_is_reported_after_a_close(check_at_every_cut, new_reader):
    check_at_every_cut(close() + text("x") + b"\xff" * 20, [("close", 1000, "")])
    reader = new_reader()
    reader.feed(frame(BINARY, b"a", fin=False) + close() + text("x"))
    assert reader.is_over
    assert reader.missing == 0
    assert reader.feed(text("x")) == reader.stream_next() == []


@pytest.mark.parametrize("kind_of_buffer", [bytes, bytearray, memoryview])
def test_nothing_refers_to_the_buffer_that_was_fed(kind_of_buffer, new_reader):
    data = frame(BINARY, b"a" * 300) + frame(PING, b"ping") + text("b" * 10, fin=False)[:-3]
    reader = new_reader()
    buffer = bytearray(data)
    fed = kind_of_buffer(buffer)
    events = reader.feed(fed)
    if kind_of_buffer is memoryview:
        fed.release()
    buffer[:] = b"z" * len(buffer)
    buffer.clear()
    events += reader.feed(b"bbb" + frame(CONTINUATION, b"c"))
    assert [event.data for event in events] == [b"a" * 300, b"ping", "b" * 10 + "c"]


# --- what is wrong ----------------------------------------------------------------------------

WRONG = [
    # RFC 6455 section 5.2: reserved bits and opcodes
    *(frame(opcode, rsv=rsv) for opcode in (TEXT, BINARY, PING, CLOSE) for rsv in range(1, 8)),
    *(frame(opcode) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    # section 5.1: a server does not mask
    frame(TEXT, b"x", mask=b"abcd"),
    frame(PING, b"x", mask=b"abcd"),
    frame(CLOSE, b"", mask=b"\1\2\3\4"),
    # section 5.5: control frames are short and whole
    *(frame(opcode, b"x" * 126) for opcode in (CLOSE, PING, PONG)),
    *(frame(opcode, b"xx", form=2) for opcode in (CLOSE, PING, PONG)),
    *(frame(opcode, b"x" * 70000) for opcode in (CLOSE, PING, PONG)),
    *(frame(opcode, fin=False) for opcode in (CLOSE, PING, PONG)),
    # section 5.4: a continuation belongs to a message, in which no other begins
    frame(CONTINUATION),
    frame(CONTINUATION, fin=False),
    text("a") + frame(CONTINUATION),
    text("a", fin=False) + text("b"),
    text("a", fin=False) + frame(BINARY, b"b", fin=False),
    # section 5.2: a length is in its shortest form and fits in 63 bits
    *(frame(BINARY, b"x" * size, form=2) for size in (0, 1, 125)),
    *(frame(BINARY, b"x" * size, form=8) for size in (0, 125, 126, 65535)),
    frame(BINARY, b"x", length=2**63, form=8),
    frame(BINARY, b"x", length=2**64 - 1, form=8),
    # sections 5.5.1 and 7.4: close codes
    frame(CLOSE, b"\3"),
    *(close(code) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535)),
]


@pytest.mark.parametrize("data", WRONG, ids=lambda data: data[:12].hex())
def test_a_frame_that_breaks_a_rule_is_a_protocol_error(data, check_at_every_cut):
    events = [("text", "a")] if data.startswith(text("a")) else []
    check_at_every_cut(data + text("x"), [*events, ("error", 1002)])


def test_what_came_before_an_error_is_reported(check_at_every_cut):
    expected = [("text", "a"), ("ping", b"b"), ("error", 1002)]
    check_at_every_cut(text("a") + frame(PING, b"b") + frame(3) + text("c"), expected)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xb1", "reserved bits set: first byte 0xB1 (RFC 6455 section 5.2)"),
        (b"\xc1", "marked as compressed: first byte 0xC1"),
        (b"\x83", "reserved opcode 3"),
        (b"\x09", "a control frame is fragmented: opcode 9"),
        (b"\x80", "continues no message"),
        (b"\x01\x00\x81", "begins inside another: opcode 1"),
        (b"\x81\x80", "the server masks its frames"),
        (b"\x89\x7e", "more than 125 bytes: opcode 9"),
        (b"\x82\x7e\x00\x07", "length 7 of a frame is not in its shortest form"),
        (b"\x82\x7f" + b"\xff" * 8, "does not fit in 63 bits"),
        (b"\x88\x01", "half a code"),
        (close(1005), "has the code 1005"),
        (close(1000, b"ab\xff"), "reason for closing is not UTF-8 at byte 2"),
        (text(b"ab\xe2\x82("), "a text message is not UTF-8 at byte 2"),
        (text(b"ab", fin=False) + frame(0, b"c\xe2\x82"), "is not UTF-8 at byte 3"),
        (frame(2, length=11)[:2], "11 bytes or more, over the limit of 10 (max_msg_size)"),
    ],
)
def test_an_error_says_what_is_wrong_as_soon_as_it_shows(data, message, new_reader):
    *_, event = new_reader(max_msg_size=10).feed(data)
    assert event.type is WSMsgType.ERROR
    assert message in str(event.data)
