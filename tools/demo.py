"""A tour of the client against a server of its own, over TCP and over TLS.

Run it with `python3 tools/dev.py demo`. The server, `origin.py`, is a process of its own, so that
the client's work is what is timed. Each step checks what it got; if one step fails, the others
are still shown, and the exit status is 1. Times are those of this machine, now: a look at the
client, not a benchmark.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import hashlib
import io
import json
import platform
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import trustme
from origin_replies import FIXED_JSON, sample_sha256
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

import aioclient

DOWNLOAD_BYTES = 50_000_000
REQUESTS = 1_000
CONCURRENCY = 64
REQUEST_LIMIT_S = 60.0
STEP_LIMIT_S = 120.0
ORIGIN = Path(__file__).with_name("origin.py")

console = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a step goes: a session, the origin's URL, and how its certificate is checked."""

    session: aioclient.ClientSession
    url: str
    tls: ssl.SSLContext | bool = True

    def get(self, path: str) -> AbstractAsyncContextManager[aioclient.ClientResponse]:
        """Fetch a path."""
        return self.session.get(f"{self.url}{path}", ssl=self.tls)


Step = Callable[[Target], Awaitable[str]]


class WrongAnswer(Exception):
    """The client gave something else than the server sent."""


def expect(seen: object, wanted: object) -> None:
    """Check one thing of an answer."""
    if seen != wanted:
        raise WrongAnswer(f"expected {str(wanted)[:60]}, got {str(seen)[:60]}")


async def get_json(target: Target) -> str:
    """Fetch a small JSON document."""
    started_at = time.perf_counter()
    async with target.get("/json") as response:
        expect(response.status, 200)
        expect(await response.json(), FIXED_JSON)
    return f"{(time.perf_counter() - started_at) * 1000:.1f} ms, connecting too"


async def post_json(target: Target) -> str:
    """Send a JSON document and have it echoed."""
    sent = {"name": "aioclient", "numbers": list(range(100)), "text": "příliš žluťoučký kůň"}
    started_at = time.perf_counter()
    async with target.session.post(f"{target.url}/echo?x=1", json=sent, ssl=target.tls) as response:
        expect(response.status, 200)
        echo = await response.json()
    expect((echo["method"], echo["query"]), ("POST", "x=1"))
    expect(json.loads(echo["body"]), sent)
    return f"{(time.perf_counter() - started_at) * 1000:.1f} ms"


async def post_form(target: Target) -> str:
    """Send a form with a file, compressed, and have it echoed."""
    form = aioclient.FormData({"name": "aioclient"})
    form.add_field("file", io.BytesIO(b"content" * 1000), filename="content.txt")
    url = f"{target.url}/echo"
    async with target.session.post(url, data=form, compress="gzip", ssl=target.tls) as response:
        expect(response.status, 200)
        echo = await response.json()
    body = gzip.decompress(base64.b64decode(echo["body"]))
    expect(body.count(b'filename="content.txt"'), 1)
    expect(b"content" * 1000 in body, True)
    return f"{len(body)} bytes"


async def follow_redirects(target: Target) -> str:
    """Be led to another place, three times."""
    async with target.get("/redirect/3") as response:
        expect(await response.json(), FIXED_JSON)
        expect([hop.status for hop in response.history], [302, 302, 302])
        return f"{response.elapsed.total_seconds() * 1000:.1f} ms for the last"


async def download(target: Target) -> str:
    """Stream a large body and compare its SHA-256."""
    digest = hashlib.sha256()
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(
        TextColumn("download"),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    started_at = time.perf_counter()
    with bar:
        task = bar.add_task("download", total=DOWNLOAD_BYTES)
        async with target.get(f"/bytes/{DOWNLOAD_BYTES}") as response:
            expect(response.content_length, DOWNLOAD_BYTES)
            async for piece in response.content.iter_any():
                digest.update(piece)
                bar.advance(task, len(piece))
    elapsed_s = time.perf_counter() - started_at
    expect(digest.hexdigest(), sample_sha256(DOWNLOAD_BYTES))
    return f"{DOWNLOAD_BYTES / elapsed_s / 1e6:,.0f} MB/s\nSHA-256 agrees"


async def many_requests(target: Target) -> str:
    """Make many requests, some at a time, over kept connections."""
    times_s: list[float] = []
    numbers = iter(range(REQUESTS))

    async def work() -> None:
        for number in numbers:
            started_at = time.perf_counter()
            async with target.get(f"/echo?number={number}") as response:
                echo = await response.json()
            times_s.append(time.perf_counter() - started_at)
            expect(echo["query"], f"number={number}")

    started_at = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CONCURRENCY):
            group.create_task(work())
    elapsed_s = time.perf_counter() - started_at
    expect(len(times_s), REQUESTS)
    percentiles = statistics.quantiles(times_s, n=100)
    p50_ms, p99_ms = percentiles[49] * 1000, percentiles[98] * 1000
    return f"{REQUESTS / elapsed_s:,.0f} requests/s\np50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms"


STEPS: list[tuple[str, Step]] = [
    ("GET JSON", get_json),
    ("POST JSON, echoed", post_json),
    ("POST a form with a file", post_form),
    ("GET, redirected three times", follow_redirects),
    (f"download {DOWNLOAD_BYTES / 1e6:.0f} MB", download),
    (f"{REQUESTS:,} GETs, {CONCURRENCY} at a time", many_requests),
]


async def take(step: Step, target: Target) -> tuple[bool, str]:
    """Take one step; tell if it went well, and what there is to say."""
    try:
        async with asyncio.timeout(STEP_LIMIT_S):
            return True, await step(target)
    except Exception as error:  # whatever it is, the other steps are worth seeing
        first: BaseException = error
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        return False, f"FAILED: {type(first).__name__}: {first}"


async def tour(tcp_url: str, tls_url: str, trust: ssl.SSLContext) -> bool:
    """Take all steps over TCP and over TLS and print what came of them; tell if all went well."""
    table = Table(title="aioclient against an origin on this machine", title_justify="left")
    for name in ("step", "TCP", "TLS"):
        table.add_column(name)
    good = True
    timeout = aioclient.ClientTimeout(total=REQUEST_LIMIT_S)
    async with aioclient.ClientSession(timeout=timeout) as session:
        targets = (Target(session, tcp_url), Target(session, tls_url, trust))
        for name, step in STEPS:
            console.print(f"{name} ...", style="dim")
            results = [await take(step, target) for target in targets]
            table.add_row(name, *(cell(well, text) for well, text in results))
            good = good and all(well for well, _ in results)
    console.print()
    console.print(table)
    return good


def cell(well: bool, text: str) -> str:
    """Colour what failed."""
    return escape(text) if well else f"[bold red]{escape(text)}[/]"


@contextlib.contextmanager
def origin_process(*options: str) -> Iterator[str]:
    """Run the origin in a process of its own; give its URL."""
    with subprocess.Popen(
        [sys.executable, str(ORIGIN), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError("the origin did not start")
            yield url
        finally:
            process.stdin.close()  # which ends it


def main() -> int:
    """Set up certificates and servers, take the tour, and give the exit status."""
    authority = trustme.CA()
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with tempfile.TemporaryDirectory() as folder:
        certificate = Path(folder, "origin.pem")
        issued = authority.issue_cert("127.0.0.1", "localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(str(certificate))
        with origin_process() as tcp_url, origin_process("--cert", str(certificate)) as tls_url:
            good = asyncio.run(tour(tcp_url, tls_url, trust))
    twins = "compiled twins" if aioclient.extensions_active() else "Python twins"
    version = f"aioclient {aioclient.__version__}, Python {platform.python_version()}"
    console.print(
        f"{version}: the {twins} ran. {'All is well.' if good else 'Something is wrong.'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
