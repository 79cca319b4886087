"""Exact counts for one warm GET or POST: Python calls, C calls and turns of the event loop.

The window is, on a kept connection, from before ``session.get(url)``, or before
``session.post(url, json=document)`` with a document of some 200 bytes, to after the
``async with`` block, with ``await resp.json()`` in it; "get_through" is the GET with one
middleware that does nothing. calls.py says how they are counted.

The answer to the request before the window is released in the window, when the name is
bound again, as in any loop over requests; what its ``__del__`` costs is counted.

The server is a thread of this script; it takes the body, if there is one, and sends 200
bytes of JSON in one piece.
"""

import argparse
import asyncio
import contextlib
import json
import platform
import re
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bodies
import nginx
import peers
from calls import MOST_TURNS, Counts, Profile, print_head, print_spans, usual_calls

CHECKED = "aioclient"
WARM_UP = 20

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
    "get": Asked("get", {}, 69),
    "get_through": Asked("get", {}, 83, {"middlewares": (_pass_on,)}),
    "post_json": Asked("post", {"json": bodies.item()}, 94),
}


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


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--peers",
        nargs="+",
        choices=peers.SESSIONS,
        default=peers.SESSIONS,
        metavar="PEER",
    )
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
        calls = usual_calls(counts)
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
    print_head("request")
    spans = {request: print_spans(request, by_peer) for request, by_peer in results.items()}
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
