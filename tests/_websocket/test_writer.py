"""Frames of a client: their form, their masks, and what must not be sent."""

import os

import pytest
from server_frames import parse

SIZES = [*range(20), 125, 126, 127, 255, 256, 383, 384, 385, 1000, 65535, 65536, 100_003]


def random_bytes(size):
    return os.urandom(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_frame_has_the_payload_masked(size, new_writer):
    payload = os.urandom(size)
    ((first, _, found),) = parse(new_writer().frame(2, payload))
    assert first == 0x82
    assert found == payload


@pytest.mark.parametrize(
    ("size", "header"),
    [
        (0, "82 80"),
        (125, "82 fd"),
        (126, "82 fe 007e"),
        (65535, "82 fe ffff"),
        (65536, "82 ff 0000000000010000"),
    ],
)
def test_a_length_has_its_shortest_form(size, header, new_writer):
    data = new_writer().frame(2, b"x" * size)
    assert data.startswith(bytes.fromhex(header))
    assert len(data) == len(bytes.fromhex(header)) + 4 + size


@pytest.mark.parametrize("opcode", [0, 1, 2])
@pytest.mark.parametrize("is_final", [True, False])
def test_a_data_frame_may_be_a_fragment(opcode, is_final, new_writer):
    ((first, _, _),) = parse(new_writer().frame(opcode, b"x", is_final))
    assert first == opcode | (0x80 if is_final else 0)


@pytest.mark.parametrize("opcode", [1, 2])
def test_the_first_frame_of_a_compressed_message_is_marked(opcode, new_writer):
    data = new_writer().frame(opcode, b"x", is_compressed=True)
    data += new_writer().frame(opcode, b"x", False, True)
    assert [first for first, _, _ in parse(data)] == [0xC0 | opcode, 0x40 | opcode]


@pytest.mark.parametrize(
    "make", [bytes, bytearray, memoryview, lambda data: memoryview(data)[::-1]]
)
def test_a_payload_may_be_any_bytes(make, new_writer):
    payload = make(b"some bytes")
    assert parse(new_writer().frame(2, payload))[0][2] == bytes(payload)


@pytest.mark.parametrize("words", ["", "plain", "é" * 100, "κόσμε", "😀\0", "x" * 70000])
def test_a_text_becomes_utf8(words, new_writer):
    assert parse(new_writer().frame(1, words))[0][2] == words.encode()


def test_a_text_of_a_subclass_of_str_is_taken(new_writer):
    class Words(str):
        __slots__ = ()

    assert parse(new_writer().frame(1, Words("words")))[0][2] == b"words"


# --- masks (RFC 6455 sections 5.3, 10.3) ------------------------------------------------------


def test_each_frame_has_its_own_random_key(new_writer):
    given = []

    def random(size):
        given.append(os.urandom(size))
        return given[-1]

    writer = new_writer(random)
    assert not given  # a connection that sends nothing needs none
    data = b"".join(writer.frame(2, b"\0" * 4) for _ in range(1000))
    keys = [key for _, key, _ in parse(data)]
    joined = b"".join(given)
    assert keys == [joined[i : i + 4] for i in range(0, 4000, 4)]


def test_two_writers_have_different_keys(new_writer):
    frames = {new_writer().frame(2, b"\0" * 8) for _ in range(50)}
    assert len(frames) == 50


def test_too_few_random_bytes_are_refused(new_writer):
    writer = new_writer(lambda size: b"abc")
    for _ in range(2):
        with pytest.raises(ValueError, match="asked for 512 random bytes, got 3"):
            writer.frame(2, b"x")


def test_what_random_bytes_cannot_be_had_for_is_raised(new_writer):
    def random(size):
        raise OSError("no entropy")

    with pytest.raises(OSError, match="no entropy"):
        new_writer(random).frame(2, b"x")


# --- what must not be sent --------------------------------------------------------------------


@pytest.mark.parametrize("opcode", [-1, 3, 7, 11, 15, 16, 129, 256, 2**70])
def test_a_reserved_opcode_is_refused(opcode, new_writer):
    with pytest.raises(ValueError, match=f"no frame has the opcode {opcode} "):
        new_writer().frame(opcode, b"")


@pytest.mark.parametrize("opcode", [8, 9, 10])
def test_a_control_frame_is_short_and_whole(opcode, new_writer):
    writer = new_writer()
    assert len(writer.frame(opcode, b"x" * 125)) == 131
    with pytest.raises(ValueError, match="can have 125 bytes, not 126"):
        writer.frame(opcode, b"x" * 126)
    with pytest.raises(ValueError, match="cannot be fragmented"):
        writer.frame(opcode, b"", is_final=False)


@pytest.mark.parametrize("opcode", [0, 8, 9, 10])
def test_only_the_first_frame_of_a_message_is_marked_as_compressed(opcode, new_writer):
    with pytest.raises(ValueError, match=f"opcode {opcode} cannot begin a compressed message"):
        new_writer().frame(opcode, b"", is_compressed=True)


@pytest.mark.parametrize("payload", [5, None, ["a"], object()])
def test_what_is_no_bytes_is_refused(payload, new_writer):
    with pytest.raises(TypeError):
        new_writer().frame(2, payload)


def test_text_that_utf8_cannot_have_is_refused(new_writer):
    with pytest.raises(UnicodeEncodeError):
        new_writer().frame(1, "\ud800")
