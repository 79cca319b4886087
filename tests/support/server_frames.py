"""Frames of a WebSocket server, right and wrong, and a reader of those of a client."""

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, rsv=0, mask=None, length=None, form=None):
    """A frame; `length` is what the header says, `form` how many bytes it takes to say it."""
    length = len(payload) if length is None else length
    if form is None:
        form = 1 if length < 126 else 2 if length < 65536 else 8
    first = opcode | (0x80 if fin else 0) | rsv << 4
    second = 0x80 if mask else 0
    head = bytes([first, second | (length if form == 1 else {2: 126, 8: 127}[form])])
    if form > 1:
        head += length.to_bytes(form, "big")
    if mask:
        payload = mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return head + payload


def text(words, **options):
    return frame(TEXT, words.encode() if isinstance(words, str) else words, **options)


def close(code=1000, reason=b""):
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


def received_by(reader, piece):
    """What a reader makes of a piece that comes as over a link: into its room, if it has some."""
    events = []
    while piece and (room := reader.room()) is not None:
        size = min(len(room), len(piece))
        room[:size] = piece[:size]
        events += reader.feed(room[:size])
        piece = piece[size:]
    return events + reader.feed(piece)


def parse(data):
    """What a client sent: (first byte, mask, payload) of each frame. A reader of its own."""
    found = []
    while data:
        first, second, data = data[0], data[1], data[2:]
        assert second & 0x80, "not masked"
        size, form = second & 0x7F, {126: 2, 127: 8}.get(second & 0x7F, 0)
        if form:
            size, data = int.from_bytes(data[:form], "big"), data[form:]
        key, payload, data = data[:4], data[4 : 4 + size], data[4 + size :]
        assert len(payload) == size
        found.append((first, key, bytes(b ^ key[i % 4] for i, b in enumerate(payload))))
    return found
