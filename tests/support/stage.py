"""What a scenario of a request is played on, again and again: servers, a session, a file."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from accidents import NO_LIMIT, Accident, Moment, Play
from peer import Peer
from running import Watching, descriptors, own_tasks, settled, until

from aioclient import (
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ClientTimeoutError,
    TCPConnector,
)

#: What is in the file: more than the system takes at once on the way to a `Peer`.
CONTENT: Final = os.urandom(300_000)
#: One play of a scenario ends within this time.
PATIENCE_S: Final = 10.0
#: And the two small requests after it within this.
AT_ONCE_S: Final = 2.0


class Servers(NamedTuple):
    """Who is asked, and where the file is."""

    peer: Peer
    other: Peer
    tls: Peer
    trusting: ssl.SSLContext
    path: Path

    @property
    def open(self) -> int:
        """How many connections they have."""
        return self.peer.open + self.other.open + self.tls.open


@asynccontextmanager
async def serving(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext, path: Path
) -> AsyncIterator[Servers]:
    """The servers; /away of the first leads to the second, which is roomy."""
    async with (
        Peer(is_roomy=True) as other,
        Peer(None, other.url("/echo")) as peer,
        Peer(server_tls) as tls,
    ):
        yield Servers(peer, other, tls, trusting, path)


class Stage:
    """What a scenario has for one time: a session with room for one request, and a file.

    `holder`, if there is one, is a response that takes this room until it is released; `response`
    and `error` are what a request gave: somebody still has them when all else must be free.
    """

    def __init__(self, servers: Servers, session: ClientSession, file: BinaryIO) -> None:
        self.servers = servers
        self.session = session
        self.file = file
        self.holder: ClientResponse | None = None
        self.response: ClientResponse | None = None
        self.error: BaseException | None = None
        self._bodies: list[_Body] = []

    def url(self, path: str) -> str:
        return self.servers.peer.url(path)

    def body(self, count: int, size: int, pauses: bool = True) -> AsyncGenerator[bytes, None]:
        """A body that a generator makes, of which it is watched whether it gets to its end."""
        body = _Body(count, size, pauses)
        self._bodies.append(body)
        return body.pieces()

    @property
    def bodies_are_closed(self) -> bool:
        return all(body.is_closed for body in self._bodies)

    def release_holder(self) -> None:
        if self.holder is not None:
            self.holder.close()


class _Body:
    """Pieces that may take their time, as their end does."""

    def __init__(self, count: int, size: int, pauses: bool) -> None:
        self.is_closed = True
        self._pauses = pauses
        self._count = count
        self._piece = b"x" * size

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        self.is_closed = False
        try:
            for _ in range(self._count):
                if self._pauses:
                    await asyncio.sleep(0)
                yield self._piece
        finally:
            try:
                await asyncio.sleep(0)
            finally:
                self.is_closed = True


Act = Callable[[Stage], Awaitable[None]]


class Scenario(NamedTuple):
    """A request to its end; `before` goes ahead of it, undisturbed."""

    act: Act
    before: Act | None = None


async def play(
    scenario: Scenario,
    servers: Servers,
    moment: Moment,
    accident: Accident,
    limits: ClientTimeout | None,
) -> None:
    """Play a scenario with an accident at a moment; nothing is left of it, and all is usable."""
    async with asyncio.timeout(PATIENCE_S), _nothing_left(servers), AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            ClientSession(connector=TCPConnector(limit=1), timeout=limits)
        )
        stage = Stage(servers, session, stack.enter_context(servers.path.open("rb")))
        if scenario.before is not None:
            await scenario.before(stage)
        errors = (ClientTimeoutError,) if limits else ()
        play = Play(lambda: scenario.act(stage), session, errors)
        moment.watch(play, accident)
        await play.end()
        stage.release_holder()
        if not session.closed:
            await _next_requests(stage)
        await _soon(lambda: stage.bodies_are_closed)
        stage.file.seek(1000)
        assert stage.file.read(1000) == CONTENT[1000:2000]


async def _next_requests(stage: Stage) -> None:
    """Where there is a free slot and a good connection, the next requests are answered at once."""
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for number in ("8", "9"):
        async with stage.session.get(stage.url(f"/echo?id={number}"), timeout=NO_LIMIT) as response:
            assert response.headers["X-Id"] == number
            assert (await response.json())["id"] == number
    assert loop.time() - begin < AT_ONCE_S


@asynccontextmanager
async def _nothing_left(servers: Servers) -> AsyncIterator[None]:
    """What was opened or begun in the block is over soon after its end."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Watching)
    tasks = own_tasks()
    open_before = len(descriptors())
    loop.timers.clear()
    yield
    await _soon(lambda: not servers.open)
    await _soon(lambda: own_tasks() <= tasks)
    # Fewer is none left: what other tests dropped can be closed by the garbage collector meanwhile.
    await _soon(lambda: len(descriptors()) <= open_before)
    if sys.platform == "win32":  # where a server accepts, and limits a handshake, a little later
        await _soon(lambda: not loop.waiting_timers())
    waiting = loop.waiting_timers()
    assert not waiting, f"left behind: {waiting}"
    assert not loop.unheard, f"nobody heard of: {loop.unheard}"


async def _soon(condition: Callable[[], bool]) -> None:
    for _ in range(20):
        if condition():
            return
        await settled(1)
    await until(condition, 2)
