"""Exact counts for one warm GET or POST: Python calls, C calls and turns of the event loop.

The window is, on a kept connection, from before ``session.get(url)``, or before
``session.post(url, json=document)`` with a document of some 200 bytes, to after the
``async with`` block, with ``await resp.json()`` in it; "get_through" is the GET with one
middleware that does nothing. The counts come from sys.setprofile in the client's thread:

* calls: 'call' events. Everything in the window counts, the event loop's own functions
  too, and a coroutine counts each time it is entered: once when it starts and once more
  each time it is resumed;
* C calls: 'c_call' events;
* loop turns: 'call' events of the event loop's _run_once, that is how often the loop
  went round until the answer was there. The turn in which the request starts is not
  counted. Two is the least for a client that waits for a future: one turn receives the
  answer, the next one resumes the task.

The figures do not depend on the machine, but on the Python version (3.11 counts
comprehensions, later versions do not). Limits: code compiled by Cython or written in C
is not seen except for the calls into it that Python code makes; a count is no duration.

The answer to the request before the window is released in the window, when the name is
bound again, as in any loop over requests; what its ``__del__`` costs is counted.

The server is a thread of this script; it takes the body, if there is one, and sends 200
bytes of JSON in one piece.
"""

import argparse
import asyncio
import contextlib
import inspect
import json
import platform
import re
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any, TypeAlias

import bodies
import nginx
import peers

CHECKED = "aioclient"
WARM_UP = 20
MOST_TURNS = 2

COLUMNS = ("calls", "resumed", "c_calls", "turns")

Span: TypeAlias = tuple[int, int]  # least and most

_SUSPENDABLE = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_RUN_ONCE = "BaseEventLoop._run_once"
_LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """A request that is counted: a method of the session, and its options."""

    method: str
    options: dict[str, object]
    most_calls: int  # for --check
    session: dict[str, object] = field(default_factory=dict)  # options of the session


async def _pass_on(request: Any, handler: Any) -> Any:
    """A middleware that does nothing."""
    return await handler(request)


REQUESTS = {
    "get": Asked("get", {}, 120),
    "get_through": Asked("get", {}, 85, {"middlewares": (_pass_on,)}),
    "post_json": Asked("post", {"json": bodies.item()}, 100),
}


@dataclass
class Counts:
    """What happened during one request."""

    calls: int = 0
    resumed: int = 0
    c_calls: int = 0
    turns: int = 0
    lines: list[str] = field(default_factory=list)  # the calls in order, if wanted


class Profile:
    """A sys.setprofile function that counts, and keeps the calls if wanted."""

    def __init__(self, keep: bool, keep_c: bool) -> None:
        self.counts = Counts()
        self._keep = keep
        self._keep_c = keep_c
        self._depth = 0

    def __call__(self, frame: FrameType, event: str, arg: Any) -> None:
        counts = self.counts
        if event == "call":
            counts.calls += 1
            counts.turns += frame.f_code.co_qualname == _RUN_ONCE
            resumed = _resumed(frame)
            counts.resumed += resumed
            if self._keep:
                self._line(_place(frame.f_code) + ("  (resumed)" if resumed else ""))
            self._depth += 1
        elif event == "return":
            self._depth = max(0, self._depth - 1)
        elif event == "c_call" and arg is not sys.setprofile:
            counts.c_calls += 1
            if self._keep_c:
                self._line(f"C {getattr(arg, '__qualname__', arg)}")

    def _line(self, text: str) -> None:
        self.counts.lines.append("  " * self._depth + text)


def _resumed(frame: FrameType) -> bool:
    """Whether a coroutine or generator goes on, rather than starts.

    The frame stands at its RESUME instruction, whose argument says after what.
    """
    code = frame.f_code
    if not code.co_flags & _SUSPENDABLE:
        return False
    return code.co_code[frame.f_lasti + 1] & 3 != 0


def _place(code: CodeType) -> str:
    parts = code.co_filename.replace("\\", "/").split("/")
    return f"{code.co_qualname}  {'/'.join(parts[-3:])}:{code.co_firstlineno}"


async def _measure(
    module: Any, url: str, asked: Asked, times: int, keep: bool, keep_c: bool
) -> list[Counts]:
    results = []
    options = asked.options
    async with module.ClientSession(**asked.session) as session:
        ask = getattr(session, asked.method)
        for number in range(WARM_UP + times):
            profile = Profile(keep, keep_c)
            if number >= WARM_UP:
                sys.setprofile(profile)
            try:
                async with ask(url, **options) as resp:
                    document = await resp.json()
            finally:
                sys.setprofile(None)
            if resp.status != 200 or document["id"] != 4711:
                raise RuntimeError(f"unexpected answer: {resp!r} {document!r}")
            if number >= WARM_UP:
                results.append(profile.counts)
    return results


def _answer_requests(connection: socket.socket, response: bytes) -> None:
    received = b""
    with connection:
        while data := connection.recv(65536):
            received += data
            while (size := _request_size(received)) is not None:
                received = received[size:]
                connection.sendall(response)


def _request_size(received: bytes) -> int | None:
    """Of the first request, with its body; None if it is not all there."""
    head, end, rest = received.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    size = 0 if length is None else int(length[1])
    return len(head) + len(end) + size if end and len(rest) >= size else None


def _accept(listener: socket.socket, response: bytes) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # closed: the script is done
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_answer_requests, args=(connection, response), daemon=True).start()


@contextlib.contextmanager
def _server() -> Iterator[int]:
    body = nginx.small_document().encode("ascii")
    head = (
        "HTTP/1.1 200 OK\r\n"
        "Server: count_get\r\n"
        "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Connection: keep-alive\r\n"
        "\r\n"
    ).encode("ascii")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, head + body), daemon=True).start()
        yield listener.getsockname()[1]


def _span(values: list[int]) -> Span:
    return min(values), max(values)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    clients = tuple(peer for peer in peers.PEERS if peer not in peers.FLOORS)
    parser.add_argument("--peers", nargs="+", choices=clients, default=clients, metavar="PEER")
    parser.add_argument(
        "--requests", nargs="+", choices=tuple(REQUESTS), default=tuple(REQUESTS), metavar="REQUEST"
    )
    parser.add_argument("--times", type=int, default=10, help="windows to count")
    parser.add_argument(
        "--list", action="store_true", help="print the Python calls of the last window"
    )
    parser.add_argument("--list-c", action="store_true", help="print the C calls among them, too")
    limits = ", ".join(f"{asked.most_calls} calls ({name})" for name, asked in REQUESTS.items())
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"fail if aioclient needs more than {MOST_TURNS} loop turns, or {limits}",
    )
    arguments = parser.parse_args()
    if arguments.times < 1:
        parser.error("--times: at least 1")
    return arguments


def _failures(results: dict[str, dict[str, list[Counts]]]) -> list[str]:
    """What --check has to complain about."""
    failures = []
    for request, by_peer in results.items():
        if CHECKED not in by_peer:
            return [f"{CHECKED} was not counted"]
        counts = by_peer[CHECKED]
        turns = max(entry.turns for entry in counts)
        if turns > MOST_TURNS:
            failures.append(f"{request}: {turns} loop turns, at most {MOST_TURNS} allowed")
        calls = max(entry.calls for entry in counts)
        most_calls = REQUESTS[request].most_calls
        if calls > most_calls:
            failures.append(f"{request}: {calls} calls, at most {most_calls} allowed")
    return failures


def _count(arguments: argparse.Namespace) -> dict[str, dict[str, list[Counts]]]:
    """The counts of each kind of request by each peer."""
    modules = {}
    for peer in arguments.peers:
        try:
            modules[peer] = peers.load(peer)
        except peers.PeerMissing as exc:
            print(f"left out: {exc}")
    keep = arguments.list or arguments.list_c
    results: dict[str, dict[str, list[Counts]]] = {}
    with _server() as port:
        url = f"http://127.0.0.1:{port}/small"
        for request in arguments.requests:
            results[request] = {
                peer: asyncio.run(
                    _measure(
                        module, url, REQUESTS[request], arguments.times, keep, arguments.list_c
                    )
                )
                for peer, module in modules.items()
            }
    return results


def _print_spans(request: str, by_peer: dict[str, list[Counts]]) -> dict[str, dict[str, Span]]:
    """Print the rows of one kind of request; least and most of each column by peer."""
    spans: dict[str, dict[str, Span]] = {}
    for peer, counts in by_peer.items():
        spans[peer] = {
            column: _span([getattr(entry, column) for entry in counts]) for column in COLUMNS
        }
        cells = (str(low) if low == high else f"{low}-{high}" for low, high in spans[peer].values())
        print(f"{request:<11}  {peer:<10}" + "".join(f"  {cell:>9}" for cell in cells))
        if any(low != high for low, high in spans[peer].values()):
            print(f"{peer}: the counts differ between the {len(counts)} windows")
    return spans


def main() -> None:
    arguments = _arguments()
    results = _count(arguments)
    for request, by_peer in results.items():
        for peer, counts in by_peer.items():
            if counts[-1].lines:
                print(f"\n{peer}, the calls of one {request} in order:")
                print("\n".join(counts[-1].lines))
    versions = {peer: peers.version(peer) for by_peer in results.values() for peer in by_peer}
    print(f"\nPython {platform.python_version()}, {versions}")
    print(f"{'request':<11}  {'peer':<10}" + "".join(f"  {column:>9}" for column in COLUMNS))
    spans = {request: _print_spans(request, by_peer) for request, by_peer in results.items()}
    print("(resumed: the part of the calls that are resumptions of a coroutine)")
    print(
        json.dumps(
            {
                "benchmark": "count_get",
                "python": platform.python_version(),
                "peers": versions,
                "min_max": spans,
            }
        )
    )
    if arguments.check and (failures := _failures(results)):
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
