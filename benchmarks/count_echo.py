"""Exact counts for one small WebSocket message and its echo: Python calls and loop turns.

The window is, on an open WebSocket, from before the message of 50 characters is sent to after the
same was received: a request of ``ws_echo_small`` (workloads.py), made by the driver in sockets.py,
whose own two functions are in the counts of all peers alike; picows has its listener's in addition.
calls.py says how they are counted. What picows does itself is compiled, and not seen.
"""

import argparse
import asyncio
import json
import platform
import sys
from pathlib import Path

import peers
import socket_server
from calls import MOST_TURNS, Counts, Profile, print_head, print_spans, usual_calls
from sockets import SOCKET_LIBRARIES
from workloads import WORKLOADS, Site

CHECKED = "aioclient"
WARM_UP = 200
MOST_CALLS = 30  # for --check
CLIENTS = ("floor", *peers.SESSIONS, *SOCKET_LIBRARIES)


async def _measure(peer: str, port: int, times: int, keep: bool, keep_c: bool) -> list[Counts]:
    results = []
    driver = peers.make_driver(peer, WORKLOADS["ws_echo_small"], Site(port), Path())
    await driver.open()
    (echo,) = driver.requests
    for number in range(WARM_UP + times):
        profile = Profile(keep, keep_c)
        if number >= WARM_UP:
            sys.setprofile(profile)
        try:
            await echo()
        finally:
            sys.setprofile(None)
        if number >= WARM_UP:
            results.append(profile.counts)
    await driver.close()
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=CLIENTS, default=CLIENTS, metavar="PEER")
    parser.add_argument("--times", type=int, default=10, help="windows to count")
    parser.add_argument(
        "--list", action="store_true", help="print the Python calls of the last window"
    )
    parser.add_argument("--list-c", action="store_true", help="print the C calls among them, too")
    parser.add_argument(
        "--check",
        action="store_true",
        help=f"fail if aioclient needs more than {MOST_TURNS} loop turns or {MOST_CALLS} calls",
    )
    arguments = parser.parse_args()
    if arguments.times < 1:
        parser.error("--times: at least 1")
    return arguments


def _count(arguments: argparse.Namespace) -> dict[str, list[Counts]]:
    keep = arguments.list or arguments.list_c
    results: dict[str, list[Counts]] = {}
    with socket_server.serve() as port:
        for peer in arguments.peers:
            try:
                results[peer] = asyncio.run(
                    _measure(peer, port, arguments.times, keep, arguments.list_c)
                )
            except peers.PeerMissing as exc:
                print(f"left out: {exc}")
    return results


def _check(by_peer: dict[str, list[Counts]]) -> None:
    if CHECKED not in by_peer:
        sys.exit(f"{CHECKED} was not counted")
    turns = max(counts.turns for counts in by_peer[CHECKED])
    calls = usual_calls(by_peer[CHECKED])
    if turns > MOST_TURNS or calls > MOST_CALLS:
        sys.exit(f"{calls} calls in {turns} loop turns: at most {MOST_CALLS} in {MOST_TURNS}")


def main() -> None:
    arguments = _arguments()
    by_peer = _count(arguments)
    for peer, counts in by_peer.items():
        if counts[-1].lines:
            print(f"\n{peer}, the calls of one echo in order:")
            print("\n".join(counts[-1].lines))
    versions = {peer: peers.version(peer) for peer in by_peer}
    print(f"\nPython {platform.python_version()}, {versions}")
    print_head("message")
    spans = print_spans("ws_echo", by_peer)
    print("(resumed: the part of the calls that are resumptions of a coroutine)")
    print(
        json.dumps(
            {
                "benchmark": "count_echo",
                "python": platform.python_version(),
                "peers": versions,
                "min_max": spans,
            }
        )
    )
    if arguments.check:
        _check(by_peer)


if __name__ == "__main__":
    main()
