"""Readers of either kind, and what they make of bytes, in a form that is easy to compare."""

import random

import pytest
from server_frames import received_by

from aioclient._websocket.messages import EventType, WSMsgType


def summary(events):
    """Types with data, pieces joined, errors with their code."""
    short = []
    for event in events:
        if event.type is WSMsgType.ERROR:
            short.append(("error", event.data.code))
        elif event.type is WSMsgType.CLOSE:
            short.append(("close", event.data, event.extra))
        elif event.type is EventType.FRAGMENT:
            if short and short[-1][0] == "pieces" and not short[-1][2]:
                short[-1] = ("pieces", short[-1][1] + event.data, event.is_final)
            else:
                short.append(("pieces", event.data, event.is_final))
        else:
            short.append((event.type.name.lower(), event.data))
    return short


def cuts(data):
    """The same bytes whole, one by one, and in a few random ways."""
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    chance = random.Random(len(data))
    for _ in range(8):
        places = sorted(chance.choices(range(len(data) + 1), k=chance.randint(1, 6)))
        yield [data[i:j] for i, j in zip([0, *places], [*places, len(data)], strict=True)]


@pytest.fixture(scope="session")
def new_reader(twin, kind):
    return twin("_websocket.reader", kind).FrameReader


@pytest.fixture(scope="session")
def new_writer(twin, kind):
    return twin("_websocket.writer", kind).FrameWriter


@pytest.fixture(scope="session")
def check_at_every_cut(new_reader):
    """Frames give the expected events however their bytes are cut into pieces."""

    def check(data, expected, in_pieces=False, **options):
        for pieces in cuts(data):
            for feed in (new_reader.feed, received_by):
                reader = new_reader(**options)
                if in_pieces:
                    reader.stream_next()
                events = [event for piece in pieces for event in feed(reader, piece)]
                assert summary(events) == expected, pieces
                assert not reader.feed(b"\x81\x00") or expected[-1][0] not in ("error", "close")

    return check
