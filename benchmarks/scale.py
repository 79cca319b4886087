"""Client CPU time per request as things grow, against aiohttp.

Four axes, each with everything else held still:

* ``concurrency``: 1 to 10,000 requests at a time, each on a connection of its own that is kept;
* ``hosts``: requests to 1, 100 and 10,000 hosts in turn, each with a kept connection; names are
  known to the connector's resolver;
* ``cookies``: 0, 100 and 3,000 cookies in the jar, of other sites but for three, which are sent;
* ``body``: answers of 100 bytes to 1 GB, read in pieces as they come.

Every point is measured in a process of its own for each client, against a server of its own
(sized_server.py) on another core. What has to be opened is opened before; the rounds of the clients
alternate, and the table shows the median over them.

Limits: as of compare.py. With 10,000 connections much of the time is the kernel's, and cache misses
are a part of what grows.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import cores
import descriptors
import peers
import sized_server
from yarl import URL

#: Which values each axis takes.
AXES: dict[str, tuple[int, ...]] = {
    "concurrency": (1, 10, 100, 1_000, 10_000),
    "hosts": (1, 100, 10_000),
    "cookies": (0, 100, 3_000),
    "body": (100, 10_000, 1_000_000, 100_000_000, 1_000_000_000),
}
_SMALL_BODY = 200
_COOKIES_SENT = 3
_REQUESTS = 2_000  # of a round, of small bodies
_ROUND_BYTES = 200_000_000  # of a round, of large ones
_SPARE_DESCRIPTORS = 100
_OPENED_AT_ONCE = 200

Request = Callable[[], Awaitable[None]]


def _resolver(module: Any) -> Any:
    """Knows every name, and gives the address of the server."""

    class Resolver(module.AbstractResolver):  # type: ignore[misc]  # known when it is loaded
        async def resolve(
            self, host: str, port: int = 0, family: int = socket.AF_INET
        ) -> list[dict[str, object]]:
            return [
                {
                    "hostname": host,
                    "host": "127.0.0.1",
                    "port": port,
                    "family": socket.AF_INET,
                    "proto": 0,
                    "flags": socket.AI_NUMERICHOST,
                }
            ]

        async def close(self) -> None:
            pass

    return Resolver()


class _Client:
    """One session that does what an axis asks for."""

    def __init__(self, peer: str, axis: str, value: int, port: int) -> None:
        self._module = module = peers.load(peer)
        if peer == "aiohttp":
            module.AbstractResolver = module.abc.AbstractResolver
        self._port = port
        size = value if axis == "body" else _SMALL_BODY
        hosts = value if axis == "hosts" else 1
        self._urls = [f"http://host{number}.test:{port}/{size}" for number in range(hosts)]
        self._size = size
        self.lanes = value if axis == "concurrency" else 1
        self._cookies = value if axis == "cookies" else 0
        self.requests = max(_REQUESTS, 2 * self.lanes, hosts)
        if axis == "body":
            self.requests = max(1, min(_REQUESTS, _ROUND_BYTES // size))

    async def open(self) -> None:
        module = self._module
        connector = module.TCPConnector(
            limit=0, keepalive_timeout=3600, resolver=_resolver(module), ttl_dns_cache=None
        )
        timeout = module.ClientTimeout(total=None)
        self._session = module.ClientSession(connector=connector, timeout=timeout)
        sites = itertools.count()
        for number in range(self._cookies):
            host = "host0" if number < _COOKIES_SENT else f"site{next(sites) // 10}"
            self._session.cookie_jar.update_cookies(
                {f"name{number}": "a value as of a session, 32 chars"},
                URL(f"http://{host}.test/"),
            )
        for first in range(0, len(self._urls), _OPENED_AT_ONCE):
            urls = self._urls[first : first + _OPENED_AT_ONCE]
            await asyncio.gather(*(self._get(url) for url in urls))

    async def close(self) -> None:
        await self._session.close()

    async def _get(self, url: str) -> None:
        total = 0
        async with self._session.get(url) as resp:
            async for piece in resp.content.iter_any():
                total += len(piece)
        if total != self._size:
            raise RuntimeError(f"{total} bytes instead of {self._size}")

    async def _lane(self, urls: "itertools.cycle[str]", budget: "itertools.repeat[None]") -> None:
        for _ in budget:
            await self._get(next(urls))

    async def run(self, count: int) -> None:
        urls = itertools.cycle(self._urls)
        budget = itertools.repeat(None, count)  # one for all lanes: they share the work
        await asyncio.gather(*(self._lane(urls, budget) for _ in range(self.lanes)))


async def _rounds(client: _Client) -> None:
    """The client process: a round for every line on standard input."""
    await client.open()
    await client.run(client.requests)
    print(json.dumps({"ready": True}), flush=True)
    while sys.stdin.readline():
        start = time.process_time()
        await client.run(client.requests)
        seconds = (time.process_time() - start) / client.requests
        print(json.dumps({"seconds": seconds}), flush=True)
    await client.close()


class _Process:
    """A client process and its server."""

    def __init__(self, python: str, peer: str, axis: str, value: int, port: int) -> None:
        self.seconds: list[float] = []
        self._process = subprocess.Popen(
            [python, str(Path(__file__).resolve()), "client", peer, axis, str(value), str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            sys.exit("a client process ended")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def round(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        self.seconds.append(self._answer()["seconds"])

    def close(self) -> None:
        self._process.communicate()


def _measure(
    arguments: argparse.Namespace, usable: list[str], axis: str, value: int
) -> dict[str, float]:
    """Microseconds per request of each client at one point."""
    with contextlib.ExitStack() as stack:
        processes: dict[str, _Process] = {}
        for peer in usable:
            port = stack.enter_context(sized_server.serve(arguments.server_core))
            processes[peer] = _Process(arguments.python, peer, axis, value, port)
            stack.callback(processes[peer].close)
        order = list(processes.values())
        for _ in range(arguments.rounds):
            order.reverse()
            for process in order:
                process.round()
    return {peer: statistics.median(one.seconds) * 1e6 for peer, one in processes.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=peers.SESSIONS, default=peers.SESSIONS)
    parser.add_argument("--axes", nargs="+", choices=tuple(AXES), default=tuple(AXES))
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each client")
    parser.add_argument("--most", type=int, default=10**9, help="leave out larger values")
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of the client processes"
    )
    modes = parser.add_subparsers(dest="mode", help="the client process, started by this script")
    client = modes.add_parser("client")
    client.add_argument("peer", choices=peers.SESSIONS)
    client.add_argument("axis", choices=tuple(AXES))
    client.add_argument("value", type=int)
    client.add_argument("port", type=int)
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    allowed = descriptors.raise_limit()
    if arguments.mode == "client":
        client = _Client(arguments.peer, arguments.axis, arguments.value, arguments.port)
        asyncio.run(_rounds(client))
        return
    usable, versions = peers.probe(arguments.python, arguments.peers)
    client_core, arguments.server_core = cores.choose()
    if client_core is not None:
        os.sched_setaffinity(0, {client_core})  # inherited by the clients
    print(f"Python {versions['python']}, {versions['peers']}")
    print(f"{'axis':<12}  {'value':>13}  " + "  ".join(f"{peer + ' us':>12}" for peer in usable))
    results: dict[str, dict[int, dict[str, float]]] = {}
    for axis in arguments.axes:
        for value in AXES[axis]:
            if value > arguments.most:
                continue
            if axis in ("concurrency", "hosts") and value + _SPARE_DESCRIPTORS > allowed:
                print(f"left out: {value} {axis}: only {allowed} descriptors are allowed")
                continue
            row = _measure(arguments, usable, axis, value)
            results.setdefault(axis, {})[value] = row
            figures = "  ".join(f"{row[peer]:>12,.1f}" for peer in usable)
            print(f"{axis:<12}  {value:>13,}  {figures}", flush=True)
    print(json.dumps({"benchmark": "scale", **versions, "results": results}))


if __name__ == "__main__":
    main()
