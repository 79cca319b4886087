"""Threads that each have parsers and writers of their own do not disturb each other.

Where Python has no GIL, they run at once; what they share is what the twins keep for all: tables,
and the names of fields that were seen lately, of which here are more than are kept.
"""

import sys
import threading

import pytest

from aioclient._websocket.messages import WSMsgType

THREADS = 8
ROUNDS = 150
NAMES = 300  # more than `header_names` keeps
SMALLEST_SWITCH_S = 1e-6


@pytest.fixture(autouse=True)
def often_switched():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(SMALLEST_SWITCH_S)
    yield
    sys.setswitchinterval(interval)


def work(twin, kind, number):
    """What one thread does: the same for the same number, whoever does it beside it."""
    parser = twin("_http1.parser", kind).ResponseParser()
    fields = twin("_http.fields", kind)
    writing = twin("_http1.head_writer", kind)
    quoting = twin("_cookies.quote", kind)
    frames = twin("_websocket.writer", kind).FrameWriter(bytes)
    reader = twin("_websocket.reader", kind).FrameReader(1 << 20, compressed=False)
    done = []
    for turn in range(ROUNDS):
        name = f"X-Name-{(number * 7 + turn) % NAMES}"
        size = turn % 90
        parser.start("GET")
        head, *body = parser.feed(
            b"HTTP/1.1 200 OK\r\nServer: me\r\n%b: %d\r\nContent-Length: %d\r\n\r\n%b"
            % (name.encode(), number, size, b"x" * size)
        )
        done.append((head.status, [event for event in body if isinstance(event, bytes)]))
        done.append(fields.raw_pairs(head.field_section))
        done.append(sorted(fields.to_multidict(head.field_section).items()))
        done.append(writing.write_field_lines([(name, str(turn)), ("Accept", "*/*")]))
        done.append(quoting.unquote_value(quoting.quote_value(f'"{turn}é\\ {number}')))
        done.append(frames.frame(WSMsgType.TEXT, f"{number} {turn}"))
        text = f"{number}-{turn}".encode()
        (message,) = reader.feed(b"\x81" + bytes([len(text)]) + text)
        done.append(message.data)
    return done


def test_threads_get_what_one_alone_gets(twin, kind):
    alone = [work(twin, kind, number) for number in range(THREADS)]
    together = [None] * THREADS
    begin = threading.Barrier(THREADS)

    def run(number):
        begin.wait()
        together[number] = work(twin, kind, number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone
