"""The world of the soak test: where its servers are, its sessions, and what a kind of request is.

A kind is a coroutine function of the `World`, that checks what it gets. Whatever it raises and does
not name in `may_raise` is a finding.
"""

import asyncio
import hashlib
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aioclient import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    TCPConnector,
)

PROXY_LOGIN: Final = "soak:secret"
#: Long enough that it passes on no machine; a request that hangs would show.
PATIENCE: Final = ClientTimeout(total=60)
WORDS: Final = b" ".join(b"word%d" % number for number in range(2000))
BLOCK: Final = random.Random(1).randbytes(2**16)


class WrongAnswer(Exception):
    """The client gave something else than the server sent."""


def expect(seen: object, wanted: object) -> None:
    """Check one thing of an answer."""
    if seen != wanted:
        raise WrongAnswer(f"expected {str(wanted)[:100]}, got {str(seen)[:100]}")


class World:
    """What kinds use: where the servers are, the sessions that last, and a source of chances."""

    def __init__(self, ports: dict[str, int], folder: Path, chance: random.Random) -> None:
        self.ports = ports
        self.chance = chance
        self.trusting = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        self.file = folder / "upload"
        self.file.write_bytes(BLOCK * 8)
        self.renewed = 0
        self.session = self._made()
        self._closing: set[asyncio.Task[None]] = set()

    def _made(self) -> ClientSession:
        connector = TCPConnector(
            limit=60,
            limit_per_host=30,
            keepalive_timeout=5,
            max_connection_age=60,
            ssl=self.trusting,
        )
        return ClientSession(connector=connector, timeout=PATIENCE, read_bufsize=2**16)

    def url(self, server: str, path: str, host: str = "127.0.0.1") -> str:
        """Where a server has a path; with TLS the host is one of the certificate's."""
        scheme = "http" if server != "tls" else "https"
        name = "localhost" if server in ("tls", "wss") else host
        return f"{scheme}://{name}:{self.ports[server]}{path}"

    def renew(self) -> None:
        """Take a new session; the old one is closed when its requests have ended."""
        old, self.session = self.session, self._made()
        self.renewed += 1
        task = asyncio.create_task(old.close(drain=90))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close all sessions that last."""
        await asyncio.gather(*self._closing)
        await self.session.close()
        del self.session


Run = Callable[[World], Awaitable[None]]
Errors = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of traffic: how often it comes among all (a weight), and what it may end in."""

    name: str
    weight: float
    run: Run
    may_raise: Errors = ()


KINDS: Final[list[Kind]] = []


def kind(weight: float, *may_raise: type[BaseException]) -> Callable[[Run], Run]:
    """Register a kind by the name of its function."""

    def register(run: Run) -> Run:
        name = getattr(run, "__name__", "?")
        KINDS.append(Kind(name, weight, run, may_raise))
        return run

    return register


async def pieces(sent: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(sent), 20_000):
        await asyncio.sleep(0)
        yield sent[start : start + 20_000]


async def expect_sum(response: ClientResponse, sent: bytes) -> None:
    wanted = {"size": len(sent), "sha256": hashlib.sha256(sent).hexdigest()}
    expect(await response.json(), wanted)
