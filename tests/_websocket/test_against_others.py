"""Generated frames read by this reader, by websockets and by wsproto; ours read by their servers.

Some frames break a rule. What was received before, and whether it is refused, must be the same, but
for what `KNOWN` explains. AIOCLIENT_FUZZ_EXAMPLES=1000000 makes a long run.
"""

import os
import random

import pytest
import server_frames
from server_frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT

from aioclient._websocket.messages import WSMsgType

EXAMPLES = int(os.environ.get("AIOCLIENT_FUZZ_EXAMPLES", "3000"))
SEED = int(os.environ.get("AIOCLIENT_FUZZ_SEED", "1"))
REFUSED = "refused"

TEXTS = [b"", b"plain", "é".encode(), "😀κ".encode(), b"x" * 126, b"x" * 65536]
BAD_TEXTS = [b"\xff", b"\xc0\xaf", b"a\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ab\xe2\x82"]
# Not 1014, which wsproto does not know.
CLOSES = [b"", b"\x03\xe8", b"\x03\xe9bye", b"\x0b\xb8" + "é".encode(), b"\x03\xf3"]
BAD_CLOSES = [b"\x03", b"\x03\xe8\xff", b"\x03\xed", b"\x03\xee", b"\x00\x00", b"\x13\x88"]


def message(chance, opcode, data):
    """The message in some fragments, with control frames between them."""
    cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.choice([0, 0, 0, 1, 2])))
    parts = [data[i:j] for i, j in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    for i, part in enumerate(parts):
        yield server_frames.frame(opcode if i == 0 else 0, part, fin=i == len(parts) - 1)
        if i < len(parts) - 1 and chance.random() < 0.3:
            yield server_frames.frame(chance.choice([PING, PONG]), b"between")


def wrong(chance, rule):
    """What breaks this rule."""
    frame, control = server_frames.frame, chance.choice([PING, PONG])
    if rule == "opcode":
        return frame(chance.choice([3, 4, 7, 11, 15]))
    if rule == "reserved bits":
        return frame(chance.choice([TEXT, BINARY, PING]), b"x", rsv=chance.randint(1, 7))
    if rule == "whole control frames":
        return frame(chance.choice([PING, PONG, CLOSE]), b"\3\xe8", fin=False)
    if rule == "short control frames":
        return frame(control, b"x" * 126)
    if rule == "one message at a time":
        alone, second = frame(CONTINUATION, b"x"), frame(TEXT, b"x", fin=False) + frame(BINARY)
        return chance.choice([alone, second])
    if rule == "no mask":
        return frame(chance.choice([TEXT, PING]), b"x", mask=b"mask")
    if rule == "shortest form":
        return chance.choice([frame(BINARY, b"x", form=2), frame(BINARY, b"x" * 130, form=8)])
    if rule == "63 bits":
        return frame(BINARY, length=2**63 + 1, form=8)
    if rule == "close frame":
        return frame(CLOSE, chance.choice(BAD_CLOSES))
    return b"".join(message(chance, TEXT, chance.choice(BAD_TEXTS)))


RULES = ["opcode", "reserved bits", "whole control frames", "short control frames", "no mask"]
RULES += ["one message at a time", "shortest form", "63 bits", "close frame", "text"]
#: Rules that a peer does not enforce, or not in the part of it that reads here.
KNOWN = {
    "websockets": ["shortest form", "63 bits", "text"],  # text is looked at when it is received
    "wsproto": ["text"],  # waits for the last byte of a surrogate, as Python's decoder
}


def stream(chance):
    """What a server sends, and which rule its end breaks."""
    parts, rule = [], None
    for _ in range(chance.randint(0, 3)):
        opcode = chance.choice([TEXT, BINARY])
        parts += message(chance, opcode, chance.choice(TEXTS))
    ending = chance.choice(["close", "wrong", "none"])
    if ending == "close":
        parts.append(server_frames.frame(CLOSE, chance.choice(CLOSES)))
    elif ending == "wrong":
        rule = chance.choice(RULES)
        parts.append(wrong(chance, rule))
    return b"".join(parts), rule


def read_with_ours(reader_type, data):
    read = []
    for event in reader_type().feed(data):
        if event.type is WSMsgType.ERROR:
            read.append(REFUSED)
        elif event.type is WSMsgType.CLOSE:
            read.append((CLOSE, event.data, event.extra))
        else:
            data = event.data.encode() if event.type is WSMsgType.TEXT else event.data
            read.append((int(event.type), data))
    return read


def read_with_websockets(data):
    """Frames are put together here: that library does it where it decodes text."""
    pytest.importorskip("websockets")
    from websockets.client import ClientProtocol
    from websockets.frames import Close
    from websockets.protocol import State
    from websockets.uri import parse_uri

    protocol = ClientProtocol(parse_uri("ws://x/"), state=State.OPEN, max_size=None)
    protocol.receive_data(data)
    read, parts, kind = [], b"", 0
    for frame in protocol.events_received():
        if frame.opcode == CLOSE:
            close = Close.parse(frame.data)
            read.append((CLOSE, close.code, close.reason))
        elif frame.opcode > CLOSE:
            read.append((int(frame.opcode), bytes(frame.data)))
        else:
            kind = kind if frame.opcode == CONTINUATION else int(frame.opcode)
            parts += frame.data
            if frame.fin:
                read.append((kind, parts))
                parts = b""
    return [*read, REFUSED] if protocol.parser_exc else read


def read_with_wsproto(data):
    pytest.importorskip("wsproto")
    from wsproto.frame_protocol import FrameProtocol, ParseFailed

    protocol = FrameProtocol(client=True, extensions=[])
    read, parts = [], b""
    try:
        protocol.receive_bytes(data)
        for frame in protocol.received_frames():
            payload = frame.payload
            if frame.opcode == CLOSE:
                code, reason = payload
                read.append((CLOSE, int(code), reason or ""))
                break  # what comes after it is not looked at
            if frame.opcode > CLOSE:
                read.append((int(frame.opcode), bytes(payload)))
                continue
            parts += payload.encode() if isinstance(payload, str) else payload
            if frame.message_finished:
                read.append((int(frame.opcode), parts))
                parts = b""
    except ParseFailed:
        read.append(REFUSED)
    return read


READERS = {"websockets": read_with_websockets, "wsproto": read_with_wsproto}


@pytest.mark.parametrize("peer", READERS)
def test_others_read_the_same(peer, new_reader):
    chance = random.Random(SEED)
    for _ in range(EXAMPLES):
        data, rule = stream(chance)
        ours, theirs = read_with_ours(new_reader, data), READERS[peer](data)
        assert (ours[-1:] == [REFUSED]) == (rule is not None), data
        if rule in KNOWN[peer]:
            ours, theirs = ours[:-1], theirs[: len(ours) - 1]
        assert ours == theirs, data


@pytest.mark.parametrize("size", [0, 1, 4, 125, 126, 383, 384, 1000, 65535, 65536, 70001])
def test_servers_of_others_read_our_frames(size, new_writer):
    websockets = pytest.importorskip("websockets.server")
    from websockets.protocol import State

    wsproto = pytest.importorskip("wsproto.frame_protocol")
    writer = new_writer()
    payload = random.Random(size).randbytes(size)
    sent = writer.frame(BINARY, payload) + writer.frame(TEXT, "é" * (size // 2), is_final=False)
    sent += writer.frame(CONTINUATION, "x") + writer.frame(PING, b"ping")
    expected = [(BINARY, payload, True), (TEXT, "é".encode() * (size // 2), False)]
    expected += [(CONTINUATION, b"x", True), (PING, b"ping", True)]

    server = websockets.ServerProtocol(state=State.OPEN, max_size=None)
    server.receive_data(sent)
    assert server.parser_exc is None
    frames = [(f.opcode, bytes(f.data), f.fin) for f in server.events_received()]
    assert frames == expected

    protocol = wsproto.FrameProtocol(client=False, extensions=[])
    protocol.receive_bytes(sent)
    frames = list(protocol.received_frames())
    text = "".join(frame.payload for frame in frames if frame.opcode == TEXT)
    data = b"".join(frame.payload for frame in frames if frame.opcode == BINARY)
    assert (data, text) == (payload, "é" * (size // 2) + "x")
