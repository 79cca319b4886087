"""A program: what the twins do in several interpreters of one process, at once and in turn.

It prints, of each interpreter, whether its twins are compiled. Since Python 3.12 each has a GIL of
its own.
"""

import os
import sys
import threading

import aioclient
from aioclient._cookies.quote import quote_value, unquote_value
from aioclient._http.fields import to_multidict
from aioclient._http1.head_writer import write_request_head
from aioclient._http1.parser import ResponseParser
from aioclient._websocket.messages import WSMessageText, WSMsgType
from aioclient._websocket.reader import FrameReader
from aioclient._websocket.writer import FrameWriter

ROUNDS = 300
THREADS = 3
IN_TURN = 2  # the second finds what the first left behind
INSIDE = """
import sys
sys.path[:] = {path!r}
import twins_in_interpreters
twins_in_interpreters.work()
"""


def work() -> None:
    """Use every twin, and say which kind they are."""
    for turn in range(ROUNDS):
        parser = ResponseParser()
        parser.start("GET")
        head, body, _ = parser.feed(
            b"HTTP/1.1 200 OK\r\nX-Name-%d: a\r\nContent-Length: 2\r\n\r\nok" % turn
        )
        assert (head.status, head.content_length, body) == (200, b"2", b"ok")
        headers = to_multidict(head.field_section)
        assert list(headers.items()) == [(f"X-Name-{turn}", "a"), ("Content-Length", "2")]
        assert unquote_value(quote_value("a;b")) == "a;b"
        request = write_request_head("GET", "/", "a.example", b"A: b\r\n", b"")
        assert request == b"GET / HTTP/1.1\r\nHost: a.example\r\nA: b\r\n\r\n"
        assert FrameWriter(bytes).frame(1, "hello") == b"\x81\x85\0\0\0\0hello"
        assert FrameReader().feed(b"\x81\x05hello") == [WSMessageText(WSMsgType.TEXT, "hello", "")]
    twins = (ResponseParser, FrameReader, FrameWriter)
    assert {twin.__module__.endswith("_c") for twin in twins} == {aioclient.extensions_active()}
    os.write(1, f"{aioclient.extensions_active()}\n".encode())  # whole, whoever else writes


def main() -> None:
    try:
        import _interpreters as interpreters
    except ImportError:  # until Python 3.12
        import _xxsubinterpreters as interpreters
    failures = []

    def run() -> None:
        for _ in range(IN_TURN):
            own = interpreters.create()
            try:
                failure = interpreters.run_string(own, INSIDE.format(path=sys.path))
            except Exception as error:  # until Python 3.12 it is raised
                failure = error
            interpreters.destroy(own)
            if failure is not None:
                failures.append(str(getattr(failure, "formatted", failure)))

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    work()  # what the others left does it no harm
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
