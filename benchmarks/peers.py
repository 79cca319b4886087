"""The clients that are compared, behind one driver shape, and the client process.

Peers:

* ``aiohttp`` and ``aioclient``: one ClientSession with its default connector; every
  request is ``async with session.get(url) as resp:`` with the url a plain str. Both
  run the very same code;
* ``floor``: a bare asyncio.Protocol on as many kept connections as the workload has
  concurrent requests. It writes prebuilt request bytes, looks for the end of the head
  and for Content-Length in what came back, and resolves one future per request. It
  parses no fields, decodes no JSON, has no timeouts, no cookies and no pool: no client
  on asyncio's transports and futures can be much cheaper;
* ``floor_json``: the same, and the body goes through json.loads where the workload
  reads JSON. This is the bound for what the workload asks of a client.

Workloads:

* ``get_small_seq``: a JSON document of 200 bytes, one request after the other, body
  read with ``await resp.json()``;
* ``get_small_c64``: the same with 64 requests at a time, from 64 tasks;
* ``headers_heavy``: a response with 40 fields, 5 of them Set-Cookie, one request after
  the other, body read with ``await resp.read()``, and one field looked up. The url has
  the host name ``localhost``: aiohttp's cookie jar ignores the cookies of a host that
  is an IP address, which no real service is. So the cookies are stored and sent back.

The module is also the program of the client process which the other scripts start:
``versions`` (which peers this Python has), ``once`` (warm-up and a number of requests,
then exit) and ``rounds`` (stay, do a round per line on standard input).
"""

import argparse
import asyncio
import importlib
import importlib.metadata
import itertools
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

Request = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Workload:
    """What a client does: which path, how many at a time, what is read of each."""

    name: str
    host: str
    path: str
    concurrency: int
    reads: Literal["json", "body and one field"]


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("get_small_seq", "127.0.0.1", "/small", 1, "json"),
        Workload("get_small_c64", "127.0.0.1", "/small", 64, "json"),
        Workload("headers_heavy", "localhost", "/heavy", 1, "body and one field"),
    )
}
FLOORS = ("floor", "floor_json")
PEERS = (*FLOORS, "aiohttp", "aioclient")
REFERENCE = "aiohttp"


class PeerMissing(Exception):
    """The peer cannot be imported; the text says why."""


class Driver(Protocol):
    """One peer doing one workload; `requests` has one entry per concurrent lane."""

    requests: Sequence[Request]

    async def open(self) -> None: ...

    async def close(self) -> None: ...


def load(name: str) -> Any:
    """Import the client module of a peer."""
    try:
        module = importlib.import_module(name)
    except Exception as exc:  # a half-built package may raise anything
        raise PeerMissing(f"{name}: not usable ({type(exc).__name__}: {exc})") from exc
    if not hasattr(module, "ClientSession"):
        raise PeerMissing(f"{name}: not usable (no ClientSession in {module!r})")
    return module


def version(name: str) -> str:
    """The version of a peer that can be loaded."""
    if name in FLOORS:
        return "asyncio " + platform.python_version()
    module = load(name)
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(module, "__version__", "unknown"))


class SessionDriver:
    """aiohttp, or a client with the same API."""

    requests: Sequence[Request]

    def __init__(self, name: str, workload: Workload, port: int) -> None:
        self._module = load(name)
        self._url = f"http://{workload.host}:{port}{workload.path}"
        one = self._get_json if workload.reads == "json" else self._get_field
        self.requests = [one] * workload.concurrency

    async def open(self) -> None:
        self._session = self._module.ClientSession()
        async with self._session.get(self._url) as resp:
            document = await resp.json()
            if resp.status != 200 or document["id"] != 4711:
                raise RuntimeError(f"unexpected answer: {resp!r} {document!r}")

    async def close(self) -> None:
        await self._session.close()

    async def _get_json(self) -> None:
        async with self._session.get(self._url) as resp:
            await resp.json()

    async def _get_field(self) -> None:
        async with self._session.get(self._url) as resp:
            await resp.read()
            resp.headers["Content-Type"]


class _FloorConnection(asyncio.Protocol):
    """One kept connection. Knows the spelling `Content-Length: ` of nginx only."""

    _transport: asyncio.Transport
    _waiter: "asyncio.Future[bytes]"

    def __init__(self, request: bytes) -> None:
        self._loop = asyncio.get_running_loop()
        self._request = request
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._received:
            data = self._received + data
        head = data.find(b"\r\n\r\n")
        if head >= 0:
            start = data.find(b"Content-Length: ", 0, head) + 16
            length = int(data[start : data.find(b"\r\n", start)])
            if len(data) >= head + 4 + length:
                self._received = b""
                self._waiter.set_result(data[head + 4 :])
                return
        self._received = data

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_waiter") and not self._waiter.done():
            self._waiter.set_exception(exc or ConnectionResetError("closed"))

    async def get(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        await self._waiter

    async def get_json(self) -> None:
        self._waiter = self._loop.create_future()
        self._transport.write(self._request)
        json.loads(await self._waiter)

    def close(self) -> None:
        self._transport.close()


class FloorDriver:
    """The bare protocol, one connection per concurrent request."""

    requests: Sequence[Request]

    def __init__(self, workload: Workload, port: int, decode: bool) -> None:
        self._port = port
        self._decode = decode
        self._count = workload.concurrency
        # The field lines a client sends by default, so that the server does as much.
        self._request = (
            f"GET {workload.path} HTTP/1.1\r\n"
            f"Host: {workload.host}:{port}\r\n"
            "Accept: */*\r\n"
            "Accept-Encoding: gzip, deflate\r\n"
            "User-Agent: Python/3 floor\r\n"
            "\r\n"
        ).encode("ascii")

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._connections = [
            (
                await loop.create_connection(
                    lambda: _FloorConnection(self._request), "127.0.0.1", self._port
                )
            )[1]
            for _ in range(self._count)
        ]
        self.requests = [
            connection.get_json if self._decode else connection.get
            for connection in self._connections
        ]

    async def close(self) -> None:
        for connection in self._connections:
            connection.close()


def make_driver(peer: str, workload: Workload, port: int) -> Driver:
    if peer in FLOORS:
        decode = peer == "floor_json" and workload.reads == "json"
        return FloorDriver(workload, port, decode)
    return SessionDriver(peer, workload, port)


async def _lane(request: Request, budget: Iterable[None]) -> None:
    for _ in budget:
        await request()


async def _timed_lane(request: Request, budget: Iterable[None], seconds: list[float]) -> None:
    clock = time.perf_counter
    for _ in budget:
        start = clock()
        await request()
        seconds.append(clock() - start)


async def run(driver: Driver, count: int, seconds: list[float] | None = None) -> None:
    """Do `count` requests on all lanes; append the latency of each to `seconds`."""
    budget = itertools.repeat(None, count)  # one iterator: the lanes share the work
    lanes = [
        _lane(request, budget) if seconds is None else _timed_lane(request, budget, seconds)
        for request in driver.requests
    ]
    if len(lanes) == 1:
        await lanes[0]
    else:
        await asyncio.gather(*lanes)


async def _once(driver: Driver, warm_up: int, count: int) -> None:
    await driver.open()
    await run(driver, warm_up)
    os.getloadavg()  # the mark where instructions.py --profile begins,
    await run(driver, count)
    os.getloadavg()  # and ends
    await driver.close()


async def _rounds(driver: Driver, warm_up: int) -> None:
    await driver.open()
    await run(driver, warm_up)
    print(json.dumps({"ready": True}), flush=True)
    while line := sys.stdin.readline():
        # Uncounted: caches are cold, and idle connections may have been closed.
        await run(driver, max(20, 2 * len(driver.requests)))
        count = int(line)
        seconds: list[float] = []
        start_cpu, start = time.process_time(), time.perf_counter()
        await run(driver, count, seconds)
        cpu, wall = time.process_time() - start_cpu, time.perf_counter() - start
        result = {"count": count, "cpu": cpu, "wall": wall, "latencies": seconds}
        print(json.dumps(result), flush=True)
    await driver.close()


def _versions() -> dict[str, Any]:
    usable: dict[str, str] = {}
    missing: dict[str, str] = {}
    for name in PEERS:
        try:
            usable[name] = version(name)
        except PeerMissing as exc:
            missing[name] = str(exc)
    return {
        "python": platform.python_version(),
        "peers": usable,
        "missing": missing,
    }


def command(python: str, *arguments: str | int) -> list[str]:
    """The command line of the client process."""
    return [python, str(Path(__file__).resolve()), *map(str, arguments)]


def probe(python: str, wanted: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Which of the wanted peers `python` can use, and all versions.

    Prints a line for every peer that is left out.
    """
    answer = subprocess.run(command(python, "versions"), check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    for name in wanted:
        if name in found["missing"]:
            print(f"left out: {found['missing'][name]}", flush=True)
    peers = [name for name in wanted if name in found["peers"]]
    versions = {
        "python": found["python"],
        "peers": {name: found["peers"][name] for name in peers},
    }
    return peers, versions


def add_choice_arguments(parser: argparse.ArgumentParser) -> None:
    """The options which the measuring scripts have in common."""
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS, metavar="PEER")
    parser.add_argument(
        "--workloads",
        nargs="+",
        choices=tuple(WORKLOADS),
        default=tuple(WORKLOADS),
        metavar="WORKLOAD",
        help="of " + ", ".join(WORKLOADS),
    )
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of the client processes"
    )


def _settle_malloc() -> None:
    """Give all peers the same heap to start with.

    asyncio receives into a new buffer of 256 KiB. glibc takes blocks of that size from
    the kernel and gives them back, at two page faults and two system calls per answer,
    until a larger block has been freed once in the process; from then on it keeps them.
    Whether that has happened depends on what was imported (it has with aiohttp, it has
    not with the floor), and in a program of any size it has.
    """
    block = bytearray(1 << 20)
    del block


def main() -> None:
    parser = argparse.ArgumentParser(description="The client process.")
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("versions")
    for mode in ("once", "rounds"):
        sub = modes.add_parser(mode)
        sub.add_argument("peer", choices=PEERS)
        sub.add_argument("workload", choices=tuple(WORKLOADS))
        sub.add_argument("port", type=int)
        sub.add_argument("warm_up", type=int)
        if mode == "once":
            sub.add_argument("count", type=int)
    arguments = parser.parse_args()
    if arguments.mode == "versions":
        print(json.dumps(_versions()))
        return
    _settle_malloc()
    try:
        driver = make_driver(arguments.peer, WORKLOADS[arguments.workload], arguments.port)
    except PeerMissing as exc:
        sys.exit(str(exc))
    if arguments.mode == "once":
        asyncio.run(_once(driver, arguments.warm_up, arguments.count))
    else:
        asyncio.run(_rounds(driver, arguments.warm_up))


if __name__ == "__main__":
    main()
