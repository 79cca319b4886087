"""The clients that are compared, behind one driver shape, and the client process.

Peers:

* ``aiohttp`` and ``aioclient``: one ClientSession with its default connector, or with one that
  has ``force_close`` or the TLS context that the workload needs; every
  request is ``async with session.get(url) as resp:`` with the url a plain str, or
  ``session.post(url, data=...)``, or ``session.post(url, json=...)``. Both run the very same code;
* ``floor``: a bare asyncio protocol (floor.py): no client on asyncio's transports and
  futures can be much cheaper;
* ``floor_json``: the same, and the bodies go through json.loads and json.dumps where the
  workload reads or sends JSON. This is the bound for what the small workloads ask of a
  client, and is left out of the large ones;
* ``httpx``, ``niquests``, ``pyreqwest`` and ``curl_cffi``, in libraries.py: clients with an API of
  their own;
* ``picows`` and ``websockets``, which have a part in the WebSocket workloads only. There the
  drivers are those of sockets.py, for the peers above, too.

What they are made to do is in workloads.py.

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
import tempfile
import time
import zlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import bodies
import certificates
from floor import FloorDriver, Request
from libraries import LIBRARIES
from sockets import SOCKET_LIBRARIES, make_socket_driver
from workloads import (
    BIG_BYTES,
    PIECE_BYTES,
    SMALL_WORKLOADS,
    SOCKET_WORKLOADS,
    TEN_BYTES,
    TEXT_BYTES,
    WORKLOADS,
    Site,
    Workload,
)

FLOORS = ("floor", "floor_json")
SESSIONS = ("aiohttp", "aioclient")
PEERS = (*FLOORS, *SESSIONS, *LIBRARIES, *SOCKET_LIBRARIES)
REFERENCE = "aiohttp"
LOOPS = ("asyncio", "uvloop")
# With one of these installed, aioclient decodes gzip faster.
SPEEDUPS = ("isal.isal_zlib", "zlib_ng.zlib_ng")


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
    if name in SESSIONS and not hasattr(module, "ClientSession"):
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

    def __init__(self, name: str, workload: Workload, site: Site, path: Path) -> None:
        self._module = load(name)
        self._workload = workload
        self._authority = site.authority
        scheme = "http" if site.authority is None else "https"
        self._host = f"{scheme}://{workload.host}:{site.port}"
        self._url = self._host + workload.path
        self._path = path  # of the file to send
        self._piece = bodies.piece()
        self._item = bodies.item()
        one: Request = {
            "json": self._get_json,
            "send json": self._post_json,
            "field": self._get_field,
            "pieces": self._get_pieces,
            "read": self._get_file,
            "whole": self._get_whole,
            "send pieces": self._post_pieces,
            "send file": self._post_file,
        }[workload.does]
        self.requests = [one] * workload.concurrency

    async def open(self) -> None:
        if self._workload.zlib_only:
            self._module.set_zlib_backend(zlib)
        wishes: dict[str, object] = {}
        if self._workload.is_new:
            wishes["force_close"] = True
        if self._authority is not None:
            wishes["ssl"] = certificates.trusting(self._authority)
        connector = self._module.TCPConnector(**wishes) if wishes else None
        self._session = self._module.ClientSession(connector=connector)
        await self._check()

    async def close(self) -> None:
        await self._session.close()

    async def _check(self) -> None:
        """Look once at what is only counted afterwards."""
        does = self._workload.does
        if does in ("send pieces", "send file"):
            data = self._pieces() if does == "send pieces" else self._path.open("rb")
            async with self._session.post(f"{self._host}/checksum", data=data) as resp:
                answer = await resp.text()
                right = answer == f"{BIG_BYTES} {bodies.file_checksum():08x}"
        elif does == "send json":
            async with self._session.post(self._url, json=self._item) as resp:
                answer = await resp.json()
                length = len(json.dumps(self._item))
                right = answer["received"] == f"{length} application/json"
        elif does == "pieces":
            async with self._session.get(self._url) as resp:
                answer = 0
                async for piece in resp.content.iter_any():
                    answer = zlib.crc32(piece, answer)
                right = answer == bodies.file_checksum()
        elif does == "read":
            async with self._session.get(self._url) as resp:
                answer = zlib.crc32(await resp.read())
                right = answer == bodies.file_checksum(TEN_BYTES)
        elif does == "whole":
            async with self._session.get(self._url) as resp:
                answer = f'"{zlib.crc32(await resp.read()):08x}"'
                right = answer == resp.headers["ETag"]
        else:
            async with self._session.get(self._url) as resp:
                answer = await resp.json()
                right = answer["id"] == 4711
        if resp.status != 200 or not right:
            raise RuntimeError(f"unexpected answer: {resp!r} {answer!r}")

    async def _get_json(self) -> None:
        async with self._session.get(self._url) as resp:
            await resp.json()

    async def _post_json(self) -> None:
        async with self._session.post(self._url, json=self._item) as resp:
            await resp.json()

    async def _get_field(self) -> None:
        async with self._session.get(self._url) as resp:
            await resp.read()
            resp.headers["Content-Type"]

    async def _get_pieces(self) -> None:
        total = 0
        async with self._session.get(self._url) as resp:
            async for piece in resp.content.iter_any():
                total += len(piece)
        _expect(total, BIG_BYTES)

    async def _get_file(self) -> None:
        async with self._session.get(self._url) as resp:
            body = await resp.read()
        _expect(len(body), TEN_BYTES)

    async def _get_whole(self) -> None:
        async with self._session.get(self._url) as resp:
            body = await resp.read()
        _expect(len(body), TEXT_BYTES)

    async def _post_pieces(self) -> None:
        async with self._session.post(self._url, data=self._pieces()) as resp:
            answer = await resp.read()
        _expect(int(answer), BIG_BYTES)

    async def _post_file(self) -> None:
        with self._path.open("rb") as file:  # which aiohttp closes, too
            async with self._session.post(self._url, data=file) as resp:
                answer = await resp.read()
        _expect(int(answer), BIG_BYTES)

    async def _pieces(self) -> AsyncIterator[bytes]:
        piece = self._piece
        for _ in range(BIG_BYTES // PIECE_BYTES):
            yield piece


def _expect(size: int, expected: int) -> None:
    if size != expected:
        raise RuntimeError(f"{size} bytes instead of {expected}")


def make_driver(peer: str, workload: Workload, site: Site, path: Path) -> Driver:
    if workload.name in SOCKET_WORKLOADS:
        return make_socket_driver(peer, None if peer in FLOORS else load(peer), workload, site)
    if peer in FLOORS:
        decode = peer == "floor_json" and workload.does in ("json", "send json")
        return FloorDriver(workload, site, decode, path)
    if peer in LIBRARIES:
        return LIBRARIES[peer](load(peer), workload, site, path)
    return SessionDriver(peer, workload, site, path)


def takes_part(peer: str, workload: Workload) -> bool:
    """Has this peer something of its own to show there?"""
    if workload.name in SOCKET_WORKLOADS:
        return peer != "floor_json" and peer not in LIBRARIES
    if peer in SOCKET_LIBRARIES:
        return False
    if peer in LIBRARIES:
        return not workload.needs_speedups and workload.does not in LIBRARIES[peer].cannot
    return peer != "floor_json" or workload.name in SMALL_WORKLOADS


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


async def _rounds(driver: Driver, warm_up: int, settle: int) -> None:
    await driver.open()
    await run(driver, warm_up)
    print(json.dumps({"ready": True}), flush=True)
    while line := sys.stdin.readline():
        # Uncounted: caches are cold, and idle connections may have been closed.
        await run(driver, max(settle, 2 * len(driver.requests)))
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
        "speedups": next((name for name in SPEEDUPS if _can_import(name)), None),
    }


def _can_import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def command(python: str, *arguments: str | int) -> list[str]:
    """The command line of the client process."""
    return [python, str(Path(__file__).resolve()), *map(str, arguments)]


def client_command(
    python: str,
    mode: str,
    peer: str,
    workload: str,
    site: Site,
    *counts: int,
    loop: str = LOOPS[0],
) -> list[str]:
    """The command line of a client process that does a workload; counts as the mode takes them."""
    trust = () if site.authority is None else ("--authority", site.authority)
    return command(python, mode, peer, workload, site.port, *counts, *trust, "--loop", loop)


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
        "speedups": found["speedups"],
    }
    return peers, versions


def add_choice_arguments(parser: argparse.ArgumentParser, workloads: Sequence[str]) -> None:
    """The options which the measuring scripts have in common."""
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS, metavar="PEER")
    parser.add_argument(
        "--workloads",
        nargs="+",
        choices=workloads,
        default=workloads,
        metavar="WORKLOAD",
        help="of " + ", ".join(workloads),
    )
    parser.add_argument(
        "--python", default=sys.executable, help="the Python of the client processes"
    )


def _loop_factory(loop: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop; None for that of asyncio."""
    if loop == "asyncio":
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module(loop).new_event_loop
    return factory


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
        sub.add_argument("--authority", help="the file with the certificate of whom to trust")
        sub.add_argument("--loop", choices=LOOPS, default=LOOPS[0])
    arguments = parser.parse_args()
    if arguments.mode == "versions":
        print(json.dumps(_versions()))
        return
    _settle_malloc()
    workload = WORKLOADS[arguments.workload]
    with tempfile.TemporaryDirectory(prefix="bench-client-") as directory:
        path = Path(directory, "upload")
        if workload.does == "send file":
            bodies.write_file(path)
        try:
            site = Site(arguments.port, arguments.authority)
            driver = make_driver(arguments.peer, workload, site, path)
        except PeerMissing as exc:
            sys.exit(str(exc))
        with asyncio.Runner(loop_factory=_loop_factory(arguments.loop)) as runner:
            if arguments.mode == "once":
                runner.run(_once(driver, arguments.warm_up, arguments.count))
            else:
                runner.run(_rounds(driver, arguments.warm_up, workload.effort.settle))


if __name__ == "__main__":
    main()
