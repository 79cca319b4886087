"""What a thousand WebSockets cost while nothing is said."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest
from accidents import TurningLoop
from running import run, settled
from websocket_site import WebSocketSite, echo

from aioclient import ClientSession, ClientWebSocketResponse, TCPConnector

COUNT = 1000

pytestmark = pytest.mark.asyncio_only(reason="of other loops nobody sees when they turn")


@pytest.fixture(autouse=True)
def descriptors() -> Iterator[None]:
    """Room for both ends of all connections."""
    resource = pytest.importorskip(
        "resource", reason="Windows does not say how many files may be open"
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 3 * COUNT
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"this needs {needed} open files, and {hard} are allowed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def counted_turns() -> Iterator[list[None]]:
    """One entry for each turn of the loop in the block."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, TurningLoop)
    turns: list[None] = []
    loop.on_turn = lambda: turns.append(None)
    yield turns
    loop.on_turn = None


async def opened(session: ClientSession, url: str, heartbeat: float | None) -> list[asyncio.Task]:
    """Tasks that receive from a WebSocket each."""

    async def receive(ws: ClientWebSocketResponse[bool]) -> None:
        async with ws:
            await ws.receive()

    sockets = await asyncio.gather(
        *(session.ws_connect(url, heartbeat=heartbeat) for _ in range(COUNT))
    )
    tasks = [asyncio.ensure_future(receive(ws)) for ws in sockets]
    await settled()
    return tasks


@pytest.mark.parametrize("heartbeat", [None, 30])
def test_nobody_wakes_up_between_heartbeats(heartbeat: float | None) -> None:
    async def idle() -> None:
        async with (
            WebSocketSite(echo) as site,
            ClientSession(connector=TCPConnector(limit=0)) as session,
        ):
            tasks = await opened(session, site.url(), heartbeat)
            with counted_turns() as turns:
                await asyncio.sleep(1)
            assert len(turns) <= 3
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run(idle(), 60, TurningLoop)


def test_heartbeats_of_many_share_a_timer() -> None:
    async def idle() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, TurningLoop)
        async with (
            WebSocketSite(echo) as site,
            ClientSession(connector=TCPConnector(limit=0)) as session,
        ):
            tasks = await opened(session, site.url(), 2)
            loop.timers.clear()
            with counted_turns() as turns:
                await asyncio.sleep(4)
            # Opened within less than a second, they are looked at on multiples of 1/64 s.
            assert len(loop.timers) < 300
            assert len(turns) < COUNT
            assert not any(task.done() for task in tasks)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    run(idle(), 60, TurningLoop)
